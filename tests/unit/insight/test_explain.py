"""Explain: names are checked first, tables add up, a zero dose is nothing, and every disease runs."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import baxis
from baxis.core.errors import InvalidValue, UnknownName
from baxis.insight.bench.scenario import scenario
from baxis.insight.explain import Explanation

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


@pytest.mark.parametrize(
    ("name", "span", "seen", "said"),
    [
        ("SRI-4", (1.0, 9.0), None, "The model predicts a benefit here."),
        ("SRI-4", (-1.0, 9.0), None, "no clear benefit"),
        ("SRI-4", (0.0, 0.0), None, "no clear benefit"),
        ("SRI-4", (-9.0, -1.0), None, "predicts harm"),
        ("SLEDAI_change", (-9.0, -1.0), None, "The model predicts a benefit here."),
        ("SLEDAI_change", (1.0, 9.0), None, "predicts harm"),
        ("severe_flare", (-9.0, -1.0), None, "The model predicts a benefit here."),
        ("SRI-4", (1.0, 9.0), (0.012, -0.1, 0.12), "+1.2 (-10.0 to 12.0, 95 %) pp, no clear effect: what follows"),
        ("SRI-4", (1.0, 9.0), (0.14, 0.06, 0.22), "The trial published +14.0 (6.0 to 22.0, 95 %) pp."),
        ("SRI-4", (-1.0, 9.0), (0.012, -0.1, 0.12), "+1.2 (-10.0 to 12.0, 95 %) pp."),
    ],
)
def test_the_sentence_of_benefit_follows_the_number_and_its_interval(
    name: str, span: tuple[float, float], seen: tuple[float, float, float] | None, said: str
) -> None:
    """A score falls in benefit, a responder's share rises, an event's share falls."""
    from dataclasses import replace

    asked = scenario("belimumab", "SLE", endpoint=name)
    unit = "points" if name in asked.tool.continuous else "pp"
    effect: dict[str, float | str] = {"difference": sum(span) / 2, "ci_low": span[0], "ci_high": span[1], "unit": unit}
    empty = pd.DataFrame()
    found = Explanation(replace(asked, published=seen), empty, empty, empty, empty, effect, 0.0, {})
    assert said in found.predicted


def test_more_filtration_is_the_benefit() -> None:
    """eGFR is a score of which more is better, unlike every index of activity."""
    assert scenario("rituximab", "LN", endpoint="eGFR_change").better == 1
    assert scenario("rituximab", "LN", endpoint="UPCR_pct_change").better == -1


def test_what_the_setting_published_stands_beside_the_model_only_where_its_regimen_is_the_trials() -> None:
    """EXPLORER (doi:10.1002/art.27233): 29.6 % of rituximab, 28.4 % of placebo with a BILAG response."""
    own = scenario("rituximab", "SLE").published
    assert own is not None
    assert own[0] == pytest.approx(0.012, abs=0.002)
    assert own[1] < 0 < own[2]
    assert scenario("rituximab", "SLE", dose="500 mg iv once").published is None
