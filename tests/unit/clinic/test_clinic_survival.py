"""Survival statistics against worked examples and simulation; times to event from visits."""

from math import log, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baxis.clinic.instruments import Course, instrument
from baxis.clinic.instruments.events import first_event
from baxis.clinic.statistics.survival import (
    FLAT,
    Times,
    hazard_ratio,
    kaplan_meier,
    log_rank,
    pool,
    rate_influence,
    replicate_log_hazard_ratio,
)
from baxis.core import streams
from baxis.core.errors import InvalidValue, UnknownName

# Remission in leukaemia, weeks (Freireich 1963): 6-mercaptopurine (+ censored) and placebo.
MP = Times(
    np.array([6, 6, 6, 7, 10, 13, 16, 22, 23, 6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35], float),
    np.array([1] * 9 + [0] * 12, bool),
)
PLACEBO = Times(
    np.array([1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23], float), np.ones(21, bool)
)


def test_kaplan_meier_of_the_leukaemia_data():
    curve = kaplan_meier(MP)
    assert curve.at_risk.tolist() == [21, 17, 15, 12, 11, 7, 6]
    assert curve.survival == pytest.approx([0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448], abs=5e-4)
    assert curve.at(5.9) == 1.0
    assert np.all(curve.low <= curve.survival)
    assert np.all(curve.survival <= curve.high)


def test_log_rank_of_the_leukaemia_data():
    chi2, p = log_rank(MP, PLACEBO)
    assert chi2 == pytest.approx(16.79, abs=0.01)
    assert p == pytest.approx(4.17e-5, rel=0.02)


def test_cox_of_the_leukaemia_data():
    ratio = hazard_ratio(MP, PLACEBO)  # Efron's ties: log -1.572, se 0.412
    assert ratio.log == pytest.approx(-1.572, abs=1e-3)
    assert ratio.se == pytest.approx(0.412, abs=1e-3)
    assert ratio.low < ratio.value < ratio.high < 1


def test_hazard_ratio_of_exponential_times():
    rng = np.random.default_rng(1)
    arms = []
    for rate in (0.5, 1.0):
        time = rng.exponential(1 / rate, 20000)
        arms.append(Times(np.minimum(time, 1.0), time < 1.0))
    assert hazard_ratio(*arms).value == pytest.approx(0.5, abs=0.03)


def test_an_arm_without_events_has_no_finite_estimate():
    quiet = Times(np.full(30, 52.0), np.zeros(30, bool))
    ratio = hazard_ratio(quiet, PLACEBO)
    assert (ratio.low, ratio.high) == (0.0, float("inf"))
    assert np.isnan(hazard_ratio(quiet, quiet).value)
    assert log_rank(quiet, quiet) == (0.0, 1.0)
    draws = replicate_log_hazard_ratio(quiet, PLACEBO, (30, 21), (1, "x"))
    assert np.isfinite(draws).all()
    assert draws.mean() < -2


def test_replicates_have_the_spread_of_a_trial():
    draws = replicate_log_hazard_ratio(MP, PLACEBO, (21, 21), (1, "leukaemia"))
    assert draws.mean() == pytest.approx(-1.572, abs=0.05)
    assert draws.std() == pytest.approx(np.sqrt(2 * (1 / 9 + 1 / 21)), rel=0.05)
    assert np.array_equal(draws, replicate_log_hazard_ratio(MP, PLACEBO, (21, 21), (1, "leukaemia")))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 9), st.booleans()), min_size=2, max_size=25), st.integers(0, 10**6))
def test_swapping_arms_inverts_the_ratio(rows, seed):
    mask = np.random.default_rng(seed).random(len(rows)) < 0.5
    both = Times(np.array([r[0] for r in rows], float), np.array([r[1] for r in rows]))
    a, b = both.take(mask), both.take(~mask)
    if not (a.event.any() and b.event.any()):
        return
    there, back = hazard_ratio(a, b), hazard_ratio(b, a)
    if abs(there.log) < 5:
        assert there.log == pytest.approx(-back.log, abs=1e-6)
    assert log_rank(a, b)[0] == pytest.approx(log_rank(b, a)[0])


def test_times_need_one_time_for_each_patient():
    with pytest.raises(InvalidValue, match="one non-negative time for each patient"):
        Times(np.array([-1.0]), np.array([True]))


def test_first_event_counts_what_was_attended():
    tool, days = instrument("AAV"), np.arange(-14.0, 365, 14)
    n = 500
    out = {k: np.ones((n, days.size)) for k in tool.needs}
    visits = tool.observe(Course(3, np.arange(n), days, out, "remission"))
    seen = tool.events()["relapse"](visits)
    times = first_event(tool, "relapse_HR", visits, 364.0)
    assert times.event.mean() == pytest.approx(seen[:, 2:].any(axis=1).mean())
    assert np.all(times.time[~times.event] == days[days <= 364][-1])
    early = first_event(tool, "relapse", visits, 364.0, left=np.full(n, 5))
    assert early.event.sum() < times.event.sum()
    assert early.time.max() == days[4]


def test_names_of_events_are_checked():
    tool = instrument("AAV")
    with pytest.raises(UnknownName, match=r"'flair'.*relapse"):
        first_event(tool, "flair", None, 1.0)


def test_pooled_arms_hold_every_patient():
    both = pool([MP, PLACEBO])
    assert both.time.size == 42
    assert both.event.sum() == 30
    assert hazard_ratio(both, both).value == pytest.approx(1.0)


def test_interval_of_kaplan_meier_by_hand():
    """Greenwood on the log-minus-log scale (Kalbfleisch and Prentice), worked out term by term for 6 patients."""
    times = Times(np.array([1.0, 2.0, 2.0, 3.0, 4.0, 5.0]), np.array([1, 1, 1, 0, 1, 0], bool))
    curve = kaplan_meier(times, 0.9)
    assert curve.day.tolist() == [1, 2, 4]
    assert curve.at_risk.tolist() == [6, 5, 2]
    survival = [5 / 6, 5 / 6 * 3 / 5, 5 / 6 * 3 / 5 * 1 / 2]
    assert curve.survival == pytest.approx(survival)
    terms = np.cumsum([1 / (6 * 5), 2 / (5 * 3), 1 / (2 * 1)])
    for k, s in enumerate(survival):
        se = sqrt(terms[k]) / abs(log(s))
        assert curve.low[k] == pytest.approx(s ** np.exp(1.6448536 * se))
        assert curve.high[k] == pytest.approx(s ** np.exp(-1.6448536 * se))
    assert [curve.at(day) for day in (0, 0.99, 1, 3, 9)] == pytest.approx([1, 1, 5 / 6, 1 / 2, 1 / 4])


def test_a_curve_that_ends_at_none_has_no_interval_there():
    curve = kaplan_meier(Times(np.array([1.0, 2.0]), np.array([True, True])))
    assert curve.survival.tolist() == [0.5, 0.0]
    assert (curve.low[1], curve.high[1]) == (0.0, 0.0)
    assert 0 < curve.low[0] < 0.5 < curve.high[0] < 1


def test_log_rank_by_hand():
    """Two patients in each arm, events at 1 (active), 2 (control) and 3 (both): expected and hypergeometric variance."""
    active, control = Times(np.array([1.0, 3.0]), np.ones(2, bool)), Times(np.array([2.0, 3.0]), np.ones(2, bool))
    expected = 1 * 2 / 4 + 1 * 1 / 3 + 2 * 1 / 2
    variance = 2 * 2 / 16 + 1 * 2 / 9 + 2 * 1 * 1 * (2 - 2) / 4
    chi2, p = log_rank(active, control)
    assert chi2 == pytest.approx((2 - expected) ** 2 / variance)
    assert 0 < p < 1
    last = Times(np.array([5.0]), np.array([True]))
    assert log_rank(last, Times(np.array([1.0]), np.array([False]))) == (0.0, 1.0)  # one at risk: nothing to compare


def test_cox_without_ties_maximises_its_likelihood():
    active = Times(np.array([2.0, 5.0, 7.0, 9.0]), np.array([1, 0, 1, 1], bool))
    control = Times(np.array([1.0, 3.0, 4.0, 8.0]), np.array([1, 1, 1, 0], bool))
    both = pool([active, control])
    own = np.array([1.0] * 4 + [0.0] * 4)

    def likelihood(beta):
        total = 0.0
        for t, event, x in zip(both.time, both.event, own, strict=True):
            if event:
                total += beta * x - log(np.exp(beta * own[both.time >= t]).sum())
        return total

    ratio = hazard_ratio(active, control, 0.9)
    h = 1e-4
    slope = (likelihood(ratio.log + h) - likelihood(ratio.log - h)) / (2 * h)
    curvature = (likelihood(ratio.log + h) - 2 * likelihood(ratio.log) + likelihood(ratio.log - h)) / h**2
    assert slope == pytest.approx(0, abs=1e-6)
    assert ratio.se == pytest.approx(1 / sqrt(-curvature), rel=1e-4)
    assert ratio.value == pytest.approx(np.exp(ratio.log))
    assert ratio.low == pytest.approx(np.exp(ratio.log - 1.6448536 * ratio.se))
    assert ratio.high == pytest.approx(np.exp(ratio.log + 1.6448536 * ratio.se))


def test_efrons_ties_by_hand():
    """Three at risk in each arm, two active and one control event on one day: Efron takes off thirds of the tied ones."""
    active = Times(np.array([1.0, 1.0, 2.0]), np.array([1, 1, 0], bool))
    control = Times(np.array([1.0, 2.0, 2.0]), np.array([1, 0, 0], bool))

    def likelihood(beta):
        w = np.exp(beta)
        return 2 * beta - sum(log(w * (3 - 2 * k / 3) + 3 - k / 3) for k in range(3))

    grid = np.linspace(-3, 3, 600_001)
    best = grid[np.argmax([2 * grid - sum(np.log(np.exp(grid) * (3 - 2 * k / 3) + 3 - k / 3) for k in range(3))])]
    ratio = hazard_ratio(active, control)
    assert ratio.log == pytest.approx(best, abs=2e-5)
    h = 1e-3
    curvature = (likelihood(ratio.log + h) - 2 * likelihood(ratio.log) + likelihood(ratio.log - h)) / h**2
    assert ratio.se == pytest.approx(1 / sqrt(-curvature), rel=1e-3)


def test_estimates_that_do_not_exist_stand_at_the_edge():
    quiet, busy = Times(np.full(5, 9.0), np.zeros(5, bool)), Times(np.arange(1.0, 6), np.ones(5, bool))
    assert hazard_ratio(quiet, busy).log == -FLAT == -12
    assert hazard_ratio(busy, quiet).log == FLAT
    for active, control in ((quiet, busy), (busy, quiet)):
        ratio = hazard_ratio(active, control)
        assert (ratio.low, ratio.high, ratio.se) == (0, np.inf, np.inf)
        assert ratio.value == pytest.approx(np.exp(ratio.log))
    first, then = Times(np.array([1.0, 2.0]), np.ones(2, bool)), Times(np.array([3.0, 4.0]), np.ones(2, bool))
    for active, control, sign in ((first, then, 1), (then, first, -1)):
        ratio = hazard_ratio(active, control)
        assert ratio.log == sign * FLAT
        assert (ratio.low, ratio.high, ratio.se) == (0, np.inf, np.inf)


def test_replicates_of_a_log_ratio_are_normal_with_the_trials_own_events():
    draws = replicate_log_hazard_ratio(MP, PLACEBO, (40, 10), (3, "w"), 500, 0.3)
    z = streams.generator(3, "w").standard_normal(500)
    variance = 0.3**2 + 1 / 9 + 1 / (40 * 9 / 21) + 1 / 21 + 1 / 10
    assert draws == pytest.approx(hazard_ratio(MP, PLACEBO).log + sqrt(variance) * z)
    assert replicate_log_hazard_ratio(MP, PLACEBO, (40, 10), (3, "w")).size == 4000


def test_half_an_event_stands_for_none():
    quiet = Times(np.full(30, 52.0), np.zeros(30, bool))
    z = streams.generator(1, "x").standard_normal(200)
    rates = log((0 + 0.5) / (30 * 52.0)) - log((21 + 0.5) / PLACEBO.time.sum())
    variance = 1 / 0.5 + 1 / 0.5 + 1 / 21 + 1 / 21
    assert replicate_log_hazard_ratio(quiet, PLACEBO, (30, 21), (1, "x"), 200) == pytest.approx(
        rates + sqrt(variance) * z
    )
    back = replicate_log_hazard_ratio(PLACEBO, quiet, (21, 30), (1, "x"), 200)
    assert back == pytest.approx(-rates + sqrt(variance) * z)
    assert np.isnan(replicate_log_hazard_ratio(quiet, quiet, (9, 9), (1, "x"), 7)).tolist() == [True] * 7
    assert hazard_ratio(quiet, quiet).se == np.inf


def test_influence_is_the_change_of_the_log_rate_when_a_patient_counts_more():
    times = Times(np.array([3.0, 5.0, 8.0, 4.0]), np.array([1, 0, 1, 0], bool))
    rate = lambda w: log((w * times.event).sum() / (w * times.time).sum())  # noqa: E731
    for k in range(4):
        w = np.ones(4)
        w[k] += 1e-6
        assert rate_influence(times)[k] == pytest.approx(4 * (rate(w) - rate(np.ones(4))) / 1e-6, rel=1e-4)
    quiet = Times(np.array([2.0, 6.0]), np.zeros(2, bool))
    assert rate_influence(quiet) == pytest.approx([-2 * 2 / 8, -2 * 6 / 8])


def test_times_may_be_zero_and_empty_and_not_of_another_shape():
    Times(np.array([0.0]), np.array([True]))
    Times(np.array([]), np.array([], bool))
    with pytest.raises(InvalidValue, match="one non-negative time"):
        Times(np.array([1.0, 2.0]), np.array([True]))
    with pytest.raises(InvalidValue, match="one non-negative time"):
        Times(np.array([1.0, np.nan]), np.array([True, False]))


def test_an_arm_with_some_events_is_compared_with_one_without():
    some, none = Times(np.array([1.0, 2.0, 9.0]), np.array([1, 1, 0], bool)), Times(np.full(3, 9.0), np.zeros(3, bool))
    assert hazard_ratio(some, none).log == FLAT
    assert hazard_ratio(none, some).log == -FLAT


def test_log_rank_at_the_last_two_patients():
    """One of two at risk has the event: the variance is 1/4; the last patient alone adds none."""
    active, control = Times(np.array([1.0]), np.array([True])), Times(np.array([2.0]), np.array([True]))
    assert log_rank(active, control)[0] == pytest.approx((1 - 0.5) ** 2 / 0.25)
