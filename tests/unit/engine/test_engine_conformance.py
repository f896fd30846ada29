"""Cases of the semantic suite's shape: right, wrong and refused are told apart; tolerances are those of the case."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from baxis.core.errors import InvalidValue
from baxis.engine.conformance import by_tag, page, run_folder, summary
from baxis.engine.reading.antimony import antimony_to_sbml

SETTINGS = "start: 0\nduration: 2\nsteps: 2\nvariables: S\nabsolute: 1e-6\nrelative: 1e-4\namount: S\nconcentration:\n"
DECAY = "compartment C; C = 2; species S in C; S -> ; k*S*C; k = 1; S = 1"


def case(folder: Path, name: str, text: str, rows: str) -> None:
    home = folder / name
    home.mkdir(parents=True)
    (home / f"{name}-settings.txt").write_text(SETTINGS)
    (home / f"{name}-sbml-l3v2.xml").write_text(antimony_to_sbml(text))
    (home / f"{name}-results.csv").write_text("time,S\n" + rows)


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    case(tmp_path, "00001", DECAY, "0,2\n1,0.735758882\n2,0.270670566\n")
    case(tmp_path, "00002", DECAY, "0,2\n1,0.74\n2,0.270670566\n")
    case(tmp_path, "00003", DECAY + "; x := delay(rateOf(S), 1)", "0,2\n1,0\n2,0\n")
    (tmp_path / "cases.csv").write_text(
        'case,level,component_tags\n00001,l3v2,"Species, Reaction"\n00002,l3v2,Species\n'
    )
    return tmp_path


@pytest.mark.parametrize("compiled", [False, True])
def test_right_wrong_and_refused(suite: Path, compiled: bool) -> None:
    found = run_folder(suite, processes=1, compiled=compiled)
    assert [o.status for o in found] == ["right", "wrong", "refused"]
    assert "0.74" in found[1].why
    assert "delay" in found[2].why
    assert summary(found)["summary"] == {"right": 1, "wrong": 1, "refused": 1}


def test_counts_by_tag_and_the_page(suite: Path) -> None:
    found = run_folder(suite, processes=1)
    assert ("Species", 1, 1, 0) in by_tag(found)
    text = page(found, found)
    assert "| wrong: 00002 |" in text
    assert "delay of a rateOf" in text


def test_a_folder_without_cases_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match="a folder of cases"):
        run_folder(tmp_path)


@pytest.mark.nightly
def test_the_whole_suite_has_no_wrong_case() -> None:
    folder = os.environ.get("BAXIS_SBML_CASES")
    if not folder:
        pytest.skip("BAXIS_SBML_CASES names no folder of the SBML semantic test suite")
    for compiled in (False, True):
        counts = summary(run_folder(folder, compiled=compiled))["summary"]
        assert counts["wrong"] == 0
        assert counts["right"] >= (1650 if compiled else 1750)
