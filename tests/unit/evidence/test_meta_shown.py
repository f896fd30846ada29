"""What `evidence meta` shows beside an estimate is what the estimate is made of."""

from __future__ import annotations

import math

import pytest

from baxis import evidence
from baxis.evidence.meta import Pooling
from baxis.evidence.meta.run import run
from baxis.evidence.meta.select import Query


@pytest.fixture(scope="module")
def ratios():
    return run(evidence.load(), Query("SRI-4", diseases=("SLE",)), "OR", options=Pooling(model="FE"))


def test_shares_give_the_odds_ratio_beside_them(ratios) -> None:
    rows = ratios.table()
    assert len(rows) > 5
    for r in rows:
        a, c = r["active"], r["control"]
        assert r["estimate"] == pytest.approx(a / (1 - a) / (c / (1 - c)), rel=1e-9), r["trial"]


def test_pools_without_correction_are_on_the_scale_that_they_name(ratios) -> None:
    found = ratios.to_dict()
    pooled = found["summary"][-1]["estimate"]
    assert found["without_correction"]
    for t in found["without_correction"]:
        assert t["estimate"] == pytest.approx(pooled, rel=0.05)
        assert t["ci_low"] * t["ci_high"] == pytest.approx(t["estimate"] ** 2, rel=1e-9)  # symmetric as logarithms


def test_a_fixed_effect_has_no_interval_of_a_variance_between_trials(ratios) -> None:
    assert all(math.isnan(t) for t in ratios.overall.tau2_ci)
