"""Enrichment: the chosen side gains more where it should, sizes follow the effect, bad cut-offs are refused."""

from __future__ import annotations

import json

import numpy as np
import pytest

from baxis.core.errors import InvalidValue, UnknownName
from baxis.insight.biomarkers.enrich import Cutoff, assurance, assured, enrich


def test_interferon_high_patients_gain_more_from_anifrolumab_and_need_fewer() -> None:
    result = enrich("anifrolumab", "SLE", Cutoff("ifn", 0.5), patients=800, threads=2)
    table = result.table.set_index("design")
    assert table.loc["enriched", "effect"] > table.loc["left out by enriching", "effect"]
    assert table.loc["enriched", "n_arm_90"] < table.loc["all comers", "n_arm_90"]
    assert (table["n_arm_90"] > table["n_arm_80"]).all()
    assert table.loc["stratified", "n_arm_80"] <= table.loc["all comers", "n_arm_80"]
    assert table.loc["enriched", "share"] == pytest.approx(0.5, abs=0.01)
    mean = 0.5 * (table.loc["enriched", "effect"] + table.loc["left out by enriching", "effect"])
    assert mean == pytest.approx(table.loc["all comers", "effect"], abs=1e-9)


def test_assurance_needs_more_than_power_and_assay_error_costs_patients() -> None:
    result = enrich("anifrolumab", "SLE", Cutoff("ifn", 0.5), patients=800, threads=2)
    table = result.table.set_index("design")
    for wanted in ("80", "90"):
        assert (table[f"assured_{wanted}"] >= table[f"n_arm_{wanted}"]).all()
    assert (table["screened_90"] > table["screened_80"]).all()
    row = table.loc["enriched"]
    assert row["screened_80"] == pytest.approx(2 * row["n_arm_80"] / 0.5, abs=3)
    assert 0.02 < result.errors["false_positive"] < 0.3
    assert result.errors["missed"] == pytest.approx(result.errors["false_positive"], abs=0.01)  # cut at the median
    assert result.errors["n_arm_80"] < 1.2 * row["n_arm_80"]


def test_assurance_of_a_sure_effect_is_power_and_of_a_wide_one_is_bounded() -> None:
    sure = np.full(100, 0.2)
    n = assured(0.8, sure, 0.5)
    assert n == pytest.approx((1.96 + 0.8416) ** 2 * 0.5 / 0.04, abs=1)
    assert assurance(n, sure, 0.5) >= 0.8 > assurance(n - 1, sure, 0.5)
    wide = 0.1 + 0.2 * np.random.default_rng(1).normal(size=2000)
    assert np.isnan(assured(0.9, wide, 0.5))  # the effect has the wrong sign in a third of the draws


@pytest.mark.parametrize(
    ("drug", "disease", "marker"),
    [
        ("fenebrutinib", "RA", "il6"),
        ("belimumab", "LN", "c3"),
        ("iscalimab", "SjD", "aal"),
        ("inebilizumab", "IgG4-RD", "igg4"),
        ("avacopan", "AAV", "serology"),
    ],
)
def test_every_disease_runs(drug: str, disease: str, marker: str) -> None:
    result = enrich(drug, disease, Cutoff(marker), patients=200, threads=2)
    assert set(result.table["design"]) == {"all comers", "enriched", "stratified", "left out by enriching"}
    assert result.table["assurance"].between(0, 1).all()
    json.dumps(result.to_dict(), allow_nan=False)


def test_a_zero_dose_needs_no_finite_trial() -> None:
    result = enrich("rituximab", "SLE", Cutoff("aas"), dose="0 mg iv days 1,15", patients=200, threads=2)
    assert result.table["n_arm_80"].isna().all()
    assert result.table["assurance"].max() < 0.06


def test_bad_input_is_refused() -> None:
    with pytest.raises(InvalidValue, match="between 0 and 1"):
        enrich("anifrolumab", "SLE", Cutoff("ifn", 1.2))
    with pytest.raises(InvalidValue, match="smaller side"):
        enrich("anifrolumab", "SLE", Cutoff("ifn", 0.99), patients=500)
    with pytest.raises(UnknownName, match="did you mean 'baff'"):
        enrich("anifrolumab", "SLE", Cutoff("baf"), patients=200)
