from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import betabinom

from baxis.clinic import intervals


def test_newcombe_examples_of_the_paper() -> None:
    """Newcombe 1998, Table II, method 10: (a) 56/70 - 48/80, (b) 9/10 - 3/10, (h) 10/10 - 0/10."""
    assert intervals.newcombe(56 / 70, 70, 48 / 80, 80) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert intervals.newcombe(9 / 10, 10, 3 / 10, 10) == pytest.approx((0.1705, 0.8090), abs=5e-5)
    assert intervals.newcombe(1, 10, 0, 10) == pytest.approx((0.6075, 1.0), abs=5e-5)


def test_wilson_stays_within_zero_and_one() -> None:
    assert intervals.wilson(0, 20)[0] == 0
    assert intervals.wilson(1, 20)[1] == 1


def test_beta_binomial_quantiles_agree_with_scipy() -> None:
    u = np.linspace(0.001, 0.999, 97)
    assert np.array_equal(intervals.beta_binomial_quantile(u, 86, 40.5, 61.5), betabinom.ppf(u, 86, 40.5, 61.5))


def test_prediction_interval_narrows_with_the_trial_and_covers_its_level() -> None:
    y = (np.arange(1000) < 400).astype(float)
    small, large = (intervals.replicate(y, n, (1, "t"), True) for n in (50, 500))
    width = [np.diff(intervals.central(d, 0.9))[0] for d in (small, large)]
    assert width[0] > 2.5 * width[1]
    assert large.mean() == pytest.approx(0.4, abs=0.005)
    low, high = intervals.central(small, 0.9)
    truth = np.random.default_rng(1).binomial(50, 0.4, 20000) / 50
    assert np.mean((truth >= low) & (truth <= high)) == pytest.approx(0.9, abs=0.05)
