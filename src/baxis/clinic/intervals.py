"""Intervals: of a published proportion (Wilson), a published difference (Newcombe), a prediction for a trial's size.

Wilson 1927 (doi:10.1080/01621459.1927.10502953); Newcombe 1998, method 10
(doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln, gammaln, ndtri

from ..core import streams

Array = NDArray[np.float64]
REPLICATES = 4000


def wilson(p: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """Score interval of a proportion `p` of `n`."""
    z = ndtri(0.5 + level / 2)
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return float(max(middle - half, 0.0)), float(min(middle + half, 1.0))


def newcombe(p1: float, n1: float, p0: float, n0: float, level: float = 0.95) -> tuple[float, float]:
    """Hybrid score interval of the difference p1 - p0 of independent proportions."""
    (l1, u1), (l0, u0) = wilson(p1, n1, level), wilson(p0, n0, level)
    d = p1 - p0
    return float(d - np.hypot(p1 - l1, u0 - p0)), float(d + np.hypot(u1 - p1, p0 - l0))


def replicate(values: Array, n: int, stream: tuple[int, str], binary: bool) -> Array:
    """What trials of `n` patients would report, (REPLICATES,): draws from the predictive distribution of the arm.

    values (m,): the simulated patients' endpoint. Binary: beta-binomial with Jeffreys prior (the simulation's own
    sampling error and the trial's). Otherwise Student-like: normal with the patients' sd and both errors.
    stream: (seed, purpose); the draws do not depend on the other arms.
    """
    seed, purpose = stream
    u = streams.uniform(seed, purpose, np.arange(REPLICATES))[:, 0]
    m = values.size
    if binary:
        k = float(values.sum())
        return beta_binomial_quantile(u, n, k + 0.5, m - k + 0.5) / n
    sd = float(values.std(ddof=1)) if m > 1 else 0.0
    return np.asarray(values.mean() + sd * np.sqrt(1.0 / n + 1.0 / m) * ndtri(u))


def beta_binomial_quantile(u: Array, n: int, a: float, b: float) -> Array:
    """Quantiles of the beta-binomial (n; a, b) at `u`, by its cumulative sum (exact, and quick for trials' sizes)."""
    k = np.arange(n + 1.0)
    log = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1) + betaln(k + a, n - k + b) - betaln(a, b)
    return np.searchsorted(np.cumsum(np.exp(log)), u).astype(float).clip(0, n)


def central(draws: Array, level: float) -> list[float]:
    """Central interval [low, high] of draws."""
    low, high = np.quantile(draws, [0.5 - level / 2, 0.5 + level / 2])
    return [float(low), float(high)]
