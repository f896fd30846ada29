"""Diseases and Evidence in a real browser, and their answers without one."""

from __future__ import annotations

import pytest

from baxis.axis.comparison import compare
from baxis.faces.web import diseases_page, evidence_page, work


def opened(browser, url: str, width: int = 1280):
    page = browser.new_page(viewport={"width": width, "height": 900})
    broken: list[str] = []
    page.on("pageerror", lambda e: broken.append(str(e)))
    page.goto(url)
    page.wait_for_function("Number(document.body.dataset.answers || 0) >= 1", timeout=60_000)
    assert not broken
    return page


@pytest.mark.parametrize("name", ["diseases", "evidence"])
def test_a_page_draws_on_a_phone_without_scrolling_sideways(browser, address: str, name: str) -> None:
    page = opened(browser, f"{address}/{name}/", 390)
    assert page.get_attribute("#status", "class") == "ready"
    assert page.locator(".plot .main-svg").count() > 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.close()


def test_a_regulator_shows_its_sources_and_stays_in_the_address(browser, address: str) -> None:
    page = opened(browser, f"{address}/diseases/?node=lyn_e")
    assert "C032" in page.inner_text("#slot-sources")
    page.select_option("[name=kind]", "measured")
    page.wait_for_function("!document.getElementById('figure-regulators').getAttribute('aria-label').startsWith('43 ')")
    assert "kind=measured" in page.url
    page.close()


def test_a_match_opens_its_sheet_and_a_wrong_name_says_so(browser, address: str) -> None:
    page = opened(browser, f"{address}/evidence/?q=fenebrutinib")
    before = page.get_attribute("#figure-forest", "aria-label")
    page.click("button[data-set='node=fenebrutinib-sle-ph2']")
    page.wait_for_function("document.getElementById('slot-sheet').innerText.includes('ANDES')")
    page.select_option("[name=endpoint]", "BICLA")
    page.wait_for_function("t => document.getElementById('figure-forest').getAttribute('aria-label') !== t", arg=before)
    page.fill("[name=node]", "fenebrutinibb")
    page.wait_for_function("document.getElementById('fault-node').innerText.includes('fenebrutinib')")
    page.close()


def test_the_pages_agree_with_the_library_and_name_a_faulty_field() -> None:
    rows = compare()
    shown = diseases_page.heatmap(rows)["data"][0]
    k = next(i for i, r in enumerate(rows) if r["regulator"] == "lyn_e")
    assert shown["text"][k] == ["1", *(rows[k][c] for c in diseases_page.codes())]
    assert shown["z"][k][0] == 0.0
    assert set(diseases_page.answer({"node": "nothing"}).faults) == {"node"}
    assert set(evidence_page.answer({"disease": "SLE", "endpoint": "nothing"}).faults) == {"endpoint"}
    m = evidence_page.pooled("SLE", "SRI-4", "class")
    figure = evidence_page.forest_figure.forest(m)
    marks = [t["x"][0] for t in figure["data"] if t["mode"] == "markers"]
    assert marks[-1] == pytest.approx(100 * m.summary()[-1]["estimate"])
    assert set(evidence_page.endpoints("RA")) <= set(work.tables().outcomes["endpoint"])
