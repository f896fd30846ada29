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


def test_where_an_effect_is_lost_is_a_run_of_the_model(maker) -> None:
    from baxis.insight.explain import explain

    e = explain("fenebrutinib", "SjD", patients=30)
    row = maker.lost({"fenebrutinib": e}).splitlines()[2]
    assert f"{e.ladder.takes_pct.iloc[0]:.0f} %" in row
    assert e.lost_at in row
