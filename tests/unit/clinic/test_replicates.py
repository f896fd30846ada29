"""Replicated trials: sampling theory at known rates, sham arms, sizes, faults."""

from __future__ import annotations

import numpy as np
import pytest

import baxis
from baxis.clinic.questions.replicates import Replication, _Question, _replicates
from baxis.core.errors import InvalidValue, UnknownName

FEW = {"patients": 60, "seed": 3}


def question(active: float, control: float, between: float = 0.0) -> _Question:
    pool = np.arange(1000) / 1000
    return _Question("a", (pool < active).astype(float), (pool < control).astype(float), True, between, 1)


def test_power_of_two_proportions_is_that_of_the_normal_formula() -> None:
    estimates, p = _replicates(question(0.6, 0.4), (100, 100), 20_000, 0.0)
    assert np.mean(p < 0.05) == pytest.approx(0.81, abs=0.02)
    assert estimates.std() == pytest.approx(np.sqrt(2 * 0.24 / 100), rel=0.03)


def test_without_an_effect_the_test_keeps_its_level() -> None:
    _, p = _replicates(question(0.4, 0.4), (200, 200), 20_000, 0.0)
    assert np.mean(p < 0.05) == pytest.approx(0.05, abs=0.01)
    scores = np.linspace(-2, 2, 400)
    _, p = _replicates(_Question("a", scores, scores, False, 0.0, 1), (40, 40), 5_000, 0.0)
    assert np.mean(p < 0.05) == pytest.approx(0.05, abs=0.012)


def test_an_uncertain_truth_widens_the_estimates() -> None:
    narrow, _ = _replicates(question(0.6, 0.4), (100, 100), 5_000, 0.0)
    wide, _ = _replicates(question(0.6, 0.4, 0.1), (100, 100), 5_000, 0.1)
    assert wide.std() ** 2 - narrow.std() ** 2 == pytest.approx(0.01, rel=0.2)


def test_larger_trials_have_more_power_and_the_same_seed_the_same_numbers() -> None:
    plan = Replication(replicates=400, sizes=(50, 400))
    found = baxis.replicate_trials("fenebrutinib-sle-ph2", plan, **FEW)
    again = baxis.replicate_trials("fenebrutinib-sle-ph2", plan, **FEW)
    assert found.trials.equals(again.trials)
    for _, rows in found.table.groupby("arm_id"):
        assert rows["sd"].is_monotonic_decreasing
        if rows["predicted"].iloc[0] > 0.03:
            assert rows["power"].is_monotonic_increasing
    assert set(found.to_dict()["rows"][0]) >= {"predicted", "pi90", "power", "assurance", "opposite"}


def test_published_sizes_are_the_default() -> None:
    found = baxis.replicate_trials("fenebrutinib-sle-ph2", Replication(replicates=20), **FEW)
    control, *active = found.design.arms
    assert found.table["n_active"].tolist() == [a.n for a in active]
    assert set(found.table["n_control"]) == {control.n}
    assert len(found.trials) == 40


def test_wrong_plans_are_named() -> None:
    with pytest.raises(InvalidValue, match="at least 2 patients"):
        Replication(sizes=(1,))
    with pytest.raises(InvalidValue, match="replicates"):
        Replication(replicates=0)
    with pytest.raises(InvalidValue, match="alpha"):
        Replication(alpha=0.7)
    with pytest.raises(UnknownName, match="SRI-4"):
        baxis.replicate_trials("fenebrutinib-sle-ph2", Replication(endpoint="SRI4"), **FEW)
