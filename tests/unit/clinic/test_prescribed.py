"""What a design prescribes: words read, routes and doses that a drug has, doses that are never given, who may enter."""

from __future__ import annotations

from typing import Any

import pytest

from baxis.clinic.conduct.laboratory import Laboratory, check_measures
from baxis.clinic.conduct.settings import Settings
from baxis.clinic.design import prescribed
from baxis.clinic.design.calendar import rows
from baxis.clinic.design.design import Design, Treatment, build
from baxis.core.errors import Faults

DRUG: dict[str, Any] = {"drug": "rituximab", "dose": 1000, "dose_unit": "mg", "route": "iv", "schedule": "days 1,15"}


def design(treatment: dict[str, Any] | None = None, **changes: Any) -> Design:
    arms = [
        {"arm_id": "pbo", "n": 50, "role": "placebo"},
        {"arm_id": "drug", "n": 50, "role": "active", "treatments": [{**DRUG, **(treatment or {})}]},
    ]
    plain = {"trial_id": "t", "disease": "SLE", "weeks": 24, "arms": arms, "endpoints": [{"name": "SRI-4", "week": 24}]}
    return build({**plain, **changes}, "test")


def check(found: Design) -> None:
    from baxis.clinic.instruments import instrument

    check_measures(found, instrument(found.disease))


def test_words_are_put_into_the_designs_own_and_said() -> None:
    found = design(
        {"drug": "MabThera", "route": "infusion", "dose_unit": "MG", "schedule": "days 1 and 15"},
        disease="Lupus", endpoints=[{"name": "sri4", "week": 24}], entry=[{"measure": "IFN", "min": 2}, {"measure": "age", "min": 18}],
    )  # fmt: skip
    assert found.arms[1].treatments == (Treatment(**DRUG),)
    assert (found.disease, found.endpoints[0].name) == ("SLE", "SRI-4")
    assert [e.measure for e in found.entry] == ["ifn", "age_y"]
    assert found.readings == (
        "read 'Lupus' as SLE", "read 'MabThera' as rituximab", "read 'infusion' as iv", "read 'days 1 and 15' as days 1,15",
        "read 'age' as age_y",
    )  # fmt: skip
    assert set(found.readings) <= set(prescribed.remarks(found))
    assert found.replace(weeks=30).readings == found.readings


def test_the_same_design_in_other_words_has_the_same_digest() -> None:
    from baxis.clinic.result.recipe import recipe

    lab = Settings(patients=20)
    one, other = design(), design({"route": "intravenous", "schedule": "days 1 and 15"})
    assert recipe(one, lab, [], 1)["design"] == recipe(other, lab, [], 1)["design"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"route": "po"}, "not taken by mouth; allowed: iv"),
        ({"route": "sc"}, "no route sc; allowed: iv"),
        ({"drug": "remibrutinib", "dose": 25, "route": "iv", "schedule": "bid"}, "no route iv; allowed: po"),
        ({"dose_unit": "mg/kg"}, "did you mean 1000 mg?"),
        ({"schedule": "1000 mg/kg once then 1000 mg q2w"}, "did you mean 1000 mg?"),
        ({"dose": 3e8}, "200 g at once"),
        ({"dose_unit": "mL"}, "a volume"),
        ({"dose_unit": "cells/kg"}, "a count of cells"),
        ({"drug": "cd19 car-t", "route": "po"}, "as cells"),
        ({"dose": float("inf")}, "a finite number"),
        ({"dose": "1_000"}, "allowed: a number"),
        ({"dose": "٥٠٠"}, "allowed: a number"),
        ({"dose": True}, "got true; allowed: a number"),
    ],
)
def test_a_route_or_dose_that_a_drug_cannot_have_is_refused(change: dict[str, Any], says: str) -> None:
    with pytest.raises(Faults, match=r"arm drug|arms\.drug") as error:
        design(change)
    assert says in str(error.value)
    assert "Input should" not in str(error.value)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"schedule": "weeks 30,32"}, "0 of 2 doses fall within 24 weeks"),
        ({"schedule": "once", "start_day": 168}, "0 of 1 dose falls within 24 weeks"),
        ({"schedule": "q4w", "start_day": 400}, "no dose falls within 24 weeks"),
        ({"schedule": "weeks 2,4", "stop_day": 7}, "0 of 2 doses fall within the days before stop_day 7"),
    ],
)
def test_a_course_that_is_never_given_is_not_simulated(change: dict[str, Any], says: str) -> None:
    found = design(change)
    with pytest.raises(Faults) as error:
        check(found)
    assert says in str(error.value)
    assert rows(found)[1]["doses"].startswith("0")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"schedule": "weeks 0,30"}, "1 of 2 doses fall within 24 weeks"),
        ({"drug": "belimumab", "dose": 10, "dose_unit": "mg/kg", "schedule": "q4w x3", "stop_day": 1}, "1 of 3 doses"),
        ({"dose": 9000}, "9 times the largest known dose"),
        ({"dose": 1}, "1/200 of the smallest known dose"),
        ({"schedule": "qd"}, "in the first four weeks"),
        ({"drug": "tocilizumab", "dose": 162, "route": "sc", "schedule": "qw"}, "no absorption"),
    ],
)
def test_what_runs_and_is_odd_is_told(change: dict[str, Any], says: str) -> None:
    found = design(change)
    check(found)
    assert any(says in r for r in prescribed.remarks(found)), prescribed.remarks(found)


def test_a_usual_design_with_criteria_has_no_remarks() -> None:
    assert prescribed.remarks(design(entry=[{"measure": "SLEDAI-2K", "min": 6, "unit": "points"}])) == []


def test_a_design_without_criteria_says_so() -> None:
    assert any("No entry criteria" in r for r in prescribed.remarks(design()))


def test_a_population_in_words_names_the_field_that_would_act() -> None:
    def said(population: str, prior: str = "") -> str:
        end = [{"name": "ACR20", "week": 24}]
        return " ".join(
            prescribed.remarks(design(disease="RA", endpoints=end, population=population, prior_treatment=prior))
        )

    assert 'prior_treatment = "TNF-IR"' in said("inadequate response to TNF inhibitors")
    assert 'prior_treatment = "TNF-IR"' not in said("inadequate response to TNF inhibitors", "TNF-IR")
    assert 'prior_treatment = "TNF-IR"' not in said("TNF-naive, inadequate response to methotrexate")
    assert "changes nothing" in said("", "TNF failures")


def test_two_placebo_arms_are_refused() -> None:
    arms = [{"arm_id": f"p{k}", "n": 50, "role": "placebo"} for k in (1, 2)]
    with pytest.raises(Faults, match=r"2 arms have the role placebo \(p1, p2\)"):
        design(arms=[*arms, {"arm_id": "a", "n": 50, "role": "active", "treatments": [DRUG]}])


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"arms": [{"arm_id": f"a{k}", "n": 5, "role": "active"} for k in range(2000)]}, "at most 50"),
        ({"endpoints": [{"name": "SRI-4", "week": 24}] * 20000}, "at most 100"),
        ({"visit_weeks": 1e-300}, "0.142857"),
        ({"visit_weeks": 0.15, "weeks": 520, "endpoints": [{"name": "SRI-4", "week": 520}]}, "at most 600 visits"),
        ({"arms": [{"arm_id": "a", "n": 10**30, "role": "active"}]}, "1000000"),
        ({"arms": [{"arm_id": "../../x", "n": 5, "role": "active"}]}, "letters, digits"),
        ({"arms": [{"arm_id": "a\x1b[31m", "n": 5, "role": "active"}]}, "letters, digits"),
        ({"arms": [{"arm_id": "=cmd", "n": 5, "role": "active"}]}, "letters, digits"),
        ({"arms": [{"arm_id": "a\n", "n": 5, "role": "active"}]}, "letters, digits"),
    ],
)
def test_what_is_too_much_is_told_with_what_is_allowed(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(Faults) as error:
        design(**changes)
    assert says in str(error.value)
    assert "\x1b" not in str(error.value)
    assert len(str(error.value)) < 1000


def test_a_design_made_in_python_is_checked_before_it_runs() -> None:
    plain = design().model_dump()
    plain["arms"][1]["treatments"][0]["route"] = "sc"
    with pytest.raises(Faults, match="no route sc"):
        Laboratory(Design(**plain), Settings(patients=20))
