"""The scoreboard command: JSON on stdout, files in a folder, one-line refusals."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from baxis.core.errors import BaxisError
from baxis.faces.cli.commands.scoreboard import scoreboard

TRIALS = (
    "trial_id,disease,phase,design,blind,n_randomised,population,background,primary_endpoint,primary_week,role,provenance\n"
    "own-ra,RA,2,parallel-rct,double,120,TNF-IR,MTX,ACR20,24,validation,recalled\n"
)
ARMS = (
    "trial_id,arm_id,n,drug,dose,dose_unit,route,schedule,role\n"
    'own-ra,pbo,60,placebo,,,iv,"days 1,15",placebo\nown-ra,act,60,rituximab,1000,mg,iv,"days 1,15",active\n'
)
OUTCOMES = (
    "trial_id,arm_id,endpoint,week,statistic,value,unit,n,provenance\n"
    "own-ra,pbo,ACR20,24,proportion,0.2,fraction,60,recalled\nown-ra,act,ACR20,24,proportion,0.5,fraction,60,recalled\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "own"
    path.mkdir()
    for name, text in (("trials", TRIALS), ("arms", ARMS), ("outcomes", OUTCOMES)):
        (path / f"{name}.csv").write_text(text)
    return path


def call(*words: str):
    app = typer.Typer()
    app.command()(scoreboard)
    return CliRunner().invoke(app, list(words))


def test_json_alone_is_on_stdout(folder: Path) -> None:
    said = call("--evidence", str(folder), "--json", "--patients", "64")
    assert said.exit_code == 0
    assert [c["trial_id"] for c in json.loads(said.stdout)["contrasts"]] == ["own-ra"]


def test_table_files_and_log(folder: Path, tmp_path: Path) -> None:
    out, log = tmp_path / "out", tmp_path / "looks.csv"
    said = call("--evidence", str(folder), "--patients", "64", "--out", str(out), "--log", str(log))
    assert said.exit_code == 0
    assert "mechanism" in said.stdout
    assert "1 of 1 contrasts of 1 trials simulated" in said.stdout
    assert (out / "scoreboard.json").is_file()
    assert log.read_text().count("\n") == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--role", "validaton"), "validation"),
        (("--role", "external"), "--evidence"),
        (("--evidence", "no-such-folder"), "folder"),
        (("--patients", "0"), "at least 1"),
        (("--out", f"{__file__}/folder"), "--out"),
        (("--log", "no/such/log.csv"), "--log"),
    ],
)
def test_refusals_come_before_any_simulation(words: tuple[str, ...], told: str) -> None:
    said = call(*words)
    assert isinstance(said.exception, BaxisError)
    assert told in str(said.exception)
