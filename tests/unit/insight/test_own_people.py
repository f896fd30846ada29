"""A population of one's own stands in the recipe, the heading and the figure of every question that takes one."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import baxis
from baxis.clinic.conduct.settings import Settings
from baxis.clinic.questions.replicates import Replication, replicate_trials
from baxis.clinic.result.asked import OTHERS, sentence
from baxis.core import library
from baxis.core.errors import InvalidValue
from baxis.faces.cli.commands import biomarkers as cli_biomarkers
from baxis.faces.cli.commands import combine as cli_combine
from baxis.faces.cli.commands import enrich as cli_enrich
from baxis.faces.cli.commands import explain as cli_explain
from baxis.faces.cli.commands import limits as cli_limits
from baxis.faces.cli.commands import planning
from baxis.faces.cli.commands import strategies as cli_strategies
from baxis.insight.biomarkers import biomarkers
from baxis.insight.biomarkers.agreement import against_evidence
from baxis.insight.biomarkers.enrich import Cutoff, enrich
from baxis.insight.combine import combine
from baxis.insight.combine.agreement import against_evidence as pairs_against_evidence
from baxis.insight.combine.search import combine_search
from baxis.insight.combine.timing import timing
from baxis.insight.explain import explain
from baxis.insight.limits import limits
from baxis.insight.patient import patient
from baxis.insight.sensitivity import sensitivity
from baxis.insight.strategies import strategies

Ask = Callable[[Settings], Any]
QUESTIONS: dict[str, tuple[Ask, int, Callable[[Any], list[str]] | None]] = {
    "explain": (lambda s: explain("belimumab", "SLE", settings=s), 20, cli_explain.lines),
    "enrich": (lambda s: enrich("belimumab", "SLE", Cutoff("ifn"), settings=s), 200, cli_enrich.lines),
    "biomarkers": (lambda s: biomarkers("belimumab", "SLE", settings=s), 200, cli_biomarkers.lines),
    "limits": (lambda s: limits("rituximab", "AAV", (24.0, 24.0), settings=s), 20, cli_limits.lines),
    "strategies": (lambda s: strategies("SLE", "belimumab", settings=s), 20, cli_strategies.lines),
    "combine": (lambda s: combine(["belimumab", "rituximab"], "SLE", weeks=8, settings=s), 10, cli_combine.lines),
    "timing": (
        lambda s: timing(["belimumab", "rituximab"], "SLE", 12, (4.0,), settings=s), 10, cli_combine.scanned,
    ),
    "power": (lambda s: replicate_trials("explorer", Replication(replicates=20), s), 20, None),
}  # fmt: skip


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """People of about sixty, as a file."""
    file = tmp_path / "elders.toml"
    file.write_text('[variables.age_y]\nmean = 60\nsd = 4\nunit = "year"\n')
    return file


@pytest.mark.parametrize("name", QUESTIONS)
def test_an_own_population_is_in_recipe_heading_and_figure(
    name: str, own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ask, patients, lines = QUESTIONS[name]
    found = ask(Settings(patients=patients, population=own))
    said = sentence(found.recipe)
    assert "own population elders.toml" in said
    assert OTHERS in said
    assert {"baxis", "library", "model", "seed", "notice"} <= set(found.recipe)
    if lines is None:
        planning._print(found, None)
        shown = capsys.readouterr().out
    else:
        shown = "\n".join(lines(found))
        assert said.split(";")[0] in flat(found.plot().get_suptitle()) if hasattr(found, "plot") else True
    assert flat(said) in flat(shown)
    assert found.to_dict()["recipe"]["asked"] == found.recipe["asked"]


def flat(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def test_nothing_asked_says_nothing() -> None:
    found = replicate_trials("explorer", Replication(replicates=20), Settings(patients=20))
    assert "asked" not in found.recipe
    assert sentence(found.recipe) == ""


def test_an_exposure_of_a_design_is_said_by_power_too() -> None:
    design = baxis.read_design("explorer").replace(exposure={"fcgr3a": "FF"})
    found = replicate_trials(design, Replication(replicates=20), Settings(patients=20))
    assert "fcgr3a set to FF" in sentence(found.recipe)


def test_a_library_laid_over_the_shipped_one_is_said_by_every_question(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    (folder / "drugs").mkdir(parents=True)
    library.overlay(folder)
    try:
        found = replicate_trials("explorer", Replication(replicates=20), Settings(patients=20))
    finally:
        library.reset()
    assert sentence(found.recipe) == "Asked for: library of mine laid over the shipped one."


FILE = "day,measure,value,unit\n0,IgG,12,g/L\n"
REFUSED: dict[str, tuple[Callable[[Settings, Path], Any], tuple[str, ...]]] = {
    "patient": (lambda s, f: patient(f, "SLE", settings=s), ("population", "evidence", "match")),
    "sensitivity": (lambda s, f: sensitivity("belimumab", "SLE", settings=s), ("population", "match")),
    "strategies": (lambda s, f: strategies("SLE", settings=s), ("evidence",)),
    "combine": (lambda s, f: combine(["belimumab", "rituximab"], "SLE", settings=s), ("evidence",)),
    "timing": (lambda s, f: timing(["belimumab", "rituximab"], "SLE", settings=s), ("evidence",)),
    "combine-search": (lambda s, f: combine_search("SLE", settings=s), ("evidence",)),
    "biomarkers --against-evidence": (lambda s, f: against_evidence(settings=s), ("population", "evidence")),
    "combine --against-evidence": (lambda s, f: pairs_against_evidence(settings=s), ("population", "evidence")),
}


@pytest.mark.parametrize(("name", "field"), [(n, f) for n, (_, fields) in REFUSED.items() for f in fields])
def test_a_setting_that_a_question_would_not_read_is_refused(name: str, field: str, own: Path, tmp_path: Path) -> None:
    visits = tmp_path / "one.csv"
    visits.write_text(FILE)
    value = {"population": own, "evidence": (tmp_path,), "match": True}[field]
    with pytest.raises(InvalidValue, match=rf"{field}.*none in"):
        REFUSED[name][0](Settings(patients=200, **{field: value}), visits)  # type: ignore[arg-type]
