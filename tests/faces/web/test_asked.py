"""What an address or a form asks for and the laboratory does not have: said on the page, never replaced in silence."""

from __future__ import annotations

import re

import pytest

from baxis.faces.web.frame import shell
from baxis.faces.web.page_list import PAGES
from baxis.faces.web.trial import fields as trial_fields
from baxis.faces.web.trial import form as trial_form
from baxis.faces.web.trial import page as trial_page
from baxis.faces.web.trial import settings as trial_settings
from baxis.faces.web.trial.fields import defaults, filled

ABATACEPT = "abatacept-sjd-asap3"


def page(name: str, **query: str) -> str:
    return str(shell.frame(PAGES[name], query))


def chosen(html: str, field: str) -> str:
    """The value that a select of a page shows."""
    box = re.search(rf'<select[^>]*name="{field}".*?</select>', html, re.S)
    assert box, field
    found = re.search(r'<option[^>]*value="([^"]*)"[^>]*selected', box[0]) or re.search(
        r'<option[^>]*selected[^>]*value="([^"]*)"', box[0]
    )
    assert found, box[0]
    return found[1]


SELECTS = [
    ("trial", "disease"), ("trial", "setting"), ("trial", "a0_drug"), ("trial", "endpoint"), ("explain", "disease"),
    ("explain", "drug"), ("biomarkers", "disease"), ("biomarkers", "drug"), ("combine", "disease"), ("combine", "first"),
    ("combine", "show"), ("combine", "structure"), ("patient", "disease"), ("diseases", "kind"), ("diseases", "node"),
    ("evidence", "disease"), ("evidence", "by"), ("evidence", "kind"), ("evidence", "endpoint"), ("scoreboard", "role"), ("scoreboard", "disease"),
    ("scoreboard", "simulated"), ("scoreboard", "of"), ("pathway", "disease"), ("pathway", "cell"), ("pathway", "stimulus"),
    ("pathway", "drug"), ("pathway", "node"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "field"), SELECTS)
def test_an_unknown_choice_in_the_address_is_shown_as_that_and_not_computed(name: str, field: str) -> None:
    html = page(name, **{field: "nosuch"})
    assert chosen(html, field) == "nosuch"
    form = (
        filled(trial_fields.base_of({}), {}) | {field: "nosuch"}
        if name == "trial"
        else _values(html) | {field: "nosuch"}
    )
    answer = PAGES[name].answer(form)
    assert field in answer.faults, answer.faults
    assert "nosuch" in answer.faults[field]


def _values(html: str) -> dict[str, str]:
    """What the browser would send of a page."""
    values = {}
    for tag in re.findall(r"<input\b[^>]*>", html):
        at = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        if "name" in at:
            values[at["name"]] = at.get("value", "")
    for box, field in re.findall(r'(<select[^>]*name="([^"]+)".*?</select>)', html, re.S):
        try:
            values[field] = chosen(box, field)
        except AssertionError:
            values[field] = re.findall(r'<option[^>]*value="([^"]*)"', box)[0]
    return values


@pytest.mark.parametrize("name", list(PAGES))
def test_an_unknown_parameter_is_told_on_every_page(name: str) -> None:
    html = page(name, nosuchthing="1")
    assert "nosuchthing" in html
    assert "does not have" in html
    assert 'id="strange"' not in page(name)


def test_other_spellings_are_taken() -> None:
    assert chosen(page("explain", disease="Sjögren", drug="MabThera"), "disease") == "SjD"
    assert chosen(page("explain", disease="lupus", drug="MabThera"), "drug") == "rituximab"
    html = page("trial", setting="EXPLORER")
    assert chosen(html, "setting") == "explorer"
    assert chosen(html, "a0_drug") == "rituximab"  # the fields are that trial's too


def test_a_number_of_patients_beyond_the_slider_is_told() -> None:
    assert "allowed: 100 to" in page("trial", patients="99999")
    assert 'id="strange"' not in page("trial", patients="300")


def test_a_trial_of_another_disease_is_told() -> None:
    form = filled(trial_fields.base_of({"setting": ABATACEPT}), {}) | {"disease": "RA"}
    with pytest.raises(trial_form.FormFaults) as error:
        trial_form.read(form)
    assert "a trial in SjD, not in RA" in error.value.faults["setting"]


def test_another_drug_brings_its_own_dose_route_and_schedule() -> None:
    base = trial_settings.settings()[ABATACEPT]
    assert defaults(base)["a0_schedule"] == "qw"
    now = filled(base, {"setting": ABATACEPT, "a0_drug": "remibrutinib"})
    assert [now[f"a0_{k}"] for k in ("dose", "unit", "route", "schedule")] == ["100", "mg", "po", "bid"]
    own = filled(base, {"setting": ABATACEPT, "a0_drug": "remibrutinib", "a0_dose": "25"})
    assert (own["a0_dose"], own["a0_schedule"]) == ("25", "bid")
    same = filled(base, {"setting": ABATACEPT, "a0_dose": "250"})
    assert (same["a0_dose"], same["a0_route"], same["a0_schedule"]) == ("250", "sc", "qw")


def test_every_drug_of_the_form_has_a_route_of_its_own() -> None:
    from baxis import axis
    from baxis.axis.dosing import drug_doses

    usual = trial_settings.usual("SLE")
    assert set(usual) == set(axis.drugs())
    for drug, row in usual.items():
        assert row["route"] in drug_doses.routes(drug), drug
        assert bool(row["dose"]) == bool(row["schedule"])


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        ({"a0_drug": "remibrutinib"}, "a0_route", "no route sc; allowed: po"),
        ({"a0_dose": "1_000"}, "a0_dose", "allowed: a number"),
        ({"a0_dose": "abc"}, "a0_dose", "got 'abc'; allowed: a number"),
        ({"a0_dose": "٥٠٠"}, "a0_dose", "allowed: a number"),
        ({"a0_dose": "1000", "a0_unit": "mg/kg"}, "a0_dose", "did you mean 1000 mg?"),
        ({"a0_dose": "-3"}, "a0_dose", "greater than or equal to 0"),
        ({"a0_schedule": "weeks 90,92"}, "a0_schedule", "0 of 2 doses fall within"),
        ({"a0_schedule": "sometimes"}, "a0_schedule", "got 'sometimes'"),
        ({"a0_schedule": "q" + "9" * 400 + "w"}, "a0_schedule", "at most 9 digits"),
        ({"a0_unit": "mL"}, "a0_unit", "a volume"),
        ({"a0_held": "btk=70"}, "a0_held", "70 % is 0.7"),
        ({"patients": "1_000"}, "patients", "allowed: a whole number"),
        ({"patients": "٥٠٠"}, "patients", "allowed: a whole number"),
        ({"seed": "1e3"}, "seed", "allowed: a whole number"),
    ],
)
def test_a_wrong_field_is_told_in_our_words(change: dict[str, str], field: str, says: str) -> None:
    base = trial_settings.settings()[ABATACEPT]
    with pytest.raises(trial_form.FormFaults) as error:
        trial_form.read(defaults(base) | change)
    assert says in error.value.faults.get(field, ""), error.value.faults
    assert "Input should" not in str(error.value)


def test_words_are_taken_in_the_form_and_said_in_the_answer() -> None:
    base = trial_settings.settings()[ABATACEPT]
    found = trial_form.read(defaults(base) | {"a0_schedule": "every 2 weeks", "a0_route": "subcutaneous"})
    assert found.design.arms[1].treatments[0].schedule == "q2w"


@pytest.mark.parametrize("name", ["explain", "biomarkers", "combine"])
def test_seeds_are_plain_digits(name: str) -> None:
    assert "seed" in PAGES[name].answer({"seed": "٥"}).faults
    assert "seed" in PAGES[name].answer({"seed": "1_0"}).faults


def test_the_answer_says_what_a_reader_must_know() -> None:
    form = filled(trial_fields.base_of({}), {}) | {
        "patients": "50",
        "a0_dose": "5000",
        "a0_schedule": "qd",
        "a1_drug": "",
        "weeks": "4",
    }
    answer = trial_page.answer(form)
    assert not answer.faults
    assert "times the largest known dose" in str(answer.html["answer"])
