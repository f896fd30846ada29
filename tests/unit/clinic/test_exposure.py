"""Circumstances of patients: drawn, set by a design, and acting on doses and kinetics."""

from __future__ import annotations

import numpy as np
import pytest

import baxis
from baxis import axis, engine
from baxis.clinic.design import exposure
from baxis.clinic.people import covariates
from baxis.clinic.people.population import draw, typical_patients
from baxis.clinic.therapy import kinetics, regimen
from baxis.core.errors import Faults, InvalidValue, UnknownName

RA = {
    "trial_id": "exposure-test", "disease": "RA", "weeks": 24,
    "endpoints": [{"name": "ACR20", "week": 24}],
    "background_therapy": [{"drug": "methotrexate", "dose": 15, "dose_unit": "mg/week", "share": 0.5}],
}  # fmt: skip


def design(drug: str, dose: float, route: str, schedule: str, **changes: object) -> baxis.Design:
    given = [{"drug": drug, "dose": dose, "route": route, "schedule": schedule}]
    arms = [{"arm_id": "a", "n": 50, "role": "active", "treatments": given}]
    return baxis.clinic.design.design.build({**RA, "arms": arms, **changes}, "test")


def people(of: baxis.Design, n: int = 400):
    return draw(of, 3, np.arange(n), engine.Options())


@pytest.fixture(scope="module")
def adalimumab():
    of = design("adalimumab", 40, "sc", "q2w")
    return of, people(of)


def test_covariates_follow_the_published_shares(adalimumab) -> None:
    _, drawn = adalimumab
    assert drawn.covariates["ada adalimumab"].mean() == pytest.approx(0.17, abs=0.06)
    assert "adherence" not in drawn.covariates  # injected
    n = np.arange(4000)
    rituximab = design("rituximab", 1000, "iv", "days 1,15")
    alleles = covariates.covariates(rituximab, 1, n, {})["fcgr3a_v_alleles"]
    assert [np.mean(alleles == k) for k in (2, 1, 0)] == pytest.approx([0.20, 0.45, 0.35], abs=0.03)
    tablet = design("fenebrutinib", 200, "po", "bid")
    found = covariates.covariates(tablet, 1, n, {})
    assert found["adherence"].mean() == pytest.approx(0.9, abs=0.01)
    assert not found["ppi"].any()
    again = covariates.covariates(tablet, 1, n[:10], {})["adherence"]
    assert np.array_equal(again, found["adherence"][:10])  # keyed by patient


def test_antibodies_raise_clearance_late_and_methotrexate_lowers_it(adalimumab) -> None:
    of, drawn = adalimumab
    parameters, events = regimen.plan(of, of.arms[0], drawn)
    clearance = parameters[:, axis.index("P1_CL")[0]]
    takes = drawn.covariates["methotrexate_dose"] > 0
    assert np.median(clearance[takes]) / np.median(clearance[~takes]) == pytest.approx(0.56, rel=0.1)
    [at] = [i for i, t in enumerate(events.targets) if t == "P1_CL"]
    ratio = events.amounts[:, at] / clearance
    bad = drawn.covariates["ada adalimumab"] > 0
    assert events.times[at] == 84.0
    assert np.all(ratio[~bad] == 1.0)
    assert ratio[bad] == pytest.approx(axis.drug("adalimumab").circumstances[0].ratio)


def test_an_inhibitor_of_cyp3a_raises_exposure_by_the_cited_ratio() -> None:
    plain = design("upadacitinib", 15, "po", "qd")
    inhibited = plain.replace(exposure={"cyp3a_inhibitor": 1})
    drug = axis.drug("upadacitinib")
    factors = [regimen.variability(drug, people(of, 20))["CL"] for of in (plain, inhibited)]
    assert factors[0] / factors[1] == pytest.approx(1.75)


@pytest.mark.parametrize(
    ("drug", "dose", "circumstance", "ratio"),
    [
        ("tofacitinib", 5, "cyp3a_inhibitor", 2.03),
        ("tofacitinib", 5, "cyp3a_inducer", 0.16),
        ("acalabrutinib", 100, "ppi", 0.57),
    ],
)
def test_mean_concentration_moves_by_the_cited_ratio(drug: str, dose: float, circumstance: str, ratio: float) -> None:
    means = []
    for asked in ({}, {circumstance: 1}):
        of = design(drug, dose, "po", "bid", exposure=asked)
        typical = typical_patients(of, axis.parameters("RA")[None], axis.rest("RA"), engine.Options())
        pk = kinetics.micro_constants(regimen._kinetics(axis.drug(drug), typical))
        steady = kinetics.profile(pk, np.array([float(dose)]), 0.5, np.array([0.0, 20.0, 20.5]), 30.0)
        means.append(steady.mean(steady.conc)[0, -1])
    assert means[1] / means[0] == pytest.approx(ratio, rel=0.02)


def test_full_adherence_and_no_circumstance_change_nothing() -> None:
    of = design("fenebrutinib", 200, "po", "bid", exposure={"adherence": 1})
    drawn = people(of, 20)
    bare = type(drawn)(
        **{**vars(drawn), "covariates": {k: v for k, v in drawn.covariates.items() if k not in ("ppi", "adherence")}}
    )
    for dosing in ("averaged", "resolved"):
        a, b = (regimen.plan(of, of.arms[0], p, dosing)[1] for p in (drawn, bare))
        assert np.array_equal(a.amounts, b.amounts)


def test_missed_doses_by_the_average_and_one_by_one() -> None:
    of = design("tofacitinib", 5, "po", "bid", exposure={"adherence": 0.7})
    drawn = people(of, 60)
    _, averaged = regimen.plan(of, of.arms[0], drawn, "averaged")
    _, full = regimen.plan(
        of.replace(exposure={"adherence": 1}), of.arms[0], people(of.replace(exposure={"adherence": 1}), 60), "averaged"
    )
    held = [e.amounts / (1 + e.amounts) for e in (averaged, full)]
    assert held[0] == pytest.approx(0.7 * held[1], rel=1e-9)
    _, resolved = regimen.plan(of, of.arms[0], drawn, "resolved")
    doses = resolved.amounts[:, [t == "P1_depot" for t in resolved.targets]]
    assert set(np.unique(doses)) == {0.0, 5.0}
    assert (doses > 0).mean() == pytest.approx(0.7, abs=0.02)
    typical = typical_patients(of, axis.parameters("RA")[None], axis.rest("RA"), engine.Options())
    _, mean = regimen.plan(of, of.arms[0], typical, "resolved")
    assert np.unique(mean.amounts[:, [t == "P1_depot" for t in mean.targets]]) == pytest.approx([3.5])


def test_creatinine_clearance_by_cockcroft_and_gault() -> None:
    who = {"age_y": np.array([40.0, 40.0]), "weight_kg": np.array([72.0, 72.0]), "female": np.array([0.0, 1.0])}
    of = design("baricitinib", 4, "po", "qd")
    found = covariates.covariates(of, 1, np.arange(2), who, typical=True)["crcl_ml_min"]
    assert found == pytest.approx([100 / 0.95, 100 * 0.85 / 0.75])
    fixed = of.replace(exposure={"crcl_ml_min": 45})
    assert covariates.covariates(fixed, 1, np.arange(2), who)["crcl_ml_min"] == pytest.approx([45, 45])


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"pip": 1}, "unknown field"),
        ({"ppi": 1.5}, "less than or equal to 1"),
        ({"cyp3a_inhibitor": 1, "cyp3a_inducer": 1}, "give one of"),
        ({"fcgr3a": "XX"}, "VV"),
        ({"fcgr3a": "FF"}, "no published effect on a drug of the design"),
        ({"adherence": 0}, "greater than 0"),
    ],
)
def test_a_bad_exposure_is_told_before_anything_runs(asked: dict, says: str) -> None:
    with pytest.raises(Faults, match=says):
        design("fenebrutinib", 200, "po", "bid", exposure=asked)


def test_texts_of_the_command_line() -> None:
    assert exposure.parse(["ppi=1", "fcgr3a=ff"]) == {"ppi": 1.0, "fcgr3a": "FF"}
    with pytest.raises(UnknownName, match="ppi"):
        exposure.parse(["pip=1"])
    with pytest.raises(InvalidValue, match="a number"):
        exposure.parse(["ppi=yes"])
    with pytest.raises(InvalidValue, match="nothing"):
        exposure.parse(["ppi"])


def test_the_result_holds_what_each_patient_had() -> None:
    of = baxis.read_design("rituximab-reflex").replace(exposure={"fcgr3a": "FF"})
    result = baxis.run_trial(of, patients=12, seed=1)
    assert set(result.patients["fcgr3a_v_alleles"]) == {0.0}
