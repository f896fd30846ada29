"""Diseases, Evidence and Pathway in a real browser, and their answers without one."""

from __future__ import annotations

import re

import pytest

from baxis.axis import stimulate
from baxis.axis.tables.comparison import compare_diseases
from baxis.faces.web.frame import work
from baxis.faces.web.pages import biomarkers as biomarkers_page
from baxis.faces.web.pages import combine as combine_page
from baxis.faces.web.pages import diseases as diseases_page
from baxis.faces.web.pages import evidence as evidence_page
from baxis.faces.web.pages import explain as explain_page
from baxis.faces.web.pages import pathway as pathway_page
from baxis.faces.web.pages import pathway_figure
from baxis.faces.web.pages import patient as patient_page
from baxis.faces.web.pages import scoreboard as scoreboard_page


def opened(browser, url: str, width: int = 1280):
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.set_default_timeout(90_000)
    broken: list[str] = []
    page.on("pageerror", lambda e: broken.append(str(e)))
    page.goto(url)
    page.wait_for_function("Number(document.body.dataset.answers || 0) >= 1", timeout=60_000)
    assert not broken
    return page


@pytest.mark.parametrize("name", ["diseases", "evidence", "pathway", "explain", "biomarkers", "combine", "patient"])
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
    page.wait_for_function("document.getElementById('fault-node').innerText.length > 0")
    assert "did you mean 'fenebrutinib'" in page.inner_text("#fault-node")
    assert "endpoint=BICLA" in page.url
    page.close()


def test_the_pages_agree_with_the_library_and_name_a_faulty_field() -> None:
    rows = compare_diseases()
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


def test_the_map_changes_with_time_and_a_bad_concentration_says_so(browser, address: str) -> None:
    page = opened(browser, f"{address}/pathway/")
    before = page.get_attribute("#figure-map", "aria-label")
    page.focus("[name=minute]")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("t => document.getElementById('figure-map').getAttribute('aria-label') !== t", arg=before)
    page.select_option("[name=node]", "pSYK")
    page.wait_for_function("document.getElementById('slot-node').innerText.includes('ptpn22_e')")
    page.fill("[name=dose]", "much")
    page.wait_for_function("document.getElementById('fault-dose').innerText.length > 0")
    assert "'much'" in page.inner_text("#fault-dose")
    assert "CONCENTRATION" in page.inner_text("#fault-dose")
    page.close()


def test_the_map_is_the_model() -> None:
    base = stimulate(["anti-IgM 10 ug/mL"])
    blocked = stimulate(["anti-IgM 10 ug/mL"], inhibitors=["fenebrutinib 1000 nM"])
    step = pathway_page.MINUTES.index(5)
    change = pathway_page.changes(base, blocked, step)
    top = float(abs(base.values["pBTK"]).max())
    assert change["pBTK"] == pytest.approx((blocked.values["pBTK"][step] - base.values["pBTK"][step]) / top)
    assert change["pBTK"] < -0.3
    assert change["Ca2+"] < 0
    assert set(pathway_page.changes(base, base, step).values()) == {0.0}
    arrows = pathway_figure.arrows()
    assert ("pCD79", "pSYK") in arrows
    assert ("pBTK", "pPLCG2") in arrows
    assert set(pathway_figure.PLACE) == set(base.values)


def test_explain_is_the_command_and_a_bad_dose_says_so() -> None:
    shown = explain_page.answer({})
    found = explain_page.explained("fenebrutinib", "SLE", "", 1)
    assert shown.figures["ladder"]["data"][0]["x"] == found.ladder["takes_pct"].tolist()
    assert set(explain_page.answer({"dose": "much"}).faults) == {"dose"}
    assert set(explain_page.answer({"seed": "x"}).faults) == {"seed"}


def test_patient_values_stay_out_of_the_address_and_faults_stand_beside_them(browser, address: str, tmp_path) -> None:
    page = opened(browser, f"{address}/patient/")
    assert "not for decisions about a patient" in page.inner_text("form").lower()
    before = page.get_attribute("#figure-courses", "aria-label")
    page.fill("[name=values]", "day,measure,value,unit\n0,C3,900,g/L\n")
    page.wait_for_function("document.getElementById('fault-values').innerText.includes('check the unit')")
    file = tmp_path / "patient.csv"
    file.write_text("day,measure,value,unit\n0,C3,0.7,g/L\n0,IgG,16,g/L\n", encoding="utf-8")
    page.set_input_files("input[type=file]", str(file))
    page.wait_for_function(
        "t => document.getElementById('figure-courses').getAttribute('aria-label') !== t", arg=before, timeout=90_000
    )
    assert "values" not in page.url
    assert "C3" not in page.url
    file.write_text("day,measure,value,unit\n0,C33,1.3,g/L\n", encoding="utf-8")
    page.set_input_files("input[type=file]", str(file))
    page.wait_for_function("document.getElementById('fault-values').innerText.includes('C33')")
    page.close()


def test_the_search_keeps_to_a_kind(browser, address: str) -> None:
    page = opened(browser, f"{address}/evidence/?q=BTK&kind=claim")
    kinds = page.eval_on_selector_all("#slot-matches tbody tr td:first-child", "all => all.map(e => e.innerText)")
    assert set(kinds) == {"claim"}
    page.close()


def test_long_computations_block_nobody_and_can_be_stopped(browser, address: str) -> None:
    waiting = [browser.new_page() for _ in range(3)]
    for page, seed in zip(waiting, (71, 72, 73), strict=True):
        page.goto(f"{address}/combine/?seed={seed}")
    other = opened(browser, f"{address}/pathway/?dose=33")
    assert other.get_attribute("#status", "class") == "ready"
    page = waiting[-1]  # the first may have its answer by now
    page.wait_for_selector("#stop:visible", timeout=60_000)
    assert re.search("Waiting: 1 question|%", page.inner_text("#status"))
    page.click("#stop")
    assert page.inner_text("#status").startswith("Stopped")
    for p in (*waiting, other):
        p.close()


def test_the_shipped_scoreboard_is_drawn(browser, address: str) -> None:
    page = opened(browser, f"{address}/scoreboard/")
    assert page.locator(".plot .main-svg").count() > 0
    assert "No saved scoreboard" not in page.inner_text("#slot-said")
    page.close()


def test_a_page_without_a_scoreboard_says_how_to_make_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scoreboard_page.saved_board, "load", lambda: None)
    answer = scoreboard_page.answer({})
    assert "baxis serve --scoreboard DIR" in str(answer.html["said"])
    assert not answer.figures
    assert "No scoreboard is at hand" in str(scoreboard_page.form({}))


def test_a_combination_answers_and_names_a_faulty_gap() -> None:
    found = combine_page.together(("elsubrutinib", "elsubrutinib"), "SLE", 0.0, 1)
    answer = combine_page.answer({"first": "elsubrutinib", "second": "elsubrutinib"})
    assert not answer.faults
    assert "both at the usual dose" in answer.figures["surface"]["label"]
    shown = answer.figures["surface"]["data"][0]
    at = {tuple(r["doses"]): r["effect"] for r in found.surface.to_dict("records") if r["structure"] == "additive"}
    assert shown["z"][shown["y"].index("1 ×")][shown["x"].index("1 ×")] == pytest.approx(100 * at[1.0, 1.0])
    assert set(combine_page.answer({"gap": "soon"}).faults) == {"gap"}
    assert set(biomarkers_page.answer({"seed": "x"}).faults) == {"seed"}
    assert set(patient_page.answer({"drugs": ""}).faults) == {"drugs"}
