"""Enrichment: the chosen side gains more where it should, sizes follow the effect, bad cut-offs are refused."""

from __future__ import annotations

import pytest

from baxis.core.errors import InvalidValue, UnknownName
from baxis.insight.enrich import Cutoff, enrich


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
