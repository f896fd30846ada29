"""What is kept is what was written, or is made anew: damage of every kind, other owners, full and closed folders."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from baxis.core.errors import BaxisWarning, InvalidValue
from baxis.core.storing import files, store

NAME = "ab" * 32
DAMAGE = {
    "a flipped bit": lambda b: b[: len(b) // 2] + bytes([b[len(b) // 2] ^ 1]) + b[len(b) // 2 + 1 :],
    "cut": lambda b: b[: len(b) // 2],
    "empty": lambda b: b"",
    "shorter than its hash": lambda b: b[:10],
    "longer": lambda b: b + b"\0",
    "foreign": lambda b: b"PK\x03\x04" + bytes(200),
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BAXIS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def entry(folder: Path) -> Path:
    return next(p for p in folder.rglob("*") if p.is_file())


def test_what_is_kept_comes_back(folder: Path) -> None:
    assert store.load(NAME) is None
    assert store.store(NAME, b"body")
    assert store.load(NAME) == b"body"
    assert store.store_record("c" * 64, {"k": 0.1})
    assert store.load_record("c" * 64) == {"k": 0.1}
    assert store.store_arrays("d" * 64, a=np.arange(3.0), b=np.array([np.nan]))
    back = store.load_arrays("d" * 64)
    assert back is not None
    assert back["a"].tolist() == [0.0, 1.0, 2.0]
    assert np.isnan(back["b"]).all()


@pytest.mark.parametrize("kind", DAMAGE)
@pytest.mark.promise("What is kept on disk", "A cache entry that is not what was written is made anew.")
def test_damage_of_every_kind_is_noticed(folder: Path, kind: str) -> None:
    store.store_arrays(NAME, a=np.arange(100.0))
    file = entry(folder)
    file.write_bytes(DAMAGE[kind](file.read_bytes()))
    assert store.load_arrays(NAME) is None
    store.store_arrays(NAME, a=np.arange(100.0))
    assert store.load_arrays(NAME) is not None


@pytest.mark.promise("What is kept on disk", "A cache entry that is not what was written is made anew.")
def test_an_entry_under_another_name_is_not_taken(folder: Path) -> None:
    store.store(NAME, b"body")
    other = folder / "cd" / ("cd" * 32)
    other.parent.mkdir()
    other.write_bytes(entry(folder).read_bytes())
    assert store.load("cd" * 32) is None


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="owners are of POSIX")
@pytest.mark.promise("What is kept on disk", "Nothing that another user could have written is run.")
def test_what_others_may_write_is_not_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store.store(NAME, b"body")
    entry(folder).chmod(0o666)
    assert store.load(NAME) is None
    entry(folder).chmod(0o600)
    assert store.load(NAME) == b"body"
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert store.load(NAME) is None


@pytest.mark.promise("What is kept on disk", "A full or closed disk costs one line and time, never a result.")
def test_a_full_disk_costs_one_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(source: str, target: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.warns(BaxisWarning, match=r"could not keep a result \(No space left on device\)"):
        assert not store.store(NAME, b"body")
    assert not [p for p in folder.rglob("*") if p.is_file()], "nothing half-written stays"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not store.store(NAME, b"body"), "it is said once"


@pytest.mark.parametrize("kind", DAMAGE)
@pytest.mark.promise(
    "What is kept on disk", "A block of a long run that was damaged, cut or edited is noticed and made anew."
)
def test_a_block_that_is_not_what_was_written_is_made_anew(tmp_path: Path, kind: str) -> None:
    blocks = store.Blocks(tmp_path / "run", ".bin")
    blocks.open()
    file = blocks.put("block-7", b"rows of seven")
    blocks.put("block-70", b"rows of seventy")
    assert blocks.find("block-7") == file
    file.write_bytes(DAMAGE[kind](file.read_bytes()))
    assert blocks.find("block-7") is None
    assert blocks.again == [file.name]
    assert not file.exists()
    assert blocks.find("block-70") is not None
    assert blocks.put("block-7", b"rows of seven") == file


@pytest.mark.parametrize(
    "body", [b"", b"words", b"PK\x03\x04 cut", b"\x93NUMPY\x01\x00", b"[1, 2]", b"[" * 90_000, b"\xff"]
)
@pytest.mark.promise("What is kept on disk", "A cache entry that is not what was written is made anew.")
def test_what_was_kept_as_something_else_is_no_entry(folder: Path, body: bytes) -> None:
    """The seal fits, the content is of another kind."""
    store.store(NAME, body)
    assert store.load_arrays(NAME) is None
    assert store.load_record(NAME) is None


@pytest.mark.promise("What is kept on disk", "What a killed run left half-written is cleared, and nothing else.")
def test_litter_of_a_killed_run_is_cleared_and_nothing_else(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True)
    blocks = store.Blocks(tmp_path, ".bin")
    file = blocks.put("block-1", b"rows")
    file.unlink()
    litter = files.part_name(file.name)
    gone = litter.replace(f"-{os.getpid()}-", f"-{int(done.stdout)}-")
    for name in (litter, gone, "thesis.part", ".part-notes-1"):
        (tmp_path / name).write_text("half a file")
    blocks.put("block-1", b"rows")
    assert {p.name for p in tmp_path.iterdir()} == {file.name, litter, "thesis.part", ".part-notes-1"}


def test_blocks_need_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(InvalidValue, match="a folder, not a file"):
        store.Blocks(tmp_path / "file").open()
