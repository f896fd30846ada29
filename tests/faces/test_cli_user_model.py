"""`baxis simulate` and `baxis conformance`: own models on the command line."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from baxis.engine.reading.antimony import antimony_to_sbml

PLAIN = "S -> P; k*S; k = 0.1; S = 10; P = 0"
EVENT = PLAIN + "; at S < 4: S = 8"


def model(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "model.ant"
    path.write_text(text)
    return path


@pytest.mark.parametrize(("text", "path"), [(PLAIN, "compiled ensemble"), (EVENT, "compiled ensemble with events")])
def test_doses_and_tables_on_both_paths(
    cli: Callable[..., tuple[int, str, str]], tmp_path: Path, text: str, path: str
) -> None:
    table, out = tmp_path / "rows.csv", tmp_path / "out.parquet"
    table.write_text("k\n0.1\n0.2\n")
    words = ("--until", 10, "--points", 11, "--table", table, "--dose", "P=3@5,7", "--out", out)
    code, printed, _ = cli("simulate", model(tmp_path, text), *words)
    assert code == 0
    assert f"2 rows by the {path} path" in printed
    assert re.search(r"load \d+\.\d\d s, .*simulate \d+\.\d\d s, peak MiB \d+", printed)
    last = pd.read_parquet(out).query("time == 10")
    assert len(last) == 2
    if text == PLAIN:
        assert (last["S"] + last["P"]).to_numpy() == pytest.approx([16, 16], rel=1e-5)


def test_json_and_figure(cli: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    out = tmp_path / "figure.png"
    code, printed, _ = cli("simulate", model(tmp_path, EVENT), "--set", "k=0.2", "--json", "--out", out)
    assert code == 0
    assert set(json.loads(printed)["values"]) >= {"S", "P"}
    assert out.stat().st_size > 5000


def test_an_archive_and_its_faults(cli: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    archive = tmp_path / "model.omex"
    manifest = '<omexManifest xmlns="http://identifiers.org/combine.specifications/omex-manifest">{}</omexManifest>'
    entry = '<content location="./{}" format="http://identifiers.org/combine.specifications/sbml" master="true"/>'
    with zipfile.ZipFile(archive, "w") as z:
        z.writestr("manifest.xml", manifest.format(entry.format("a.xml")))
        z.writestr("a.xml", antimony_to_sbml(PLAIN))
    assert cli("simulate", archive)[0] == 0
    with zipfile.ZipFile(archive, "w") as z:
        z.writestr("manifest.xml", manifest.format(entry.format("lost.xml")))
    code, _, err = cli("simulate", archive)
    assert (code, "lost.xml" in err) == (2, True)
    archive.write_bytes(b"PK no archive")
    code, _, err = cli("simulate", archive)
    assert (code, "undamaged COMBINE archive" in err) == (2, True)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff\xfe\x00", "not text"),
        (b"  \n", "an empty file"),
        (antimony_to_sbml(PLAIN)[:600].encode(), "line"),
    ],
)
def test_a_damaged_file_is_named_and_leaves_nothing(
    cli: Callable[..., tuple[int, str, str]], tmp_path: Path, content: bytes, words: str
) -> None:
    path, out = tmp_path / "model.xml", tmp_path / "out.csv"
    path.write_bytes(content)
    code, _, err = cli("simulate", path, "--out", out)
    assert (code, words in err, len(err.strip().splitlines())) == (2, True, 1)
    assert list(tmp_path.iterdir()) == [path]


def test_a_clash_of_units_is_told_and_the_run_goes_on(cli: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    text = "unit time_unit = second; unit a = litre; unit b = mole; x' = k*x; x = 1; k = 1; x has a; k has b"
    code, printed, err = cli("simulate", model(tmp_path, text))
    assert code == 0
    assert "units: " in err
    assert "check the model" in err
    assert "compiled ensemble" in printed
    assert "units: " not in cli("simulate", model(tmp_path, PLAIN))[2]


def test_no_gpu_is_one_line(cli: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    code, printed, err = cli("simulate", model(tmp_path, PLAIN), "--device", "gpu")
    if code == 0:
        pytest.skip("this machine has a GPU")
    assert (code, printed, "no GPU: " in err, len(err.strip().splitlines())) == (2, "", True, 1)
    code, _, err = cli("simulate", model(tmp_path, EVENT), "--device", "gpu")
    assert (code, "event" in err) == (2, True)
    assert cli("simulate", model(tmp_path, PLAIN), "--device", "tpu")[0] == 2


def test_blocks_into_a_folder(cli: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    table, out = tmp_path / "rows.csv", tmp_path / "blocks"
    table.write_text("k\n" + "\n".join(f"{0.1 + 0.01 * i}" for i in range(25)) + "\n")
    words = ("simulate", model(tmp_path, PLAIN), "--table", table, "--until", 5, "--points", 6, "--block", 10)
    code, printed, _ = cli(*words, "--out", out)
    assert (code, "25 rows in 3 blocks: 3 made, 0 found" in printed) == (0, True)
    code, printed, _ = cli(*words, "--out", out, "--json")
    assert (code, json.loads(printed)["found"]) == (0, 3)
    assert len(pd.concat(pd.read_parquet(f) for f in out.glob("*.parquet"))) == 25 * 6
    code, _, err = cli(*words, "--out", tmp_path / "x.csv")
    assert (code, "a folder (or .zarr) for the blocks" in err) == (2, True)


def test_blocks_into_a_zarr_group(cli: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    pytest.importorskip("zarr")
    words = ("simulate", model(tmp_path, PLAIN), "--until", 5, "--points", 6, "--out", tmp_path / "rows.zarr")
    code, printed, _ = cli(*words)
    assert (code, "1 rows in 1 blocks: 1 made, 0 found" in printed) == (0, True)
    assert "1 rows in 1 blocks: 0 made, 1 found" in cli(*words)[1]
    (tmp_path / "mine.zarr").mkdir()
    (tmp_path / "mine.zarr" / "note").write_text("keep")
    code, _, err = cli(*words[:-1], tmp_path / "mine.zarr")
    assert (code, "something else" in err, len(err.strip().splitlines())) == (2, True, 1)


def test_a_setting_never_overwrites_a_column(cli: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    table = tmp_path / "rows.csv"
    table.write_text("k\n0.1\n0.2\n")
    code, _, err = cli("simulate", model(tmp_path, PLAIN), "--table", table, "--set", "k=0")
    assert (code, "neither --table" in err) == (2, True)


@pytest.mark.parametrize("text", [PLAIN, EVENT])
@pytest.mark.parametrize(
    ("words", "word"),
    [
        (("--set", "kk=1"), "unknown"),
        (("--set", "k=much"), "a number"),
        (("--dose", "S=1"), "STATE=AMOUNT@TIME"),
        (("--set", "k=1", "--set", "k=2"), "another --set"),
        (("--set", "k=inf"), "finite numbers"),
        (("--dose", "S=nan@3"), "a finite amount"),
        (("--dose", "S=1@-5"), "at least 0"),
        (("--dose", "S=1@nan"), "a finite time"),
        (("--points", "1"), "a whole number of at least 2"),
        (("--out", "a.doc"), "kind of output file"),
    ],
)
def test_wrong_input_is_one_line(
    cli: Callable[..., tuple[int, str, str]], tmp_path: Path, text: str, words: tuple[str, ...], word: str
) -> None:
    code, _, err = cli("simulate", model(tmp_path, text), *words)
    assert code == 2
    assert word in err
    assert len(err.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "an empty file"),
        (b"k,S\n1,2\n2,3,4\n", "row 3"),
        (b"\xff\xfe\x00", "not UTF-16"),
        (b"k,k\n1,2\n", "two columns 'k'"),
    ],
)
def test_a_damaged_table_is_one_line(
    cli: Callable[..., tuple[int, str, str]], tmp_path: Path, data: bytes, word: str
) -> None:
    table = tmp_path / "rows.csv"
    table.write_bytes(data)
    code, _, err = cli("simulate", model(tmp_path, PLAIN), "--table", table)
    assert (code, word in err, len(err.strip().splitlines())) == (2, True, 1)


def test_an_archive_damaged_inside_is_one_line(cli: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    archive = tmp_path / "model.omex"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr(
            "manifest.xml",
            "<omexManifest>" + "".join(f"<content location='{k}'/>" for k in range(99)) + "</omexManifest>",
        )
    data = bytearray(archive.read_bytes())
    data[60:100] = bytes(40)
    archive.write_bytes(data)
    code, _, err = cli("simulate", archive)
    assert (code, "pack it again" in err, len(err.strip().splitlines())) == (2, True, 1)


def test_no_address_is_one_line_at_once(cli: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    code, _, err = cli("simulate", model(tmp_path, PLAIN), "--scheduler", "here", "--out", tmp_path / "rows")
    assert (code, "tcp://host:8786" in err, len(err.strip().splitlines())) == (2, True, 1)


def test_conformance_writes_its_outcomes(cli: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    home = tmp_path / "cases" / "00001"
    home.mkdir(parents=True)
    (home / "settings.txt").write_text(
        "start: 0\nduration: 1\nsteps: 1\nvariables: y\nabsolute: 1e-6\nrelative: 1e-4\namount:\nconcentration:\n"
    )
    (home / "model.xml").write_text(antimony_to_sbml("y' = 1; y = 0"))
    (home / "results.csv").write_text("time,y\n0,0\n1,1\n")
    out, page = tmp_path / "c.json", tmp_path / "c.md"
    code, printed, _ = cli("conformance", tmp_path / "cases", "--json", out, "--page", page)
    assert code == 0
    assert "1 right, 0 wrong, 0 refused" in printed
    assert json.loads(out.read_text()) == {
        "summary": {"right": 1, "wrong": 0, "refused": 0},
        "cases": [{"case": "00001", "status": "right", "why": ""}],
    }
    assert "| compiled ensemble (`simulate`) | 1 | 0 | 0 |" in page.read_text()
