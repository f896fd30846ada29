"""The commands: output forms, exit codes, one-line errors."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from baxis.core.errors import BaxisError
from baxis.faces.cli.commands.evidence import app

RECORD = Path(__file__).parent / "data" / "registry_example.json"
run = CliRunner()


def test_check_of_the_library_is_clean_and_counts() -> None:
    got = run.invoke(app, ["check"])
    assert got.exit_code == 0
    assert "shipped library: 0 faults" in got.output
    assert "verified" in got.output


def test_check_of_a_bad_folder_lists_every_fault(tmp_path: Path) -> None:
    (tmp_path / "arms.csv").write_text("trial_id,arm_id,drug,role,n\nnone,x,placebo,placebo,-1\n", encoding="utf-8")
    got = run.invoke(app, ["check", str(tmp_path)])
    assert got.exit_code == 1
    assert "arms.csv row 2, column n: got '-1'" in got.output
    assert "arms.csv row 2, column trial_id: got 'none'" in got.output
    report = json.loads(run.invoke(app, ["check", str(tmp_path), "--json"]).output)
    assert len(report["faults"]) == 2


def test_trials_as_csv_and_json() -> None:
    asked = ["trials", "--disease", "SLE", "--class", "BTK inhibitor", "--endpoint", "SRI-4"]
    table = list(csv.DictReader(io.StringIO(run.invoke(app, [*asked, "--csv"]).output)))
    data = json.loads(run.invoke(app, [*asked, "--json"]).output)
    assert [r["arm_id"] for r in table] == [r["arm_id"] for r in data]
    assert float(table[0]["value"]) == data[0]["value"]


def test_claims_show_their_grade() -> None:
    got = json.loads(run.invoke(app, ["claims", "--gene", "BTK", "--disease", "RA", "--json"]).output)
    assert {"C001", "C002"} <= {r["claim_id"] for r in got}
    assert all(r["grade"] in ("high", "moderate", "low", "very low") for r in got)


@pytest.mark.parametrize(
    "asked",
    [["claims", "--gene", "NOPE1"], ["trials", "--disease", "XYZ"], ["trials", "--evidence", "no-such-folder"],
     ["search", "!"], ["import", "no-such.json"], ["conflicts", "--disease", "flu"], ["check", "no-such-folder"]],
)  # fmt: skip
def test_errors_are_one_line(asked: list[str]) -> None:
    got = run.invoke(app, asked)
    assert isinstance(got.exception, BaxisError)
    assert "\n" not in str(got.exception)


def test_sheet_prints_and_gives_json() -> None:
    shown = run.invoke(app, ["sheet", "C014"])
    assert shown.output.startswith("claim C014:")
    assert "http" not in shown.output
    data = json.loads(run.invoke(app, ["sheet", "bliss-52", "--audit", "--json"]).output)
    assert data["name"] == "bliss-52"
    assert data["sections"][-1]["title"] == "Pages where numbers were seen"


def test_import_then_use(tmp_path: Path) -> None:
    out = tmp_path / "mine"
    got = run.invoke(app, ["import", str(RECORD), "--out", str(out)])
    assert got.exit_code == 0
    assert "not mapped:" in got.output
    shown = run.invoke(app, ["contrasts", "--role", "external", "--evidence", str(out), "--json"])
    assert json.loads(shown.output)[0]["trial_id"] == "nct99999999"


@pytest.mark.parametrize("command", ["conflicts", "grades", "contrasts"])
def test_reports_print(command: str) -> None:
    got = run.invoke(app, [command])
    assert got.exit_code == 0
    assert got.output.count("\n") > 2


def test_missing_contrasts_say_why() -> None:
    assert "no randomised control group" in run.invoke(app, ["contrasts", "--missing"]).output
