"""Explanations agree with what is known of the drugs: what rituximab spares, and where BTK inhibition stops in lupus."""

from __future__ import annotations

import pytest

import baxis
from baxis.insight.explain import Explanation


@pytest.fixture(scope="module")
def btk() -> dict[str, Explanation]:
    return {c: baxis.explain("fenebrutinib", c, dose="200 mg po bid", patients=60, threads=2) for c in ("RA", "SLE")}


def test_btk_inhibitor_loses_its_effect_after_the_signal_more_in_lupus(btk: dict[str, Explanation]) -> None:
    falls = {c: r.stages.set_index("name")["fall_pct"] for c, r in btk.items()}
    for fall in falls.values():
        assert fall["btk_free"] > 90
        assert fall["A_plc"] > 70  # the proximal signal is held in both diseases
    assert falls["RA"]["infl"] > 1.4 * falls["SLE"]["infl"]
    takes = {c: r.ladder.set_index("step")["takes_pct"] for c, r in btk.items()}
    late = ["no plasma cells, no autoantibody", "independent of B cells"]
    assert takes["SLE"][late].sum() > 1.4 * takes["RA"][late].sum()
    assert takes["SLE"]["target fully held"] < 10  # more drug would not help much


def test_plasma_cells_are_the_escape_of_btk_inhibition_in_lupus_not_in_ra(btk: dict[str, Explanation]) -> None:
    share = {c: r.routes.set_index("route")["shapley_pct"]["plasma cells"] for c, r in btk.items()}
    assert share["SLE"] > 1.5 * share["RA"]


def test_rituximab_spares_long_lived_plasma_cells() -> None:
    result = baxis.explain("rituximab", "SLE", dose="1000 mg iv days 1,15", endpoint="SRI-4@24", patients=60, threads=2)
    fall = result.stages.set_index("name")["fall_pct"]
    assert fall["nvbA"] > 90
    assert fall["lpA"] < 10
    assert fall["igg"] < 25
    assert result.main_route == "plasma cells"
