"""Steroid dose at visits: background with taper as the regimen reads it, and steroids of the arm."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from baxis.clinic.design.design import build
from baxis.clinic.therapy.courses import of_arm
from baxis.clinic.therapy.steroid import steroid_dose
from baxis.core import streams

DAYS = np.array([-14.0, 0.0, 28.0, 84.0, 168.0])
PEOPLE = SimpleNamespace(
    ids=np.arange(200),
    seed=1,
    covariates={
        "prednisone_dose": np.linspace(5, 40, 200),
        "weight_kg": np.full(200, 70.0),
        "bsa_m2": np.full(200, 1.8),
    },
)


def design(background=(), treatments=()):
    arms = [{"arm_id": "a", "n": 9, "role": "placebo", "treatments": list(treatments)}]
    data = {"trial_id": "t", "disease": "LN", "weeks": 24, "arms": arms, "endpoints": [{"name": "CRR", "week": 24}]}
    return build(data | {"background_therapy": list(background)}, "t")


def dose(d):
    return steroid_dose(d, of_arm(d.arms[0], 200), PEOPLE, DAYS)


def test_no_steroid_named_is_unknown():
    assert dose(design()) is None
    assert dose(design([{"drug": "mycophenolate", "dose": 2, "dose_unit": "g"}])) is None


def test_a_taper_is_a_ceiling():
    taper = [{"week": 4, "dose": 20}, {"week": 12, "dose": 7.5}]
    found = dose(design([{"drug": "prednisone", "dose": 20, "taper": taper}]))
    start = PEOPLE.covariates["prednisone_dose"]
    assert np.array_equal(found[:, 1], start)
    assert np.array_equal(found[:, 2], np.minimum(start, 20))
    assert found[:, 4] == pytest.approx(np.minimum(start, 7.5))


def test_only_the_share_that_tapers_does():
    taper = [{"week": 4, "dose": 0}]
    found = dose(design([{"drug": "prednisone", "dose": 20, "taper": taper, "taper_share": 0.5}]))
    assert 0.35 < (found[:, 2] == 0).mean() < 0.65


def test_steroid_of_the_arm_counts_from_its_start_in_prednisone():
    given = {
        "drug": "prednisolone",
        "dose": 0.5,
        "dose_unit": "mg/kg",
        "route": "po",
        "schedule": "qd",
        "start_day": 28,
    }
    assert dose(design(treatments=[given]))[0].tolist() == [0.0, 0.0, 35.0, 35.0, 35.0]


def test_background_doses_add_up_in_prednisone_and_the_day_of_a_taper_counts():
    """4 mg of methylprednisolone are 5 mg of prednisone."""
    people = SimpleNamespace(
        **{**vars(PEOPLE), "covariates": PEOPLE.covariates | {"methylprednisolone_dose": np.full(200, 8.0)}}
    )
    taken = [SimpleNamespace(drug=d, taper=(), taper_share=1.0) for d in ("prednisone", "methylprednisolone")]
    found = steroid_dose(SimpleNamespace(background_therapy=taken), (), people, DAYS)
    assert found[:, 3] == pytest.approx(PEOPLE.covariates["prednisone_dose"] + 10)
    tapered = design([{"drug": "prednisone", "dose": 20, "taper": [{"week": 4, "dose": 1}]}])
    for day, reached in ((27.999, False), (28.0 - 1e-12, True), (28.0, True)):
        dose = steroid_dose(tapered, (), PEOPLE, np.array([-14.0, 0.0, day]))[:, 2]
        assert bool(np.all(dose == 1)) is reached


def test_a_taper_binds_the_patients_whose_draw_lies_under_its_share():
    taper = [{"week": 4, "dose": 0}]
    share = design([{"drug": "prednisone", "dose": 20, "taper": taper, "taper_share": 0.3}])
    drawn = streams.uniform(1, "taper prednisone", PEOPLE.ids)[:, 0]
    assert np.array_equal(dose(share)[:, 2] == 0, drawn < 0.3)


def given(**more):
    return {"drug": "prednisone", "dose": 10, "dose_unit": "mg", "route": "po", "schedule": "qd"} | more


def of_arm_at(treatment, days, n=200, drug="prednisone", **course):
    d = design(treatments=[treatment])
    courses = [
        replace(c, treatment=c.treatment.model_copy(update={"drug": drug}), **course) for c in of_arm(d.arms[0], n)
    ]
    return steroid_dose(d, courses, PEOPLE, np.array([-14.0, *days]))[:, 1:]


def test_doses_of_a_day_are_summed_from_its_start_to_its_end():
    assert of_arm_at(given(), [0.0, 1.0, 27.0])[0].tolist() == [10, 10, 10]
    assert of_arm_at(given(schedule="bid"), [0.0, 7.0, 7.4])[0].tolist() == [20, 20, 20]
    assert of_arm_at(given(start_day=7), [6.0, 6.9, 7.0, 8.0])[0].tolist() == [0, 0, 10, 10]
    assert of_arm_at(given(), [7.0 - 1e-12])[0].tolist() == [10]


def test_a_dose_just_before_midnight_belongs_to_its_own_day():
    """43 s before day 7: taken on day 6, every day after that at the same time."""
    late = 7.0 - 5e-4
    assert of_arm_at(given(start_day=late), [5.0, 6.0, 7.0])[0].tolist() == [0, 10, 10]
    assert of_arm_at(given(start_day=7), [late, 7.0])[0].tolist() == [0, 10]  # and so does a visit then


def test_daily_doses_after_a_pulse_count_with_it():
    pulsed = given(dose=20, schedule="500 mg days 1,2,3 then qd")
    assert of_arm_at(pulsed, [0.0, 2.0, 3.0, 28.0])[0].tolist() == [500, 500, 20, 20]


def test_dose_by_weight_and_surface_and_in_other_units():
    assert of_arm_at(given(dose=0.5, dose_unit="mg/kg"), [0.0])[0].tolist() == [35]
    assert of_arm_at(given(dose=10, dose_unit="mg/m2"), [0.0])[0] == pytest.approx([18])
    assert of_arm_at(given(dose=0.01, dose_unit="g"), [0.0])[0] == pytest.approx([10])
    assert of_arm_at(given(dose=8), [0.0], drug="methylprednisolone")[0] == pytest.approx([10])


def test_only_who_takes_it_until_it_ends():
    takes = np.arange(200) < 3
    stop = np.full(200, 7.0)
    found = of_arm_at(given(), [0.0, 6.9, 7.0, 8.0], takes=takes, stop=stop)
    assert found[0].tolist() == [10, 10, 0, 0]
    assert found[3].tolist() == [0, 0, 0, 0]


def test_a_pulse_is_no_daily_steroid():
    pulse = given(dose=500, schedule="days 1,15")
    d = design(treatments=[pulse])
    assert dose(d) is None
    both = design([{"drug": "prednisone", "dose": 20}], [pulse])
    assert np.array_equal(dose(both)[:, 1], PEOPLE.covariates["prednisone_dose"])
