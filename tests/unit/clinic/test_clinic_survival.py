"""Survival statistics against worked examples and simulation; times to event from visits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baxis.clinic.instruments import Course, instrument
from baxis.clinic.instruments.events import first_event
from baxis.clinic.survival import Times, hazard_ratio, kaplan_meier, log_rank, pool, replicate_log_hazard_ratio
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
    with pytest.raises(InvalidValue):
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
    with pytest.raises(UnknownName):
        first_event(tool, "flair", None, 1.0)


def test_pooled_arms_hold_every_patient():
    both = pool([MP, PLACEBO])
    assert both.time.size == 42
    assert both.event.sum() == 30
    assert hazard_ratio(both, both).value == pytest.approx(1.0)
