"""`baxis combine` and `baxis combine-search` on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from baxis.insight.combine import search

Cli = Callable[..., tuple[int, str, str]]


def test_combine_prints_harms_and_nulls(cli: Cli, tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = ("rituximab", "belimumab", "--disease", "SLE", "--patients", "12", "--out", str(out))
    for _ in range(2):  # over its own earlier result too
        code, text, _ = cli("combine", *words)
        assert code == 0
    for word in ("serious infection", "ZIP", "under both", "research use only"):
        assert word in text
    assert {p.name for p in out.iterdir()} == {"result.json", "combination.png", "baxis-files.json"}


def test_timing(cli: Cli, tmp_path: Path) -> None:
    words = ("--timing", "--gaps=-4,4", "--weeks", "26", "--patients", "12", "--out", str(tmp_path / "out"))
    code, text, _ = cli("combine", "rituximab", "belimumab", "--disease", "SLE", *words)
    assert code == 0
    assert "Largest mean effect at a gap of" in text
    saved = json.loads((tmp_path / "out" / "result.json").read_text())
    assert {r["gap_weeks"] for r in saved["table"]} == {-4.0, 0.0, 4.0}


def test_against_evidence(cli: Cli) -> None:
    code, text, _ = cli("combine", "--against-evidence", "--disease", "SjD", "--patients", "100")
    assert code == 0
    assert "not modelled" in text


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("rituximab", "belimumab"), "--against-evidence"),
        (("rituximab", "nonsense", "--disease", "SLE"), "unknown drug 'nonsense'"),
        (("cd19 car-t 100 mg iv once", "belimumab", "--disease", "SLE"), "cell therapies"),
        (("rituximab", "belimumab", "--disease", "SLE", "--patients", "3"), "at least 10"),
        (("rituximab", "belimumab", "--disease", "SLE", "--timing", "--gaps", "soon"), "weeks with commas"),
        (("rituximab", "belimumab", "--disease", "SLE", "--timing", "--gaps", "1,nan"), "shorter than the 52 weeks"),
        (("rituximab", "belimumab", "--disease", "SLE", "--gap-weeks", "-4"), "gap between drugs"),
        (("rituximab 5 furlong iv once", "belimumab", "--disease", "SLE"), "dose unit: got 'furlong'; allowed: mg,"),
        (("rituximab 1000 mg po qd", "belimumab", "--disease", "SLE"), "not taken by mouth"),
        (("rituximab", "belimumab", "--disease", "SLE", "--gaps", "4"), "only with --timing"),
        (("rituximab", "--against-evidence"), "each trial has its own"),
        (("rituximab", "belimumab", "--disease", "SLE", "--include-validation"), "only with --against-evidence"),
    ],
)
def test_bad_input_is_one_line(cli: Cli, words: tuple[str, ...], told: str) -> None:
    code, out, err = cli("combine", *words)
    assert code == 2
    assert out == ""
    assert len(err.strip().splitlines()) == 1
    assert told in err


def test_combine_search_prints_the_front(cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(search, "candidates", lambda *_: ["rituximab", "belimumab", "leniolisib"])
    words = ("--disease", "RA", "--patients", "12", "--out", str(tmp_path / "out"))
    code, text, _ = cli("combine-search", *words)
    assert code == 0
    assert "PI3K delta" in text
    assert "exhaustive: 7 arms" in text
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"result.json", "pareto.png", "baxis-files.json"}
