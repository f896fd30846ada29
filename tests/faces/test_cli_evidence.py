"""Evidence from the command line as a demanding user meets it: narrow terminals, broken files, odd surroundings."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from baxis import evidence
from baxis.core.errors import BaxisError
from baxis.faces.cli.commands import show
from baxis.faces.cli.commands.evidence import app
from baxis.faces.cli.words import layout

RECORD = Path(__file__).parents[1] / "unit" / "evidence" / "data" / "registry_example.json"
run = CliRunner()


def baxis(*words: str, cwd: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
    code = "from baxis.faces.cli import main; main()"
    command = [sys.executable, "-c", code, *words]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env={**os.environ, **env})


NAMES = ["bliss-52", "C014", "rituximab", "fenebrutinib", "SLE", "RA.age", "lyn_e", "EXP01_lyn_ko", "rave"]


@pytest.mark.parametrize("room", [60, 80, 200])
@pytest.mark.parametrize("name", NAMES)
def test_show_fits_the_terminal_and_cites(name: str, room: int, monkeypatch, capsys) -> None:
    monkeypatch.setenv("COLUMNS", str(room))
    show.print_sections(show.sections_of(name))
    said = capsys.readouterr().out
    assert max(map(len, said.splitlines())) <= max(room, max(len(w) for w in re.split(r"\s+", said)) + 8)
    assert "http" not in said
    assert re.search(r"doi:10\.|PMID|NCT\d{8}", said)


@settings(max_examples=80, deadline=None)
@given(
    rows=st.lists(st.lists(st.text("ab c", max_size=30), min_size=4, max_size=4), min_size=1, max_size=5),
    room=st.integers(40, 120),
)
def test_no_cell_is_lost_and_no_line_too_long(rows: list[list[str]], room: int) -> None:
    lines = layout.table(["one", "two", "three", "four"], rows, room)
    assert all(len(line) <= room for line in lines)
    said = "".join("".join(lines).split())
    for row in rows:
        for cell in row:
            assert "".join(cell.split()) in said


def test_what_is_the_same_in_all_rows_is_said_once() -> None:
    rows = [[f"arm{i}", "a long word that is everywhere the same", str(i)] for i in range(3)]
    lines = layout.table(["arm", "remark", "n"], rows, 40)
    assert "\n".join(lines).count("everywhere") == 1
    assert lines[-1].split() == ["arm2", "2"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["trials", "--disease", ""], "unknown disease ''"),
        (["trials", "--disease", "lupis"], "SLE: systemic lupus erythematosus"),
        (["trials", "--class", "BKT"], "did you mean a class with 'BTK'"),
        (["claims", "--gene", ""], "unknown gene ''"),
        (["trials", "--csv", "--json"], "one of the two"),
        (["contrasts", "--missing", "--disease", "XX"], "unknown disease 'XX'"),
        (["import", "."], "is a directory"),
        (["import", str(RECORD), "--out", __file__], "a folder, not a file"),
        (["import", str(RECORD), "--out", "/proc/none/x"], "can be written"),
    ],
)
def test_nothing_is_ignored_in_silence(words: list[str], said: str) -> None:
    got = run.invoke(app, words)
    assert isinstance(got.exception, BaxisError), got.output
    assert said in str(got.exception)
    assert "\n" not in str(got.exception)


def test_a_disease_is_known_by_its_name_too() -> None:
    short, long = (run.invoke(app, ["claims", "--disease", d, "--json"]) for d in ("RA", "Rheumatoid Arthritis"))
    assert (
        run.invoke(app, ["trials", "--disease", "lupus"]).output
        == run.invoke(app, ["trials", "--disease", "SLE"]).output
    )
    assert short.output == long.output
    assert len(json.loads(short.output)) > 10


def test_missing_contrasts_obey_the_filters() -> None:
    found = json.loads(run.invoke(app, ["contrasts", "--missing", "--disease", "RA", "--json"]).output)
    assert {r["disease"] for r in found} == {"RA"}


def test_an_empty_answer_says_so() -> None:
    got = run.invoke(app, ["search", "zzzzqqq"])
    assert got.exit_code == 0
    assert "nothing fits" in got.stderr


def test_search_works_without_a_cache_and_mends_a_broken_one(tmp_path: Path, monkeypatch) -> None:
    ev = evidence.load()
    monkeypatch.setenv("BAXIS_CACHE", str(tmp_path / "good"))
    want = evidence.search(ev, "belimumab")
    for file in (p for p in (tmp_path / "good").rglob("*") if p.is_file()):
        file.write_text("junk")
    assert evidence.search(ev, "belimumab").equals(want)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("BAXIS_CACHE", str(tmp_path / "file" / "below"))
    assert evidence.search(ev, "belimumab").equals(want)
    assert (tmp_path / "file").read_text() == ""


def test_every_fault_of_a_folder_is_one_line_and_the_exit_code_tells(tmp_path: Path) -> None:
    (tmp_path / "trials.csv").write_bytes(b"\xff\xfe")
    (tmp_path / "arms.csv").write_text("trial_id,arm_id,n\nbliss-52,pbo,-4\nnone,a,1,2,3\n")
    done = baxis("evidence", "check", str(tmp_path))
    lines = [line for line in done.stdout.splitlines() if "got" in line]
    assert done.returncode == 1
    assert len(lines) == 3, done.stdout
    loaded = baxis("evidence", "trials", "--evidence", str(tmp_path))
    assert (loaded.returncode, len(loaded.stderr.splitlines()), loaded.stdout) == (2, 4, "")  # a head, a line each
    assert "3 faults" in loaded.stderr


def test_import_says_what_must_be_mended_and_writes_all_or_nothing(tmp_path: Path) -> None:
    data = json.loads(RECORD.read_text())
    data["protocolSection"]["conditionsModule"]["conditions"] = ["Gout"]
    data["protocolSection"]["identificationModule"]["briefTitle"] = "A study"
    (tmp_path / "r.json").write_text(json.dumps(data), encoding="utf-8-sig")
    done = baxis("evidence", "import", "r.json", "--out", "mine", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "to mend before use: trials.csv row 2, column disease" in done.stdout
    assert {p.name for p in tmp_path.iterdir()} == {"r.json", "mine"}


def test_json_is_not_mixed_with_words() -> None:
    done = baxis("show", "bliss-52", "--json")
    assert json.loads(done.stdout)["name"] == "bliss-52"


def test_own_tables_show_in_the_lists(tmp_path: Path) -> None:
    (tmp_path / "drugs.csv").write_text("drug,class\nfoomab,anti-CD20\n", encoding="utf-8")
    assert "foomab\tanti-CD20\tno: no drug file" in baxis("list", "drugs", "--evidence", str(tmp_path)).stdout
    refused = baxis("list", "diseases", "--evidence", str(tmp_path))
    assert (refused.returncode, refused.stdout) == (2, "")
