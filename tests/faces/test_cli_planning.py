"""`baxis power` and `baxis calendar` on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

TRIAL = "fenebrutinib-sle-ph2"


def test_power_prints_and_writes(cli: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    out = tmp_path / "trials.csv"
    code, text, _ = cli("power", TRIAL, "--n", "50,100", "--patients", 60, "--replicates", 50, "--out", out)
    assert code == 0
    assert "assurance" in text
    assert "Research use only" in text
    assert len(pd.read_csv(out)) == 200


def test_power_as_json(cli: Callable[..., tuple[int, str, str]]) -> None:
    code, text, _ = cli("power", TRIAL, "--patients", 60, "--replicates", 20, "--json")
    assert code == 0
    assert [r["arm_id"] for r in json.loads(text)["rows"]] == ["150qd", "200bid"]


def test_calendar(cli: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    out = tmp_path / "c.svg"
    code, text, _ = cli("calendar", TRIAL, "--out", out)
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
def test_wrong_input_is_one_line(cli: Callable[..., tuple[int, str, str]], words: tuple[str, ...], word: str) -> None:
    code, _, err = cli(*words)
    assert code == 2
    assert word in err
