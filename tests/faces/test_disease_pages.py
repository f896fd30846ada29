"""The disease pages of the docs: their generator at a small size, and that what is shipped is one of its runs."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CODES = ("RA", "SLE", "SjD", "IgG4-RD", "AAV")


@pytest.fixture
def maker(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    sys.modules.pop("disease_pages", None)
    import disease_pages

    return disease_pages


@pytest.mark.parametrize("code", CODES)
def test_a_page_has_every_section_and_the_command_that_makes_it(code: str, maker) -> None:
    text = (ROOT / "docs" / "diseases" / f"{code}.md").read_text(encoding="utf-8")
    assert maker.COMMAND in text
    for title in (
        "Which drug classes work",
        "Where the effect is lost",
        "For whom",
        "Which combination",
        "Published subgroups",
        "What the model gets wrong here",
    ):
        assert f"## {title}\n" in text
    assert (ROOT / "docs" / "diseases" / "img" / f"{code}.png").is_file()


def test_misses_are_those_of_the_stored_calibration_run(maker) -> None:
    text = maker.misses(("RA",))
    assert text.count("\n") >= 5
    shipped = (ROOT / "docs" / "diseases" / "RA.md").read_text(encoding="utf-8")
    assert text in shipped


def test_story_pairs_and_combination_trials_are_runs_of_the_model(maker, monkeypatch: pytest.MonkeyPatch) -> None:
    from baxis.clinic.conduct.settings import Settings
    from baxis.insight.combine import search
    from baxis.insight.explain import explain
    from baxis.insight.omics.classes import Cell, Observed, Predicted

    monkeypatch.setattr(search, "candidates", lambda *_: ["rituximab", "belimumab", "leniolisib"])
    found = search.combine_search("SjD", settings=Settings(patients=12, threads=1))
    top = found.table.iloc[0]
    text = maker.pairs(found)
    assert f"{100 * top['effect']:.0f} (" in text
    assert "the best single drug" in text
    e = explain("rituximab", "SjD", patients=20)
    seen = Observed("ESSDAI_change", "MD", 1, 1, 0.0, 0.0, 0.0, -1, ("x",))
    cell = Cell("anti-CD20", "SjD", seen, Predicted(drug="rituximab", taken_pct=23.4))
    held = maker.combination_trials(("SjD",))
    told = maker.story("SjD", [cell], {"rituximab": e}, found, [], {"Trials of combinations": held})
    assert "anti-CD20 (rituximab, 23 %)" in told
    assert e.main_route in told
    assert "serious harms in 100" in told
    assert "Trials of combinations, findings by verdict: agree 1;" in told
    assert "not modelled" in maker.shown(held, "")
    assert "No trial of a" in maker.shown(maker.combination_trials(("IgG4-RD",)), "trial of a combination")


def test_classes_are_judged_by_their_interval_and_kept_out_trials_are_not_compared(maker) -> None:
    import disease_story as story

    from baxis.insight.omics.classes import Cell, Observed, Predicted

    def cell(name: str, trials: tuple[str, ...], low: float, model: float) -> Cell:
        seen = Observed("ACR20", "RD", 1, 100, low + 0.1, low, low + 0.2, 1, trials)
        return Cell(name, "RA", seen, Predicted(drug="x", endpoint="ACR20", difference=model, unit="pp"))

    kept, held = ("rituximab-reflex",), ("rituximab-edwards-2004",)
    cells = [cell("a", kept, 0.05, 10.0), cell("b", kept, -0.05, 40.0), cell("c", held, 0.05, 10.0)]
    assert story.clear(cells) == (["a"], ["b"])
    inside, outside = story.against_published(cells)
    assert [w.split()[0] for w in inside] == ["a"]
    assert [w.split()[0] for w in outside] == ["b"]


def test_a_page_that_is_done_is_not_made_again(maker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made: list[str] = []
    monkeypatch.setattr(maker, "matrix", lambda **_: ())
    monkeypatch.setattr(maker, "page", lambda code, *_: made.append(code) or f"# {code}\n")
    monkeypatch.setattr(sys, "argv", ["x", str(tmp_path / "out"), "SjD", "RA", "--cache", str(tmp_path / "cache")])
    maker.main()
    maker.main()
    assert made == ["SjD", "RA"]
    (tmp_path / "out" / "RA.md").write_text("spoilt")
    maker.main()
    assert made == ["SjD", "RA", "RA"]


def test_where_an_effect_is_lost_is_a_run_of_the_model(maker) -> None:
    from baxis.insight.explain import explain

    e = explain("fenebrutinib", "SjD", patients=30)
    row = maker.lost({"fenebrutinib": e}).splitlines()[2]
    assert f"{e.ladder.takes_pct.iloc[0]:.0f} %" in row
    assert e.held_by in row
