"""The Trial page in a real browser, and its form without one."""

from __future__ import annotations

import pytest

from baxis import axis, run_trial
from baxis.faces.web.frame import work
from baxis.faces.web.trial import form as trial_form
from baxis.faces.web.trial import page as trial_page
from baxis.faces.web.trial import running as trial_run
from baxis.faces.web.trial import settings as trial_settings


def ready(page, answers: int = 1) -> None:
    page.wait_for_function(f"Number(document.body.dataset.answers || 0) >= {answers}", timeout=60_000)


def test_a_dose_changes_the_figure_and_the_address(browser, address: str) -> None:
    page = browser.new_page()
    hosts: set[str] = set()
    page.on("request", lambda r: hosts.add(r.url.split("/")[2]) if r.url.startswith("http") else None)
    page.goto(address)
    ready(page)
    assert page.get_attribute("#status", "class") == "ready", page.inner_text("#fault-whole")
    before = page.get_attribute("#figure-endpoint", "aria-label")
    page.fill("[name=a0_dose]", "170")
    page.wait_for_function(
        "t => document.getElementById('figure-endpoint').getAttribute('aria-label') !== t", arg=before
    )
    assert "a0_dose=170" in page.url
    page.reload()
    ready(page)
    assert page.input_value("[name=a0_dose]") == "170"
    assert hosts == {address.removeprefix("http://")}
    page.close()


def test_a_bad_field_says_so_beside_itself(browser, address: str) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 800})
    page.goto(f"{address}/trial/?a0_schedule=qx")
    ready(page)
    assert "qNw" in page.inner_text("#fault-a0_schedule")
    assert page.get_attribute("[name=a0_schedule]", "aria-invalid") == "true"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.close()


def test_two_visitors_at_once_get_their_own_answers(browser, address: str) -> None:
    pages = [browser.new_page() for _ in range(2)]
    for page, disease in zip(pages, ("RA", "SjD"), strict=True):
        page.goto(f"{address}/trial/?disease={disease}")
    said = []
    for page in pages:
        ready(page)
        said.append(page.inner_text("#slot-answer"))
        page.close()
    assert said[0] != said[1]
    assert all("week" in s for s in said)


def test_the_page_and_run_trial_agree_and_faults_name_their_fields() -> None:
    form = trial_page.defaults(trial_settings.settings()["fenebrutinib-sle-ph2"]) | {"patients": "60"}
    asked = trial_form.read(form)
    assert asked.design.trial_id == "fenebrutinib-sle-ph2"
    assert trial_run.run(asked).to_dict() == run_trial(asked.design, patients=60, seed=1).to_dict()
    with pytest.raises(trial_form.FormFaults) as e:
        trial_form.read(form | {"a0_dose": "-1", "weeks": "900", "e0_min": "x"})
    assert set(e.value.faults) == {"a0_dose", "weeks", "e0_min"}


def test_arms_may_hold_two_drugs_a_virtual_inhibitor_and_circumstances() -> None:
    form = trial_page.defaults(trial_settings.settings()["fenebrutinib-sle-ph2"])
    second = {"b0_drug": "belimumab", "b0_dose": "10", "b0_unit": "mg/kg", "b0_route": "iv", "b0_schedule": "q4w"}
    asked = trial_form.read(form | second | {"a2_held": "btk=0.7, jak1=0.5", "exposure": "adherence=0.7"})
    assert [t.drug for t in asked.design.arms[1].treatments] == ["fenebrutinib", "belimumab"]
    assert [(h.target, h.occupancy) for h in asked.design.arms[3].held] == [("btk", 0.7), ("jak1", 0.5)]
    assert asked.design.exposure.adherence == 0.7
    for field, text in {"a2_held": "btk=2", "a1_held": "bkt=0.5", "a0_held": "btk", "exposure": "pi=1"}.items():
        with pytest.raises(trial_form.FormFaults) as e:
            trial_form.read(form | {field: text})
        assert set(e.value.faults) == {field}


class Waiting:
    """Who waits for an answer: keeps what it is shown, and leaves after some reports."""

    def __init__(self, patience: int = 10**9) -> None:
        self.seen, self.patience = [], patience

    def __call__(self, done: int, total: int) -> None:
        self.patience -= 1
        if self.patience < 0:
            raise work.Superseded

    def show(self, answer) -> None:
        self.seen.append(answer)


def test_a_dose_that_is_followed_dose_by_dose_is_shown_averaged_first() -> None:
    form = trial_page.defaults(trial_settings.settings()["fenebrutinib-sle-ph2"])
    form |= {"a0_dose": "20", "a1_drug": "", "patients": "50", "weeks": "4"}
    waiting = Waiting()
    answer = work.watched(waiting, lambda: trial_page.answer(form))
    assert [bool(a.preview) for a in waiting.seen] == [True]
    assert not answer.preview
    assert waiting.seen[0].figures["b-infl"] != answer.figures["b-infl"]
    work.watched(waiting, lambda: trial_page.answer(form | {"a0_dose": "150"}))
    assert len(waiting.seen) == 1  # averaged anyway: no first look


def test_nobody_waits_for_a_question_that_was_superseded() -> None:
    form = trial_page.defaults(trial_settings.settings()["fenebrutinib-sle-ph2"]) | {"seed": "77", "patients": "200"}
    with pytest.raises(work.Superseded):
        work.watched(Waiting(0), lambda: trial_page.answer(form))
    assert trial_page.answer(form).figures


def test_arms_on_background_drugs_are_never_slow() -> None:
    # they have no kinetics of their own, and once broke the question
    given = [(d, [t for a in d.arms for t in a.treatments]) for d in trial_settings.settings().values()]
    plain = [d for d, treatments in given if all(axis.drug(t.drug).background for t in treatments)]
    assert plain
    assert not any(trial_run.slow(trial_form.Asked(d, 10, 1)) for d in plain)


@pytest.mark.parametrize(
    ("scale", "value", "span", "patients", "said"),
    [
        (
            "risk_difference",
            0.078,
            [-0.02, 0.17],
            [0.06, 0.096],
            "+7.8 ± 1.8 percentage points (90 % interval -2.0 to 17.0)",
        ),
        ("mean_difference", -1.25, [-2.0, -0.5], [-1.45, -1.05], "-1.25 ± 0.20 (90 % interval -2.00 to -0.50)"),
        (
            "log_hazard_ratio",
            -0.6931,
            [-1.3863, 0.0],
            [-0.7885, -0.5978],
            "hazard ratio 0.50 (times or divided by 1.10)",
        ),
    ],
)
def test_the_headline_has_the_error_of_simulation_beside_its_number(
    scale: str, value: float, span: list[float], patients: list[float], said: str
) -> None:
    """Half of the interval that the number of simulated patients leaves; for a ratio the factor exp((b - a) / 2)."""
    row = {"scale": scale, "predicted": value, "pi90": span, "pi90_patients": patients}
    assert trial_page._headline(row).startswith(said)


def test_what_was_asked_is_in_the_answer_the_figures_and_the_file() -> None:
    """A genotype for all patients: said beside the headline, over each figure, in the marks of published values."""
    from baxis.faces.web.frame import shell

    recipe = {"asked": ["every patient's fcgr3a set to FF <b>"], "other_people": True, "remarks": []}
    assert "fcgr3a set to FF" in str(shell.told(recipe))
    plain = {"height": 100, "margin": {"t": 8}}
    titled = plain | {"title": {"text": "IgG", "x": 0.01}}
    found = shell.marked({"a": {"data": [], "layout": plain}, "b": {"data": [], "layout": titled}}, recipe)
    for figure in found.values():
        assert "fcgr3a set to FF &lt;b&gt;" in figure["layout"]["title"]["text"]
        assert figure["layout"]["height"] > 100
    assert found["b"]["layout"]["title"]["text"].startswith("IgG<br>")
    assert shell.marked({"a": {"data": [], "layout": plain}}, {})["a"]["layout"] is plain
