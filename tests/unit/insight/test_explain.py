"""Explain: names are checked first, tables add up, a zero dose is nothing, and every disease runs."""

from __future__ import annotations

import json

import numpy as np
import pytest

import baxis
from baxis.core.errors import InvalidValue, UnknownName
from baxis.insight.scenario import scenario

PAIRS = [
    ("fenebrutinib", "RA"),
    ("anifrolumab", "SLE"),
    ("belimumab", "LN"),
    ("iscalimab", "SjD"),
    ("inebilizumab", "IgG4-RD"),
    ("avacopan", "AAV"),
]


@pytest.mark.parametrize(("drug", "disease"), PAIRS)
def test_tables_add_up_in_every_disease(drug: str, disease: str) -> None:
    result = baxis.explain(drug, disease, patients=20, threads=2)
    assert result.null == 0.0
    assert result.ladder["takes_pct"].sum() == pytest.approx(100.0)
    shares = result.routes.set_index("route")["shapley_pct"]
    players = shares.drop(["interaction", "all closed"])
    assert players.sum() == pytest.approx(shares["all closed"])
    alone = result.routes.set_index("route")["alone_pct"][players.index].sum()
    assert alone + shares["interaction"] == pytest.approx(shares["all closed"])
    assert result.arms["carries_pct"].sum() == pytest.approx(100 - result.ladder["takes_pct"].iloc[0])
    # what the drug as given does to the endpoint is the effect itself, in its unit
    assert result.ladder["endpoint_change"].iloc[0] == pytest.approx(result.effect["difference"])
    json.dumps(result.to_dict(), allow_nan=False)


def test_a_zero_dose_takes_nothing() -> None:
    result = baxis.explain("rituximab", "SLE", dose="0 mg iv days 1,15", patients=20, threads=2)
    assert np.all(result.stages["fall_pct"] == 0)
    assert result.ladder["takes_pct"].iloc[0] == 0
    assert result.effect["difference"] == 0
    assert result.routes["alone_pct"].dropna().iloc[0] == pytest.approx(result.routes["without_drug_pct"].iloc[0])


def test_the_same_recipe_gives_the_same_numbers() -> None:
    one, two = (baxis.explain("belimumab", "SLE", patients=20, threads=n).to_dict() for n in (1, 2))
    assert one == two


def test_errors_name_what_was_got_and_the_nearest() -> None:
    with pytest.raises(UnknownName, match="did you mean 'SLE'"):
        baxis.explain("rituximab", "SLEE")
    with pytest.raises(UnknownName, match="unknown drug 'rituximap'; did you mean 'rituximab'"):
        baxis.explain("rituximap", "SLE")
    with pytest.raises(UnknownName, match=r"endpoint in SLE 'SRI-44'; did you mean 'SRI-4'"):
        baxis.explain("rituximab", "SLE", endpoint="SRI-44")
    with pytest.raises(InvalidValue, match="at least 20"):
        baxis.explain("rituximab", "SLE", patients=5)
    with pytest.raises(InvalidValue, match="NAME@WEEK"):
        baxis.explain("rituximab", "SLE", endpoint="SRI-4@soon")
    with pytest.raises(InvalidValue, match="a trial in RA"):
        baxis.explain("fenebrutinib", "RA", trial="fenebrutinib-sle-ph2")


def test_the_setting_comes_from_the_drugs_own_trial() -> None:
    found = scenario("fenebrutinib", "SLE")
    assert "fenebrutinib-sle-ph2" in found.origin
    assert found.regimen == "fenebrutinib 200 mg po bid"
    assert found.control.treatments == ()
    other = scenario("fenebrutinib", "SLE", dose="150 mg po qd", endpoint="SRI-4@24")
    assert other.regimen == "fenebrutinib 150 mg po qd"
    assert other.design.weeks == 24
