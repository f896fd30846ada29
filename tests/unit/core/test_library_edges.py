"""Library files and cache folders as people have them: byte-order marks, folders in the place of files, no home."""

from __future__ import annotations

from pathlib import Path

import pytest

from baxis.core import ledger, library
from baxis.core.errors import BaxisWarning, InvalidValue
from baxis.core.storing import store


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    file = tmp_path / "x.toml"
    file.write_text("a = 1\n", encoding="utf-8-sig")
    assert library.parse_toml(file) == {"a": 1}


@pytest.mark.parametrize("data", [b"a = \xff", b"a = [", b"a = 1\na = 2"])
def test_bad_toml_is_one_line(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "x.toml"
    file.write_bytes(data)
    with pytest.raises(InvalidValue, match="valid TOML"):
        library.parse_toml(file)
    with pytest.raises(InvalidValue, match="is a directory"):
        library.parse_toml(tmp_path)


def test_a_byte_that_is_not_utf8_is_told_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "x.toml"
    file.write_bytes(b"a = 1\nb = 'caf\xe9'\n")
    with pytest.raises(InvalidValue, match=r"x\.toml, line 2: got 'byte 0xe9, which is not UTF-8'.*save it as UTF-8"):
        library.parse_toml(file)


@pytest.fixture
def overlaid(tmp_path: Path):
    (tmp_path / "parameters").mkdir()
    library.overlay(tmp_path)
    yield tmp_path / "parameters" / "mine.csv"
    library.reset()


def test_own_tables_are_read_as_spreadsheets_write_them(overlaid: Path) -> None:
    overlaid.write_bytes(b"\xef\xbb\xbfname,value\r\nk,1\r\n")
    assert library.read_table("parameters/mine") == [{"name": "k", "value": "1"}]


@pytest.mark.parametrize("data", [b"name\n\xff\n", b'name,value\n"k,1\n'])
def test_own_tables_that_cannot_be_read(overlaid: Path, data: bytes) -> None:
    overlaid.write_bytes(data)
    with pytest.raises(InvalidValue, match="CSV file in UTF-8"):
        library.read_table("parameters/mine")


def test_a_cache_that_cannot_be_made_is_the_process_s_own(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("BAXIS_CACHE", str(tmp_path / "file" / "below"))
    with pytest.warns(BaxisWarning, match="BAXIS_CACHE"):
        folder = store.directory()
    assert folder.is_dir()
    assert folder == store.directory()
    assert tmp_path not in folder.parents


@pytest.mark.parametrize(
    ("value", "spread", "kind", "says"),
    [("1", "-0.2", "cv", "0 or more"), ("0", "1", "sd", "no logarithm"), ("1_000", "", "", "no number"),
     ("nan", "", "", "not finite"), ("1,5", "", "", "no number")],
)  # fmt: skip
def test_numbers_that_cannot_be_meant(value: str, spread: str, kind: str, says: str) -> None:
    row = {"name": "k", "value": value, "unit": "1", "kind": "measured", "source": "x"}
    with pytest.raises(ValueError, match=says):
        ledger.parse_row({**row, "spread": spread, "spread_kind": kind})
