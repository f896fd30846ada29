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


def test_between_draw_sd_takes_off_the_noise_within() -> None:
    rng = np.random.default_rng(3)
    draws = np.repeat(np.arange(64), 16)
    truth = 0.4 + 0.1 * rng.standard_normal(64)
    y = (rng.random(draws.size) < truth[draws]).astype(float)
    assert posterior.between_draws(y, draws) == pytest.approx(0.1, abs=0.03)
    same = (rng.random(draws.size) < 0.4).astype(float)
    assert posterior.between_draws(same, draws) < 0.05
    assert posterior.between_draws(y, np.zeros(y.size, dtype=int)) == 0.0
