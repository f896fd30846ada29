"""`baxis power` and `baxis calendar` on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from baxis.faces.cli import main

TRIAL = "fenebrutinib-sle-ph2"


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["baxis", *map(str, words)])
        with pytest.raises(SystemExit) as stop:
            main()
    got = capsys.readouterr()
    return int(stop.value.code or 0), got.out, got.err


def test_power_prints_and_writes(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out = tmp_path / "trials.csv"
    code, text, _ = run(capsys, "power", TRIAL, "--n", "50,100", "--patients", 60, "--replicates", 50, "--out", out)
    assert code == 0
    assert "assurance" in text
    assert "Research use only" in text
    assert len(pd.read_csv(out)) == 200


def test_power_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    code, text, _ = run(capsys, "power", TRIAL, "--patients", 60, "--replicates", 20, "--json")
    assert code == 0
    assert [r["arm_id"] for r in json.loads(text)["rows"]] == ["150qd", "200bid"]


def test_calendar(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out = tmp_path / "c.svg"
    code, text, _ = run(capsys, "calendar", TRIAL, "--out", out)
    assert code == 0
    assert "200 mg po" in text
    assert out.stat().st_size > 1000


@pytest.mark.parametrize(
    ("words", "word"),
    [
        (("power", TRIAL, "--n", "fifty"), "whole numbers"),
        (("power", TRIAL, "--out", "a.doc"), "kind of output file"),
        (("calendar", "no-such-trial"), "no-such-trial"),
        (("calendar", TRIAL, "--out", "a.doc"), "kind of output file"),
    ],
)
def test_wrong_input_is_one_line(capsys: pytest.CaptureFixture[str], words: tuple[str, ...], word: str) -> None:
    code, _, err = run(capsys, *words)
    assert code == 2
    assert word in err
