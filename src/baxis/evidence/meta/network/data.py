"""Studies of a network: contrasts of each study against its first treatment, with their covariance.

A study of t arms gives t - 1 contrasts that share the first arm, so they are correlated; every constructor
here keeps that covariance.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from baxis.core.errors import InvalidValue
from baxis.evidence.meta.effects import LeftOut, check_scale
from baxis.evidence.meta.network.contrasts import Contrast, from_contrasts
from baxis.evidence.meta.network.study import NetworkData, StudyContrasts, Vector

__all__ = ["ArmCount", "ArmMean", "Contrast", "NetworkData", "from_contrasts", "from_counts", "from_means"]


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
        if not np.all((e >= 0) & (e <= n) & (n > 0)):
            raise InvalidValue(label, [f"{a:g}/{b:g}" for a, b in zip(e, n, strict=True)], "0 <= events <= n, n > 0")
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
        for a in group:
            if not (np.isfinite(a.mean) and 0 < a.se < np.inf):
                got = f"{a.mean:g} with standard error {a.se:g}"
                raise InvalidValue(f"{label}, {a.treatment}", got, "a finite mean, a standard error above 0")
        variance = np.array([a.se for a in group]) ** 2
        studies.append(_from_arms(label, [a.treatment for a in group], mean, variance))
    return NetworkData(tuple(studies), check_scale(scale))


def _from_arms(label: str, treatments: Sequence[str], level: Vector, variance: Vector) -> StudyContrasts:
    """Contrasts against the first arm; its variance is shared by all of them."""
    cov = np.diag(variance[1:]) + variance[0]
    return StudyContrasts(label, tuple(treatments), level[1:] - level[0], cov)


def _by_study(arms: Iterable[ArmCount] | Iterable[ArmMean]) -> dict[str, list]:
    grouped: dict[str, list] = {}
    for arm in arms:
        grouped.setdefault(arm.study, []).append(arm)
    for label, group in grouped.items():
        if len(group) < 2:
            raise InvalidValue(label, f"{len(group)} arm", "two or more arms")
    return grouped
