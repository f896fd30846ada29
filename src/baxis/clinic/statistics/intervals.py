"""Intervals: of a published proportion (Wilson), a published difference (Newcombe), a prediction for a trial's size.

Wilson 1927 (doi:10.1080/01621459.1927.10502953); Newcombe 1998, method 10
(doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from baxis.core import streams

Array = NDArray[np.float64]
REPLICATES = 4000


def wilson(p: float, n: float, level: float = 0.95) -> tuple[float, float]:
    """Score interval of a proportion `p` of `n`."""
    z = scipy.special.ndtri(0.5 + level / 2)
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return float(max(middle - half, 0.0)), float(min(middle + half, 1.0))


def newcombe(p1: float, n1: float, p0: float, n0: float, level: float = 0.95) -> tuple[float, float]:
    """Hybrid score interval of the difference p1 - p0 of independent proportions."""
    (l1, u1), (l0, u0) = wilson(p1, n1, level), wilson(p0, n0, level)
    d = p1 - p0
    return float(d - np.hypot(p1 - l1, u0 - p0)), float(d + np.hypot(u1 - p1, p0 - l0))


@dataclass(frozen=True, eq=False)
class Sample:
    """Simulated patients of one arm: endpoint values (m,), 0/1 if binary, and the sd of their mean between draws."""

    values: Array
    binary: bool
    between: float = 0.0


def replicate(arm: Sample, n: int, stream: tuple[int, str], shared: str) -> Array:
    """What trials of `n` patients would report, (REPLICATES,): draws from the predictive distribution of the arm.

    Three parts: uncertainty of the parameters (`arm.between`, one standard normal a replicate from the stream `shared`,
    the same in every arm, because the same truth holds in all), the simulation's own sampling error, and the trial's.
    Binary: a beta with that mean and variance, then binomial. Otherwise normal. stream: (seed, purpose).
    """
    seed, purpose = stream
    own = streams.generator(seed, purpose)
    z = scipy.special.ndtri(streams.uniform(seed, shared, np.arange(REPLICATES))[:, 0])
    m = arm.values.size
    if not arm.binary:
        sd = float(arm.values.std(ddof=1)) if m > 1 else 0.0
        error = sd * np.sqrt(1.0 / n + 1.0 / m) * own.standard_normal(REPLICATES)
        return np.asarray(arm.values.mean() + arm.between * z + error)
    k = float(arm.values.sum())
    p = (k + 0.5) / (m + 1.0)
    truth = np.clip(p + arm.between * z, 1e-6, 1 - 1e-6)
    truth = own.beta(truth * (m + 1.0), (1 - truth) * (m + 1.0))
    return np.asarray(own.binomial(n, truth)) / n


def central(draws: Array, level: float) -> list[float]:
    """Central interval [low, high] of draws."""
    low, high = np.quantile(draws, [0.5 - level / 2, 0.5 + level / 2])
    return [float(low), float(high)]


PARTS = ("pi90_parameters", "pi90_patients", "pi90_trial")


def apart(
    middle: float, parts: tuple[float, float, float], inside: tuple[float, float] | None = None
) -> dict[str, list[float]]:
    """The 90 % interval that each source of uncertainty would give by itself, PARTS: the posterior's parameters, the
    simulated patients, sampling of a trial of the published size.

    parts: standard deviation of each. inside: bounds of what can be (0 and 1 for a proportion).
    """
    z = float(scipy.special.ndtri(0.95))
    low, high = inside or (-np.inf, np.inf)
    return {
        n: [float(max(middle - z * sd, low)), float(min(middle + z * sd, high))]
        for n, sd in zip(PARTS, parts, strict=True)
    }


def sampling(values: Array, binary: bool) -> float:
    """Standard deviation of one patient's value; of a proportion with half an event in place of none."""
    if not binary:
        return float(values.std(ddof=1)) if values.size > 1 else 0.0
    p = (float(values.sum()) + 0.5) / (values.size + 1.0)
    return float(np.sqrt(p * (1.0 - p)))
