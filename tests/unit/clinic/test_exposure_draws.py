"""Bounds of what a design may say of exposure, and the draws behind it, without simulating anything."""

from types import SimpleNamespace

import numpy as np
import pytest
from pydantic import ValidationError

from baxis.clinic.design import exposure
from baxis.clinic.design.blocks import Exposure
from baxis.clinic.people import covariates
from baxis.core import streams

SHARES = ("fed", "fasted", "ppi", "cyp3a_inhibitor", "cyp3a_inducer", "ada", "adherence")
IDS = np.arange(500)


@pytest.mark.parametrize("name", SHARES)
def test_a_share_lies_between_none_and_all(name: str) -> None:
    assert getattr(Exposure(**{name: 1}), name) == 1
    assert getattr(Exposure(**{name: 0.01}), name) == 0.01
    for wrong in (1.01, -0.01):
        with pytest.raises(ValidationError, match=name):
            Exposure(**{name: wrong})
    if name == "adherence":  # nobody takes nothing of what is prescribed
        with pytest.raises(ValidationError, match="greater than 0"):
            Exposure(adherence=0)
    else:
        assert getattr(Exposure(**{name: 0}), name) == 0


def test_creatinine_clearance_lies_in_what_is_measured() -> None:
    assert [Exposure(crcl_ml_min=v).crcl_ml_min for v in (5, 250)] == [5, 250]
    for wrong in (4.9, 250.5):
        with pytest.raises(ValidationError, match="crcl_ml_min"):
            Exposure(crcl_ml_min=wrong)


def test_a_text_that_is_no_number_is_told_as_it_was_written() -> None:
    with pytest.raises(exposure.InvalidValue, match="got 'yes'"):
        exposure.parse(["ppi=yes"])
    with pytest.raises(exposure.InvalidValue, match="got '='"):
        exposure.parse(["ppi="])


def drug(name: str, oral: bool, renal: bool = False, **circumstance) -> SimpleNamespace:
    size = ({"covariate": "crcl_ml_min"}, {"covariate": "weight_kg"}) if renal else ({"covariate": "weight_kg"},)
    found = [
        SimpleNamespace(
            name=k, ratio=r, share=None if s is None else SimpleNamespace(value=s), covariate=lambda d, k=k: f"{k} {d}"
        )
        for k, (r, s) in circumstance.items()
    ]
    return SimpleNamespace(name=name, oral=oral, circumstances=found, size=size)


PEOPLE = {"female": np.zeros(500), "age_y": np.full(500, 40.0), "weight_kg": np.full(500, 72.0)}


def drawn(monkeypatch, *drugs, typical: bool = False, **given):
    monkeypatch.setattr(covariates, "used", lambda design: drugs)
    return covariates.covariates(SimpleNamespace(exposure=Exposure(**given)), 3, IDS, PEOPLE, typical)


def test_what_one_drug_asks_for_is_drawn_for_all(monkeypatch) -> None:
    both = drawn(monkeypatch, drug("a", True, renal=True), drug("b", False))
    assert set(both) == {"adherence", "crcl_ml_min"}
    assert set(drawn(monkeypatch, drug("b", False))) == set()


def test_antibodies_are_drawn_where_their_share_and_effect_are_known(monkeypatch) -> None:
    known, no_effect = drug("a", False, ada=(2.0, 0.3)), drug("b", False, ada=(None, 0.3))
    no_share, other = drug("c", False, ada=(2.0, None)), drug("d", False, ppi=(0.5, 0.4))
    found = drawn(monkeypatch, known, no_effect, no_share, other)
    assert set(found) == {"ada a", "ppi"}
    assert np.array_equal(found["ada a"], streams.uniform(3, "ada a", IDS)[:, 0] < 0.3)
    assert drawn(monkeypatch, known, ada=1)["ada a"].all()


def test_the_typical_patient_has_what_most_have() -> None:
    for share, has in ((0.49, 0), (0.52, 1)):
        assert set(covariates._carriers(share, 1, "x", IDS, True)) == {has}
    mean = covariates.number("adherence.mean")
    assert set(covariates._adherence(None, 1, IDS, True)) == {mean}
    assert set(covariates._alleles(None, 1, IDS, True)) == {1.0}
    assert covariates.number("fcgr3a.VV") + covariates.number("fcgr3a.VF") > 0.2 + 0.3


def test_alleles_by_their_shares(monkeypatch) -> None:
    u = streams.uniform(1, "FCGR3A", IDS)[:, 0]
    vv, vf = covariates.number("fcgr3a.VV"), covariates.number("fcgr3a.VF")
    assert np.array_equal(covariates._alleles(None, 1, IDS, False), (u < vv) + 1.0 * (u < vv + vf))
    assert [set(covariates._alleles(g, 1, IDS, False)) for g in ("VV", "VF", "FF")] == [{2.0}, {1.0}, {0.0}]
    monkeypatch.setattr(covariates, "number", {"fcgr3a.VV": 0.0, "fcgr3a.VF": 0.52}.get)
    assert set(covariates._alleles(None, 1, IDS, True)) == {1.0}  # the median patient stands at a half


def test_clearance_falls_with_creatinine_as_cockcroft_and_gault_wrote() -> None:
    found = covariates._clearance(None, 3, IDS, PEOPLE, False)
    z = streams.normal(3, "creatinine", IDS)[:, 0]
    creatinine = covariates.number("creatinine.male") * np.exp(covariates.number("creatinine.log_sd") * z)
    assert found == pytest.approx((140 - 40) * 72 / (72 * creatinine))


def test_what_nothing_answers_is_said_with_the_drugs(monkeypatch) -> None:
    of = SimpleNamespace(exposure=Exposure(ppi=1, adherence=0.5, crcl_ml_min=50))
    monkeypatch.setattr(exposure, "used", lambda design: (drug("a", True, renal=True), drug("b", False)))
    (only,) = exposure.unanswered(of)
    assert only.startswith("exposure.ppi: ")
    assert "(a, b)" in only
    monkeypatch.setattr(exposure, "used", lambda design: ())
    assert all("none with kinetics" in text for text in exposure.unanswered(of))
    assert exposure.unanswered(SimpleNamespace(exposure=Exposure())) == []
