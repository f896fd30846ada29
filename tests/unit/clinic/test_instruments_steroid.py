"""Steroid dose at visits: background with taper as the regimen reads it, and steroids of the arm."""

from types import SimpleNamespace

import numpy as np
import pytest

from baxis.clinic.courses import of_arm
from baxis.clinic.design import build
from baxis.clinic.instruments.steroid import steroid_dose

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
