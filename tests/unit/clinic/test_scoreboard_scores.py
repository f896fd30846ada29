"""Scores of the board against closed forms and hand counts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.special import ndtri

from baxis.clinic.scoreboard import scores
from baxis.clinic.scoreboard.mechanism import explained
from baxis.clinic.scoreboard.novelty import KINDS, novelty, seen
from baxis.clinic.scoreboard.prediction import Prediction, normal
from baxis.clinic.scoreboard.scored import Scored


def row(trial: str, value: float, **more: Any) -> Scored:
    """A contrast with a sharp mechanism at 0.1 and a wide rival at 0."""
    found = {"mechanism": normal(0.1, 0.05), "no_effect": normal(0.0, 0.05)}
    base = {"trial_id": trial, "scale": "risk_difference", "role": "validation", "benefit_sign": 1, **more}
    ci = more.get("ci", (value - 0.1, value + 0.1))
    return Scored(base, value, ci, 0.05, found, {k: p.crps(value) for k, p in found.items()})


def test_crps_of_a_normal_is_the_closed_form() -> None:
    from baxis.evidence.rival.score import crps_normal

    for observed in (-0.2, 0.0, 0.31):
        assert normal(0.1, 0.2).crps(observed) == pytest.approx(crps_normal(0.1, 0.2, observed), rel=0.005)


def test_interval_and_coverage_of_a_normal() -> None:
    low, high = normal(1.0, 2.0).interval(0.9)
    assert (low, high) == pytest.approx((1 - 2 * ndtri(0.95), 1 + 2 * ndtri(0.95)), abs=0.02)
    assert normal(1.0, 2.0).covers(4.2, 0.9)
    assert not normal(1.0, 2.0).covers(4.4, 0.9)


def test_success_counts_draws_beyond_the_critical_difference() -> None:
    p = Prediction(0.1, np.array([0.05, 0.15, 0.25, -0.3]))
    assert p.success(1, 0.05) == 0.5
    assert p.success(-1, 0.05) == 0.25


def test_metrics_by_hand() -> None:
    rows = [row("a", 0.2), row("a", 0.0), row("b", 0.4)]
    found = scores.metrics(rows, "mechanism")
    assert found["mae"] == pytest.approx((0.1 + 0.1 + 0.3) / 3)
    assert found["bias"] == pytest.approx((-0.1 + 0.1 - 0.3) / 3)
    assert (found["contrasts"], found["trials"]) == (3, 2)
    assert found["coverage90"] == pytest.approx(0.0)
    assert scores.metrics([row("a", 0.11)], "mechanism")["coverage90"] == 1.0


def test_bias_is_counted_towards_benefit() -> None:
    assert scores.metrics([row("a", 0.3)], "mechanism")["bias"] == pytest.approx(-0.2)
    assert scores.metrics([row("a", 0.3, benefit_sign=-1)], "mechanism")["bias"] == pytest.approx(0.2)


def test_without_interval_out_of_coverage_but_in_the_error() -> None:
    rows = [row("a", 0.2), row("b", 0.3, ci=None)]
    found = scores.metrics(rows, "mechanism")
    assert (found["contrasts"], found["coverage90_n"]) == (2, 1)
    assert scores.metrics([rows[1]], "mechanism")["coverage90"] is None


def test_success_of_a_trial_needs_the_whole_interval_on_the_side_of_benefit() -> None:
    assert row("a", 0.2).success == 1.0
    assert row("a", 0.05).success == 0.0
    assert row("a", 0.2, benefit_sign=-1).success == 0.0
    assert row("a", -0.2, benefit_sign=-1).success == 1.0


def test_skill_is_of_trials_not_contrasts() -> None:
    rows = [row("a", 0.1)] * 5 + [row("b", 0.0)]
    found = scores.skill(rows, "mechanism", "no_effect")
    mine = sum(r.crps["mechanism"] for r in rows)
    theirs = sum(r.crps["no_effect"] for r in rows)
    assert found["skill"] == pytest.approx(1 - mine / theirs)
    alone = {r.row["trial_id"]: 1 - r.crps["mechanism"] / r.crps["no_effect"] for r in rows}
    assert found["low"] == pytest.approx(alone["b"])  # a resample may hold trial b only
    assert found["high"] == pytest.approx(alone["a"])
    assert scores.skill(rows, "mechanism", "no_effect") == found


def test_binomial_is_exact() -> None:
    assert scores.binomial(9, 10, 0.9) == pytest.approx(1.0)
    assert scores.binomial(5, 10, 0.9) == pytest.approx(0.00163, abs=2e-4)


def test_novelty_does_not_count_the_trial_itself() -> None:
    rows = [
        {"trial_id": "a", "role": "calibration", "drug": "rituximab", "disease": "RA"},
        {"trial_id": "b", "role": "validation", "drug": "rituximab", "disease": "RA"},
        {"trial_id": "c", "role": "validation", "drug": "rituximab", "disease": "SLE"},
        {"trial_id": "d", "role": "validation", "drug": "belimumab+rituximab", "disease": "RA"},
    ]
    known = seen(rows)
    assert [novelty(r, known) for r in rows] == [KINDS[2], KINDS[0], KINDS[1], KINDS[2]]


def test_strata_keep_scales_apart() -> None:
    rows = [row("a", 0.1), row("b", 0.2, scale="mean_difference")]
    found = scores.strata(rows, ["mechanism", "no_effect"], "mechanism", "role")
    assert {k: v["predictors"]["mechanism"]["contrasts"] for k, v in found["validation"].items()} == {
        "risk_difference": 1,
        "mean_difference": 1,
    }


def test_spread_between_draws_is_found_and_noise_is_not() -> None:
    rng = np.random.default_rng(1)
    draws = rng.dirichlet(np.ones(4), 64)
    carried = np.arange(3200) % 64
    slope = np.array([0.4, -0.2, 0.0, 0.1])
    truth = float((draws @ slope).std())
    found = [explained(draws[carried] @ slope + rng.normal(0, 0.5, 3200), draws, carried) for _ in range(20)]
    assert np.mean(found) == pytest.approx(truth, rel=0.1)
    nothing = [explained(rng.normal(0, 0.5, 3200), draws, carried) for _ in range(20)]
    assert np.mean(nothing) < 0.012
    assert explained(np.zeros(3200), draws, carried) == 0.0


def test_sign_right_is_a_share() -> None:
    rows = [row("a", 0.2), row("b", -0.2)]
    assert scores.metrics(rows, "mechanism")["sign_right"] == 0.5
