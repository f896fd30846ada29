from __future__ import annotations

import numpy as np
import pytest

import baxis
from baxis import axis, engine
from baxis.clinic.design.design import Arm, Treatment
from baxis.clinic.people.population import draw
from baxis.clinic.therapy import regimen
from baxis.core.errors import InvalidValue


def arm(*treatments: dict) -> Arm:
    return Arm(arm_id="a", n=10, role="active", treatments=tuple(Treatment(**t) for t in treatments))


def oral(drug: str, dose: float, schedule: str) -> dict:
    return {"drug": drug, "dose": dose, "route": "po", "schedule": schedule}


@pytest.fixture(scope="module")
def people():
    return draw(baxis.read_design("rituximab-reflex"), 1, np.arange(6), engine.Options())


def test_a_drug_with_a_flat_profile_is_averaged_and_one_that_swings_is_followed() -> None:
    flat, steep = Treatment(**oral("fenebrutinib", 200, "bid")), Treatment(**oral("tofacitinib", 10, "qd"))
    assert regimen.swing(flat) < 0.1 < regimen.SWING < regimen.swing(steep) < 1
    assert regimen.averages(flat, "auto")
    assert not regimen.averages(steep, "auto")
    assert regimen.averages(steep, "averaged")


def test_doses_by_weight_and_surface(people) -> None:
    rituximab = {"drug": "rituximab", "route": "iv", "schedule": "once"}
    by_weight = regimen.dose_amounts(Treatment(dose=10, dose_unit="mg/kg", **rituximab), people)
    by_surface = regimen.dose_amounts(Treatment(dose=375, dose_unit="mg/m2", **rituximab), people)
    assert by_weight == pytest.approx(10 * people.covariates["weight_kg"])
    assert by_surface == pytest.approx(375 * people.covariates["bsa_m2"])
    assert regimen.dose_amounts(Treatment(dose=1, dose_unit="g", **rituximab), people) == pytest.approx(
        np.full(6, 1000.0)
    )


def test_events_of_an_antibody(people) -> None:
    design = baxis.read_design("rituximab-reflex")
    parameters, events = regimen.plan(design, design.arms[1], people)
    assert list(events.times) == [0.0, 14.0]
    assert events.targets == ("P1_central", "P1_central")
    assert np.all(events.amounts == 1000)
    clearance = parameters[:, axis.index("P1_CL")[0]]
    assert len(set(clearance)) == 6  # between-patient variability of the population model


def test_a_background_drug_as_treatment_is_an_exposure(people) -> None:
    design = baxis.read_design("rituximab-reflex")
    _, events = regimen.plan(design, arm(oral("prednisone", 20, "qd x28")), people)
    name, factor = axis.background_input("prednisone", "mg/day")
    assert events.targets == (name, name)
    own = people.parameters[:, axis.index(name)[0]]
    assert events.amounts[:, 0] == pytest.approx(own + 20 * factor)
    assert events.times[1] == pytest.approx(28)
    assert events.amounts[:, 1] == pytest.approx(own)


def test_tapers_lower_the_dose_of_those_who_taper() -> None:
    design = baxis.read_design("fenebrutinib-sle-ph2")
    people = draw(design, 1, np.arange(60), engine.Options())
    _, events = regimen.plan(design, design.arms[0], people)
    start = people.covariates["prednisone_dose"]
    assert (events.amounts[:, 0] <= start + 1e-12).all()
    share = (events.amounts[:, 1] < start).sum() / (start > 7.5).sum()
    assert 0.1 < share < 0.6


def test_too_many_resolved_drugs_are_refused(people) -> None:
    names = ("rituximab", "belimumab", "abatacept", "obinutuzumab")
    four = [{"drug": d, "dose": 1, "route": "iv", "schedule": "once"} for d in names]
    with pytest.raises(InvalidValue, match="at most 3 drugs"):
        regimen.plan(baxis.read_design("rituximab-reflex"), arm(*four), people)


def test_a_drug_given_again_keeps_its_slot(people) -> None:
    once = {"drug": "rituximab", "dose": 1, "route": "iv", "schedule": "once"}
    _, events = regimen.plan(baxis.read_design("rituximab-reflex"), arm(once, once | {"start_day": 70}), people)
    assert events.targets == ("P1_central", "P1_central")


def test_no_dose_from_the_stop_day_on(people) -> None:
    design = baxis.read_design("rituximab-reflex")
    antibody = {"drug": "belimumab", "dose": 200, "route": "sc", "schedule": "qw", "stop_day": 28}
    assert list(regimen.plan(design, arm(antibody), people)[1].times) == [0, 7, 14, 21]
    _, tablet = regimen.plan(design, arm(oral("fenebrutinib", 200, "bid") | {"stop_day": 28}), people)
    last = tablet.amounts[:, tablet.times == tablet.times.max()]
    assert np.all(last < 1e-3 * tablet.amounts[:, tablet.times < 28].max())


def test_drugs_on_one_target_add(people) -> None:
    design = baxis.read_design("rituximab-reflex")
    one = regimen.plan(design, arm(oral("fenebrutinib", 200, "bid")), people)[1]
    two = regimen.plan(design, arm(oral("fenebrutinib", 200, "bid"), oral("fenebrutinib", 200, "bid")), people)[1]
    assert two.amounts == pytest.approx(2 * one.amounts)
