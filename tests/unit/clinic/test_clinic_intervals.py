from __future__ import annotations

import numpy as np
import pytest

from baxis.clinic import intervals, posterior


def test_newcombe_examples_of_the_paper() -> None:
    """Newcombe 1998, Table II, method 10: (a) 56/70 - 48/80, (b) 9/10 - 3/10, (h) 10/10 - 0/10."""
    assert intervals.newcombe(56 / 70, 70, 48 / 80, 80) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert intervals.newcombe(9 / 10, 10, 3 / 10, 10) == pytest.approx((0.1705, 0.8090), abs=5e-5)
    assert intervals.newcombe(1, 10, 0, 10) == pytest.approx((0.6075, 1.0), abs=5e-5)


def test_wilson_stays_within_zero_and_one() -> None:
    assert intervals.wilson(0, 20)[0] == 0
    assert intervals.wilson(1, 20)[1] == 1


def test_prediction_interval_narrows_with_the_trial_and_covers_its_level() -> None:
    y = (np.arange(1000) < 400).astype(float)
    small, large = (intervals.replicate(intervals.Sample(y, True), n, (1, "t"), "truth") for n in (50, 500))
    width = [np.diff(intervals.central(d, 0.9))[0] for d in (small, large)]
    assert width[0] > 2.5 * width[1]
    assert large.mean() == pytest.approx(0.4, abs=0.005)
    low, high = intervals.central(small, 0.9)
    truth = np.random.default_rng(1).binomial(50, 0.4, 20000) / 50
    assert np.mean((truth >= low) & (truth <= high)) == pytest.approx(0.9, abs=0.05)


def test_parameter_uncertainty_widens_and_is_shared_between_arms() -> None:
    y = (np.arange(1000) < 400).astype(float)
    plain, wide, other = (
        intervals.replicate(intervals.Sample(y, True, sd), 400, (1, name), "truth")
        for name, sd in (("a", 0.0), ("b", 0.1), ("c", 0.1))
    )
    assert wide.std() > 2.5 * plain.std()
    assert np.corrcoef(wide, other)[0, 1] > 0.8
    assert abs(np.corrcoef(plain, wide)[0, 1]) < 0.1


def test_sd_between_draws_takes_off_the_noise_within() -> None:
    rng = np.random.default_rng(3)
    draws = rng.dirichlet([2.0, 2.0, 2.0], 64)
    carried = np.arange(1024) % 64
    slope = np.array([0.5, 0.0, -0.5])
    truth = 0.4 + (draws - draws.mean(0)) @ slope
    y = (rng.random(1024) < truth[carried]).astype(float)
    assert posterior.explained(y, draws, carried) == pytest.approx(truth.std(), abs=0.04)
    same = (rng.random(1024) < 0.4).astype(float)
    assert posterior.explained(same, draws, carried) < 0.03


def test_a_disease_without_draws_has_no_spread_between_them() -> None:
    assert posterior.between_draws(np.ones(8), np.arange(8), "healthy") == 0.0


def test_shipped_draws_are_weights() -> None:
    for disease in ("RA", "SLE"):
        draws = posterior.weights(disease)
        assert draws is not None
        assert len(draws) >= 64
        assert draws.sum(axis=1) == pytest.approx(np.ones(len(draws)), abs=1e-3)
        assert (draws >= 0).all()
