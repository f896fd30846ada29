from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from baxis.clinic.people import posterior
from baxis.clinic.statistics import intervals
from baxis.core import streams


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


def test_wilson_is_the_score_interval_of_the_paper() -> None:
    """Both ends solve (p - x)^2 = z^2 x (1 - x) / n."""
    for p, n, level, z in ((56 / 70, 70, 0.95, 1.959964), (0.3, 10, 0.9, 1.6448536), (0.02, 55, 0.5, 0.6744898)):
        for end in intervals.wilson(p, n, level):
            assert (p - end) ** 2 == pytest.approx(z * z * end * (1 - end) / n, rel=1e-5)
    low, high = intervals.wilson(0.4, 30)
    assert low < 0.4 < high
    assert intervals.wilson(1.0, 10)[0] == pytest.approx(1 / (1 + 1.959964**2 / 10), abs=1e-6)


def test_no_end_lies_outside_what_can_be() -> None:
    for n in range(1, 300):
        assert 0 <= intervals.wilson(0.0, n)[0] < intervals.wilson(0.0, n)[1] < 1
        assert 0 < intervals.wilson(1.0, n)[0] < intervals.wilson(1.0, n)[1] <= 1
    unsure = intervals.replicate(intervals.Sample(np.array([1.0, 0.0]), True, 2.0), 10, (3, "unsure"), "truth")
    assert (unsure.min(), unsure.max()) == (0, 1)  # a truth below none or above all does not exist
    assert np.mean(unsure == 1) == pytest.approx(1 - ndtr(0.25), abs=0.05)


def test_newcombe_asks_for_its_level_and_turns_with_its_arms() -> None:
    low, high = intervals.newcombe(0.6, 50, 0.4, 80, 0.9)
    back = intervals.newcombe(0.4, 80, 0.6, 50, 0.9)
    assert (low, high) == pytest.approx((-back[1], -back[0]))
    (l1, u1), (l0, u0) = intervals.wilson(0.6, 50, 0.9), intervals.wilson(0.4, 80, 0.9)
    assert (0.2 - low) ** 2 == pytest.approx((0.6 - l1) ** 2 + (u0 - 0.4) ** 2)
    assert (high - 0.2) ** 2 == pytest.approx((u1 - 0.6) ** 2 + (0.4 - l0) ** 2)


def test_replicates_of_a_mean_are_normal_with_the_error_of_both_sizes() -> None:
    y = np.linspace(0, 10, 50)
    draws = intervals.replicate(intervals.Sample(y, False, 0.5), 20, (3, "mean"), "truth")
    z = ndtri(streams.uniform(3, "truth", np.arange(intervals.REPLICATES))[:, 0])
    error = y.std(ddof=1) * np.sqrt(1 / 20 + 1 / 50)
    own = streams.generator(3, "mean").standard_normal(intervals.REPLICATES)
    assert draws == pytest.approx(5 + 0.5 * z + error * own)
    assert intervals.REPLICATES == 4000
    assert draws.std() == pytest.approx(np.hypot(0.5, error), rel=0.05)
    alone = intervals.replicate(intervals.Sample(np.array([2.0]), False), 20, (3, "one"), "truth")
    assert alone.tolist() == [2.0] * 4000  # one patient has no spread
    two = intervals.replicate(intervals.Sample(np.array([1.0, 3.0]), False), 20, (3, "two"), "truth")
    assert two.std() == pytest.approx(np.sqrt(2) * np.sqrt(1 / 20 + 1 / 2), rel=0.05)


def test_replicates_of_a_share_are_beta_then_binomial() -> None:
    y = np.array([1.0] * 3 + [0.0] * 7)
    draws = intervals.replicate(intervals.Sample(y, True, 0.2), 25, (3, "share"), "truth")
    own = streams.generator(3, "share")
    z = ndtri(streams.uniform(3, "truth", np.arange(4000))[:, 0])
    middle = np.clip(3.5 / 11 + 0.2 * z, 1e-6, 1 - 1e-6)  # half an event added, and half a patient without
    truth = own.beta(middle * 11, (1 - middle) * 11)
    assert draws == pytest.approx(own.binomial(25, truth) / 25)
    beta = intervals.replicate(intervals.Sample(y, True), 10**6, (3, "beta"), "truth")
    assert beta.mean() == pytest.approx(3.5 / 11, abs=0.005)
    assert beta.var() == pytest.approx(3.5 / 11 * 7.5 / 11 / 12, rel=0.06)


def test_a_central_interval_leaves_the_same_on_both_sides() -> None:
    draws = np.arange(101.0)
    assert intervals.central(draws, 0.9) == pytest.approx([5, 95])
    assert intervals.central(draws, 0.5) == pytest.approx([25, 75])


def test_parts_of_an_interval_stay_inside_what_can_be() -> None:
    found = intervals.apart(0.5, (0.1, 0.2, 1.0), (0.0, 1.0))
    assert found["pi90_parameters"] == pytest.approx([0.5 - 0.16448536, 0.5 + 0.16448536])
    assert found["pi90_patients"] == pytest.approx([0.5 - 0.32897073, 0.5 + 0.32897073])
    assert found["pi90_trial"] == [0.0, 1.0]
    assert intervals.apart(-4.0, (1.0, 1.0, 1.0))["pi90_trial"] == pytest.approx([-5.6448536, -2.3551464])


def test_spread_of_one_patients_value() -> None:
    assert intervals.sampling(np.array([1.0, 0.0, 0.0]), True) == pytest.approx(np.sqrt(1.5 / 4 * 2.5 / 4))
    assert intervals.sampling(np.zeros(9), True) == pytest.approx(np.sqrt(0.05 * 0.95))
    assert intervals.sampling(np.array([1.0, 3.0]), False) == pytest.approx(np.sqrt(2))
    assert intervals.sampling(np.array([1.0]), False) == 0.0
    assert intervals.sampling(np.array([]), False) == 0.0
    assert intervals.Sample(np.zeros(1), True).between == 0.0
