"""The sampler and the nested Laplace approximation against exact answers."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from baxis.evidence.rival import laplace, nuts
from baxis.evidence.rival.fit import resampled
from baxis.evidence.rival.model import Model


def test_nuts_samples_a_correlated_normal() -> None:
    mean = np.array([1.0, -2.0, 0.5])
    cov = np.array([[1.0, 0.8, 0.0], [0.8, 4.0, -0.5], [0.0, -0.5, 0.25]])
    inv = np.linalg.inv(cov)

    def target(q: np.ndarray) -> tuple[float, np.ndarray]:
        d = q - mean
        return -0.5 * float(d @ inv @ d), -inv @ d

    chains = [nuts.sample(target, np.zeros(3), (5, c), nuts.Tuning(300, 800, 0.8)) for c in range(2)]
    draws = np.stack([c.draws for c in chains])
    assert nuts.split_rhat(draws).max() < 1.02
    assert nuts.effective_size(draws).min() > 400
    both = draws.reshape(-1, 3)
    assert both.mean(axis=0) == pytest.approx(mean, abs=0.15)
    assert np.cov(both.T) == pytest.approx(cov, abs=0.45)
    assert sum(c.divergences for c in chains) == 0
    again = nuts.sample(target, np.zeros(3), (5, 0), nuts.Tuning(300, 800, 0.8))
    assert np.array_equal(again.draws, chains[0].draws)


def test_nuts_samples_a_skewed_density() -> None:
    """Log of a gamma variable: not normal, known moments."""

    def target(q: np.ndarray) -> tuple[float, np.ndarray]:
        return float(3 * q[0] - np.exp(q[0])), np.array([3 - np.exp(q[0])])

    draws = nuts.sample(target, np.zeros(1), (8, 0), nuts.Tuning(300, 3000, 0.8)).draws[:, 0]
    assert np.exp(draws).mean() == pytest.approx(3.0, abs=0.2)
    assert stats.kstest(np.exp(draws[::5]), stats.gamma(3).cdf).pvalue > 0.001


def test_effective_size_of_independent_and_sticky_chains() -> None:
    rng = np.random.default_rng(0)
    free = rng.normal(size=(2, 1000, 1))
    sticky = np.repeat(rng.normal(size=(2, 50, 1)), 20, axis=1)
    assert 1500 < nuts.effective_size(free)[0] < 3000
    assert nuts.effective_size(sticky)[0] < 300
    assert nuts.split_rhat(free)[0] == pytest.approx(1.0, abs=0.01)
    assert nuts.split_rhat(np.stack([free[0], free[1] + 3]))[0] > 1.5


def small_model(events: list[float], n: list[float], value: list[float], se: list[float]) -> Model:
    """Intercept (prior 0, 1) and one group effect for each row."""
    rows = len(events) + len(value)
    matrix = np.hstack([np.ones((rows, 1)), np.eye(rows)])
    names = ("m0", *(f"trial0:{i}" for i in range(rows)))
    return Model(
        names, ("trial0",), matrix, np.array([-1] + [0] * rows), np.zeros(rows + 1), np.ones(rows + 1),
        np.array(events, dtype=float), np.array(n, dtype=float), np.array(value), np.array(se),
    )  # fmt: skip


def test_laplace_is_exact_for_normal_rows() -> None:
    value, se = np.array([0.3, -0.2, 0.9, 0.4]), np.array([0.2, 0.3, 0.25, 0.15])
    model = small_model([], [], list(value), list(se))
    marginal = laplace.Marginal(model)

    def exact(log_sigma: float) -> float:
        cov = np.ones((4, 4)) + np.eye(4) * np.exp(2 * log_sigma) + np.diag(se**2)
        return stats.multivariate_normal(np.zeros(4), cov).logpdf(value)

    grid = np.array([-2.0, -1.0, 0.0, 0.7])
    got = [laplace.find_mode(marginal, np.array([g])).log_evidence for g in grid]
    want = [exact(g) for g in grid]
    assert np.diff(got) == pytest.approx(np.diff(want), abs=1e-9)


def test_gradient_of_the_marginal_likelihood() -> None:
    model = small_model([3, 10, 25, 1], [10, 30, 40, 12], [0.4], [0.3])
    marginal = laplace.Marginal(model)
    for at in (-1.5, 0.0, 0.8):
        step = 1e-5
        up, down = marginal(np.array([at + step]))[0], marginal(np.array([at - step]))[0]
        assert marginal(np.array([at]))[1][0] == pytest.approx((up - down) / (2 * step), rel=1e-5, abs=1e-6)


def test_weighted_draws_match_the_exact_posterior() -> None:
    """One binomial row with a normal prior of variance 1 + sigma2: numerical integration against weighted draws."""
    model = small_model([1], [6], [], [])
    marginal = laplace.Marginal(model)
    log_sigma = np.array([0.5])
    rng = np.random.default_rng(1)
    mode = laplace.find_mode(marginal, log_sigma)
    made = [
        laplace.draw_coefficients(marginal, log_sigma, mode, (rng.normal(size=2), rng.normal(size=1)))
        for _ in range(20000)
    ]
    eta = np.array([b.sum() for b, _ in made])
    index, share = resampled(np.array([w for _, w in made]), 20000, 0)
    grid = np.linspace(-12, 8, 40001)
    log_post = grid - 6 * np.logaddexp(0, grid) - 0.5 * grid**2 / (1 + np.exp(1.0))
    density = np.exp(log_post - log_post.max())
    density /= density.sum()
    mean = float(np.sum(grid * density))
    sd = float(np.sqrt(np.sum((grid - mean) ** 2 * density)))
    assert eta[index].mean() == pytest.approx(mean, abs=0.04)
    assert eta[index].std() == pytest.approx(sd, abs=0.04)
    assert abs(eta.mean() - mean) > abs(eta[index].mean() - mean)  # the weights mend the approximation
    assert 0.3 < share["effective_share"] <= 1.0


@pytest.mark.nightly
def test_intervals_cover_simulated_truths() -> None:
    """Draw truth from the prior, simulate arms, fit, and count how often 90 % intervals hold the truth (Talts 2018)."""
    rng = np.random.default_rng(11)
    inside, total = 0, 0
    for _ in range(25):
        model = small_model([0] * 12, [60] * 12, [], [])
        log_sigma = np.log(abs(rng.normal(0, 0.4)))
        truth = np.concatenate([rng.normal(0, 1, 1), np.exp(log_sigma) * rng.normal(size=12)])
        model.events[:] = rng.binomial(60, 1 / (1 + np.exp(-(model.matrix @ truth))))
        marginal = laplace.Marginal(model)
        chain = nuts.sample(marginal, np.array([-1.0]), (4, 0), nuts.Tuning(100, 200, 0.8))
        drawn, weight = [], []
        for s in chain.draws:
            mode = laplace.find_mode(marginal, s)
            for _ in range(4):
                b, w = laplace.draw_coefficients(marginal, s, mode, (rng.normal(size=13), rng.normal(size=12)))
                drawn.append(b)
                weight.append(w)
        index, _ = resampled(np.array(weight), 800, 3)
        low, high = np.quantile(np.array(drawn)[index], [0.05, 0.95], axis=0)
        inside += int(np.sum((low <= truth) & (truth <= high)))
        total += len(truth)
    assert 0.85 < inside / total < 0.95
