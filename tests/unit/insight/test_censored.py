"""Values below detection: their likelihood is the probability that a value lies there, by closed forms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, kstest, multivariate_normal, norm, truncnorm

from baxis.clinic.people.labs import covariance, measures, noise
from baxis.insight.patient import scores
from baxis.insight.patient.inference.censored import Censoring
from baxis.insight.patient.inference.own_levels import OwnLevels
from baxis.insight.patient.inference.posterior import _reported
from baxis.insight.patient.visits import Measurements


def law(names: tuple[str, ...]) -> np.ndarray:
    """Covariance of log values of these measures about a virtual patient's own."""
    at = [list(measures().values()).index(n) for n in names]
    return np.asarray(covariance()[np.ix_(at, at)] + np.diag([noise(n) ** 2 for n in names]))


@pytest.mark.parametrize(
    ("names", "within"),
    [(("bcount",), 1e-9), (("bcount",) * 2, 0.01), (("bcount", "naive", "memory"), 0.02), (("bcount", "bcount", "naive", "igg", "c3"), 0.03)],
)  # fmt: skip
def test_probability_of_several_limits_is_the_normal_law_s(names: tuple[str, ...], within: float) -> None:
    rng, k = np.random.default_rng(len(names)), len(names)
    spread, signs = law(names), np.where(rng.uniform(size=k) < 0.7, 1.0, -1.0)
    bounds = rng.normal(size=(8, k)) * np.sqrt(np.diag(spread))
    wanted = [multivariate_normal.cdf(b * signs, np.zeros(k), spread * np.outer(signs, signs)) for b in bounds]
    assert Censoring(spread, signs).log_probability(bounds) == pytest.approx(np.log(wanted), abs=within)


def test_one_limit_is_exact_far_out() -> None:
    found = Censoring(np.array([[4.0]]), np.array([1.0])).log_probability(np.array([[-80.0], [3.0]]))
    assert found == pytest.approx(norm.logcdf([-40.0, 1.5]), rel=1e-12)


def test_mean_spread_and_draws_are_those_of_a_truncated_normal() -> None:
    limits, bound = Censoring(np.array([[4.0]]), np.array([-1.0])), np.full((4000, 1), 1.0)
    law = truncnorm(0.5, np.inf, scale=2.0)
    mean, spread = limits.moments(bound[:1])
    assert mean[0, 0] == pytest.approx(law.mean(), abs=0.02)
    assert spread[0, 0] == pytest.approx(law.var(), abs=0.08)
    drawn = limits.drawn(bound, np.random.default_rng(1).uniform(size=4000))[:, 0]
    assert drawn.min() >= 1.0
    assert drawn.mean() == pytest.approx(law.mean(), abs=0.06)
    assert np.median(drawn) == pytest.approx(law.median(), abs=0.06)


def patients(levels: tuple[float, ...]) -> dict[str, np.ndarray]:
    """Virtual patients (n, 2 visits) that show these multiples of health at both."""
    return {n: np.repeat(np.array(levels)[:, None], 2, axis=1) for n in measures().values()}


def test_a_limit_weighs_patients_by_the_probability_of_a_value_below_it() -> None:
    """Beside an exact value: density of the one times probability of the other given it, the own levels integrated out."""
    names, logs = ("bcount", "bcount"), np.log([0.3, 0.05])
    visits = Measurements(names, np.exp(logs), (0.0, 30.0), signs=("", "<"))
    shown, spread = (0.02, 0.1, 0.4, 1.0), law(names)
    found = OwnLevels(visits).log_density(patients(shown))
    wanted = []
    for x in np.log(shown):
        r = logs - x
        mean, var = spread[1, 0] / spread[0, 0] * r[0], spread[1, 1] - spread[1, 0] ** 2 / spread[0, 0]
        wanted.append(-0.5 * r[0] ** 2 / spread[0, 0] + norm.logcdf((r[1] - mean) / np.sqrt(var)))
    assert found == pytest.approx(np.array(wanted))


def test_a_limit_is_the_sum_over_all_values_below_it() -> None:
    """Exact values on a fine grid below the limit, summed, weigh virtual patients as the limit does."""
    shown, grid = patients((0.02, 0.1, 0.4)), np.arange(-9.0, np.log(0.05), 0.01)
    each = [
        OwnLevels(Measurements(("bcount",), np.array([np.exp(g)]), (0.0,))).log_density(
            {k: v[:, :1] for k, v in shown.items()}
        )
        for g in grid
    ]
    summed = np.log(np.exp(each).sum(axis=0))
    limit = OwnLevels(Measurements(("bcount",), np.array([0.05]), (0.0,), signs=("<",))).log_density(
        {k: v[:, :1] for k, v in shown.items()}
    )
    assert np.diff(limit) == pytest.approx(np.diff(summed), abs=0.05)


def test_without_limits_nothing_changes() -> None:
    plain = Measurements(("igg", "c3"), np.array([1.1, 0.6]), (0.0, 0.0))
    other = Measurements(plain.names, plain.values, plain.days, signs=("", ""))
    shown = {k: v[:, :1] for k, v in patients((0.5, 1.0)).items()}
    assert np.array_equal(OwnLevels(plain).log_density(shown), OwnLevels(other).log_density(shown))


def test_own_levels_under_a_limit_are_pulled_down_less_than_by_a_value() -> None:
    shown = {k: v[:, :1] for k, v in patients((1.0,)).items()}
    limit, value = (Measurements(("igg",), np.array([0.7]), (0.0,), signs=(s,)) for s in ("<", ""))
    (low, wide), (exact, narrow) = OwnLevels(limit).known(shown), OwnLevels(value).known(shown)
    assert low["igg"][0] < exact["igg"][0] < 0  # all values below 0.7, and not 0.7 itself
    assert wide["igg"] > narrow["igg"]
    ids = np.arange(3000)
    drawn = np.log(OwnLevels(limit).factors({k: np.repeat(v, 3000, axis=0) for k, v in shown.items()}, (1, ids))["igg"])
    assert drawn.mean() == pytest.approx(low["igg"][0], abs=0.02)
    assert drawn.std() == pytest.approx(wide["igg"], rel=0.06)


@pytest.mark.parametrize(
    ("disease", "name", "seen"), [("RA", "CRP", 5.0), ("SLE", "PGA", 1.0), ("SLE", "SLEDAI-2K", 4.0)]
)
def test_a_rating_below_or_above_a_limit_and_at_it_are_all_there_is(disease: str, name: str, seen: float) -> None:
    score, simulated = scores.scores(disease)[name], np.array([0.5, 3.0, 9.0])
    below, above = (np.exp(score.likelihood(seen, simulated, s)) for s in "<>")
    at = np.exp(score.likelihood(seen, simulated)) if score.step else 0.0
    assert below + at + above == pytest.approx(np.ones(3))
    rated = score.rated(np.full(40_000, 3.0), np.random.default_rng(1).standard_normal(40_000))
    assert below[1] == pytest.approx(np.mean(rated < seen), abs=0.01)


def test_what_lies_beyond_a_limit_is_reported_as_the_limit() -> None:
    seen = np.array([[-3.0, 1.0], [0.5, 4.0]])
    assert _reported(seen, np.array([-1.0, 2.0]), ["<", ">"]) == pytest.approx([0.0, 1.25])


NAMES, DAYS, LOW = ("bcount", "bcount", "igg"), (0.0, 30.0, 30.0), np.array([0.3, 0.3, 0.8])


def shown(rng: np.random.Generator, n: int) -> dict[str, np.ndarray]:
    """Courses (n, 2 visits) of virtual patients: each log value about a level of the patient's own."""
    own = {name: rng.normal(-1.0 if name == "bcount" else 0.0, 0.7, (n, 1)) for name in measures().values()}
    return {name: np.exp(level + 0.4 * rng.standard_normal((n, 2))) for name, level in own.items()}


def ranks(signed: bool) -> np.ndarray:
    """(200, 2): rank of 200 truths in their posteriors over 500 others, of the last count and the last IgG."""
    rng, others = np.random.default_rng(8), shown(np.random.default_rng(9), 500)
    truths, spread = shown(rng, 200), law(NAMES)
    found = []
    for i in range(200):
        true = [truths[n][i, int(d > 0)] for n, d in zip(NAMES, DAYS, strict=True)]
        values = np.array(true) * np.exp(rng.multivariate_normal(np.zeros(3), spread))
        signs = tuple("<" if v < low and signed else "" for v, low in zip(values, LOW, strict=True))
        weight = OwnLevels(Measurements(NAMES, np.maximum(values, LOW), DAYS, signs=signs)).log_density(others)
        weight = np.exp(weight - weight.max()) / np.exp(weight - weight.max()).sum()
        found.append([weight[others[n][:, 1] < truths[n][i, 1]].sum() for n in ("bcount", "igg")])
    return np.array(found)


def test_intervals_hold_what_they_say_where_values_lie_below_detection() -> None:
    """Simulation-based calibration (Talts 2018): ranks of truths are uniform; with limits read as values they are not."""
    told, misread = ranks(signed=True), ranks(signed=False)
    for k in range(2):
        assert kstest(told[:, k], "uniform").pvalue > 0.001
        for share in (0.5, 0.9):
            inside = int((np.abs(told[:, k] - 0.5) <= share / 2).sum())
            low, high = binom.interval(0.999, 200, share)
            assert low <= inside <= high
    assert kstest(misread[:, 0], "uniform").pvalue < 1e-4  # the test sees it
