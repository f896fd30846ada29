"""What leaves the command line: any word of a user as plain text, what was asked in the answer, nothing lost, one true sentence."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from baxis.core.errors import Faults

Cli = Callable[..., tuple[int, str, str]]
SHIPPED = Path(__file__).parents[2] / "src" / "baxis" / "library" / "designs" / "fenebrutinib-sle-ph2.toml"
IDS = {
    "pbo": "a $\\frac{x$ _^{}% 'q' \"",
    "150qd": "b=1+1 <script>&amp; [bold]x[] [red] µ 😀",
    "200bid": "low $\\foo{ dose$ " + "of a long name " * 5 + ".",
}
LABELS = {
    "Placebo": "$\\frac{x$ \n=1+1 \x1b]0;owned\x07\u202e",
    "Fenebrutinib 150 mg qd": "_<img src=x onerror=alert(1)> [/] µ 😀",
    "Fenebrutinib 200 mg bid": "_" + "a long label " * 16,
}


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    text = SHIPPED.read_text(encoding="utf-8")
    for key, names in (("arm_id", IDS), ("arm_label", LABELS)):
        for old, new in names.items():
            assert f'{key} = "{old}"' in text
            text = text.replace(f'{key} = "{old}"', f"{key} = {json.dumps(new, ensure_ascii=False)}")
    file = tmp_path / "own $x_1$ [b].toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_any_word_of_a_design_passes_through_everything(cli: Cli, hostile: Path, tmp_path: Path) -> None:
    out = tmp_path / "out <$[>"
    code, said, err = cli("trial", hostile, "--patients", 20, "--out", out)
    assert code == 0, err
    assert not {"\x1b", "\x07", "\u202e"} & set(said + err)
    flat = " ".join(said.split())
    assert "<script>&amp; [bold]x[] [red]" in flat
    assert IDS["pbo"] in flat
    assert set(pd.read_parquet(out / "arms.parquet")["arm_id"]) == set(IDS.values())
    assert {a["arm_id"] for a in json.loads((out / "result.json").read_text(encoding="utf-8"))["arms"]} == set(
        IDS.values()
    )
    assert all((out / f"{n}.png").stat().st_size > 5000 for n in ("endpoint", "biomarkers"))
    code, said, err = cli("plot", out, "--name", "igg", "--out", tmp_path / "i.svg")
    assert code == 0, err
    drawn = (tmp_path / "i.svg").read_text(encoding="utf-8")
    assert not {"\x1b", "\x07"} & set(said + err + drawn)


def test_a_report_shows_it_as_text(cli: Cli, hostile: Path, tmp_path: Path) -> None:
    code, _, err = cli("report", hostile, "--patients", 20, "--out", tmp_path / "r.html")
    assert code == 0, err
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "<img src=x" not in page


def test_a_figure_that_fails_does_not_lose_the_run(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from baxis.clinic.result import trial_figures as figures

    def fail(*_: object) -> None:
        raise RuntimeError("no canvas")

    monkeypatch.setattr(figures, "endpoints", fail)
    code, said, err = cli("trial", "rituximab-reflex", "--patients", 20, "--out", tmp_path / "o")
    assert code == 0
    assert "ACR20" in said
    assert "endpoint.png could not be drawn" in err
    assert (tmp_path / "o" / "result.json").is_file()
    assert (tmp_path / "o" / "biomarkers.png").is_file()


def test_what_was_asked_stands_in_the_answer(cli: Cli, tmp_path: Path) -> None:
    own = tmp_path / "older.toml"
    own.write_text('disease = "SLE"\n[[measure]]\nname = "age_y"\nmean = 55\nsd = 6\nunit = "year"\n')
    asked = ("trial", "fenebrutinib-sle-ph2", "--patients", 20, "--exposure", "adherence=0.5", "--out", tmp_path / "o")
    code, said, err = cli(*asked)
    assert code == 0, err
    flat = " ".join(said.split())
    assert "Asked for: every patient's adherence set to 0.5" in flat
    assert "of the trial's own patients, not of these" in flat
    assert "published (others)" in flat
    recipe = json.loads((tmp_path / "o" / "result.json").read_text())["recipe"]
    assert recipe["asked"] == ["every patient's adherence set to 0.5"]
    code, said, _ = cli("plot", tmp_path / "o")
    assert "adherence set to 0.5" in " ".join(said.split())
    code, said, _ = cli("trial", "fenebrutinib-sle-ph2", "--patients", 20)
    assert "Asked for" not in said


def test_several_faults_are_a_line_each_and_one_is_one_line() -> None:
    assert Faults("f.csv", ["row 2: no"], "mend it").lines() == ["f.csv: row 2: no; mend it"]
    lines = Faults("f.csv", [f"row {k}: no" for k in range(25)], "mend it").lines()
    assert lines[0] == "f.csv: 25 faults:"
    assert len(lines) == 23
    assert lines[-2:] == ["  and 5 more", "  mend it"]


def test_what_was_not_foreseen_is_one_sentence_with_a_way_to_report_it(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    from baxis.core import environment

    def fail() -> None:
        raise ZeroDivisionError("division\nby zero \x1b[31m")

    monkeypatch.setattr(environment, "report", fail)
    code, out, err = cli("doctor")
    assert (code, out) == (70, "")
    assert err.startswith("baxis: An error inside baxis: ZeroDivisionError: division by zero")
    assert len(err.splitlines()) == 1
    assert "--debug" in err
    assert "\x1b" not in err
    code, _, err = cli("doctor", "--debug")
    assert code == 70
    assert "Traceback" in err


@pytest.mark.parametrize(
    ("closed", "told"), [(">&-", "standard output is closed"), ("2>&-", "standard error is closed")]
)
def test_a_closed_stream_is_told_on_the_other(closed: str, told: str, tmp_path: Path) -> None:
    word = f"{sys.executable} -c 'from baxis.faces.cli import main; main()' list diseases {closed}"
    done = subprocess.run(["sh", "-c", word], capture_output=True, text=True, cwd=tmp_path, env=dict(os.environ))
    assert done.returncode == 2
    assert told in done.stdout + done.stderr
    assert len((done.stdout + done.stderr).splitlines()) == 1
