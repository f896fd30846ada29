"""Studies of a network: contrasts of each study against its first treatment, with their covariance.

A study of t arms gives t - 1 contrasts that share the first arm, so they are correlated; every constructor
here keeps that covariance.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from baxis.core.errors import InvalidValue
from baxis.evidence.meta.effects import LeftOut, check_scale

Vector = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Study:
    """One study: t treatments, t - 1 contrasts (treatment - first) and their covariance (t - 1, t - 1)."""

    label: str
    treatments: tuple[str, ...]
    y: Vector
    cov: Vector

    def __post_init__(self) -> None:
        t = len(self.treatments)
        if t < 2 or len(set(self.treatments)) != t:
            raise InvalidValue(self.label, self.treatments, "two or more different treatments")
        if self.y.shape != (t - 1,) or self.cov.shape != (t - 1, t - 1):
            raise InvalidValue(self.label, (self.y.shape, self.cov.shape), f"{t - 1} contrasts and covariance")
        if not np.all(np.isfinite(self.y)) or np.linalg.eigvalsh(self.cov).min() <= 0:
            raise InvalidValue(self.label, "contrasts", "finite, with a positive definite covariance")

    @property
    def design(self) -> tuple[str, ...]:
        """Set of treatments compared, sorted."""
        return tuple(sorted(self.treatments))


@dataclass(frozen=True)
class NetworkData:
    """Studies on one scale, and those left out."""

    studies: tuple[Study, ...]
    scale: str
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ArmCount:
    """Events of one arm."""

    study: str
    treatment: str
    events: float
    n: float


@dataclass(frozen=True)
class ArmMean:
    """Mean of one arm with its standard error."""

    study: str
    treatment: str
    mean: float
    se: float


def from_counts(arms: Iterable[ArmCount], scale: str = "OR", correction: float = 0.5) -> NetworkData:
    """Arms with events: log odds ratio, log risk ratio or risk difference.

    A study with an empty cell gets `correction` in every cell of all its arms; a study without any event
    (or non-event) in all arms says nothing about a ratio and is left out by name.
    """
    scale = check_scale(scale, ("OR", "RR", "RD"))
    studies, left_out, notes = [], [], []
    for label, group in _by_study(arms).items():
        e, n = (np.array([getattr(a, k) for a in group], dtype=float) for k in ("events", "n"))
        if np.any((e < 0) | (e > n) | (n <= 0)):
            raise InvalidValue(label, [f"{a:g}/{b:g}" for a, b in zip(e, n, strict=True)], "0 <= events <= n")
        if scale != "RD" and (np.all(e == 0) or np.all(e == n)):
            left_out.append(LeftOut(label, "no event in any arm" if e[0] == 0 else "an event in everybody"))
            continue
        if np.any(e == 0) or np.any(e == n):
            e, n = e + correction, n + 2 * correction
            notes.append(f"{label}: {correction:g} added to each cell (empty cell)")
        studies.append(_from_arms(label, [a.treatment for a in group], *_arm_level(e, n, scale)))
    return NetworkData(tuple(studies), scale, tuple(left_out), tuple(notes))


def _arm_level(e: Vector, n: Vector, scale: str) -> tuple[Vector, Vector]:
    if scale == "OR":
        return np.log(e / (n - e)), 1 / e + 1 / (n - e)
    if scale == "RR":
        return np.log(e / n), 1 / e - 1 / n
    return e / n, e * (n - e) / n**3


def from_means(arms: Iterable[ArmMean], scale: str = "MD") -> NetworkData:
    """Arms with means and standard errors."""
    studies = []
    for label, group in _by_study(arms).items():
        mean = np.array([a.mean for a in group])
        variance = np.array([a.se for a in group]) ** 2
        studies.append(_from_arms(label, [a.treatment for a in group], mean, variance))
    return NetworkData(tuple(studies), check_scale(scale))


def _from_arms(label: str, treatments: Sequence[str], level: Vector, variance: Vector) -> Study:
    """Contrasts against the first arm; its variance is shared by all of them."""
    cov = np.diag(variance[1:]) + variance[0]
    return Study(label, tuple(treatments), level[1:] - level[0], cov)


def _by_study(arms: Iterable[ArmCount] | Iterable[ArmMean]) -> dict[str, list]:
    grouped: dict[str, list] = {}
    for arm in arms:
        grouped.setdefault(arm.study, []).append(arm)
    for label, group in grouped.items():
        if len(group) < 2:
            raise InvalidValue(label, f"{len(group)} arm", "two or more arms")
    return grouped


@dataclass(frozen=True)
class Contrast:
    """One published comparison: treatment - versus, with its standard error."""

    study: str
    treatment: str
    versus: str
    y: float
    se: float


def from_contrasts(contrasts: Iterable[Contrast], scale: str = "MD") -> NetworkData:
    """Published comparisons. A study of t arms must give all t (t - 1) / 2 of them, because the variances
    of the pairs determine the covariance: cov(b - a, c - a) = (v_ab + v_ac - v_bc) / 2."""
    grouped: dict[str, list[Contrast]] = {}
    for c in contrasts:
        grouped.setdefault(c.study, []).append(c)
    studies = tuple(_from_pairs(label, pairs) for label, pairs in grouped.items())
    return NetworkData(studies, check_scale(scale))


def _from_pairs(label: str, pairs: Sequence[Contrast]) -> Study:
    names = tuple(dict.fromkeys(x for c in pairs for x in (c.versus, c.treatment)))
    t = len(names)
    at = {name: i for i, name in enumerate(names)}
    y, v = np.full((t, t), np.nan), np.zeros((t, t))
    for c in pairs:
        i, j = at[c.treatment], at[c.versus]
        y[i, j], y[j, i], v[i, j], v[j, i] = c.y, -c.y, c.se**2, c.se**2
    if len(pairs) != t * (t - 1) // 2 or np.isnan(y[~np.eye(t, dtype=bool)]).any():
        raise InvalidValue(label, f"{len(pairs)} comparisons of {t} treatments", f"all {t * (t - 1) // 2} of them")
    cov = (v[1:, [0]] + v[[0], 1:] - v[1:, 1:]) / 2
    return Study(label, names, y[1:, 0], cov)
