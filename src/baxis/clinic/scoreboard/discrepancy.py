"""Model error made explicit: what calibration trials show beyond the mechanism, by drug class and disease.

In units of a patient's standard deviation and benefit up, a published contrast is

    y = m + a + scale + class + disease + class-by-disease + trial + sampling error,

with m the mechanism's prediction, the trial left out of the mechanism's own fit. a is normal about 0 (sd 0.5); every
other term is normal about 0 with a standard deviation of its own, found by maximum marginal likelihood under half-normal
priors, so that a group in which the mechanism is right keeps no term. These terms say where the mechanism is wrong. They
do not predict: left out trial by trial, terms of classes and diseases fitted to some eighty contrasts lose more than
they gain, and what is predicted with is the stack of `stacking`, whose hierarchical part has the response of placebo
arms beside it. Against an active control the control's terms are taken off and the terms that both arms share cancel.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from baxis import evidence as ev
from baxis.clinic.scoreboard.calibration_set import GROUPS, OF_DRUG, CalibrationSet, shipped_training
from baxis.core import library
from baxis.evidence.rival.plain import Plain, learn

Array = NDArray[np.float64]
PRIOR_SD = 0.5  # of the intercept
SPREAD_SCALE = 0.3  # half-normal prior of the groups' standard deviations, in patients' standard deviations


def shared_terms(
    group: str, a: NDArray[np.str_], a0: NDArray[np.str_], b: NDArray[np.str_], b0: NDArray[np.str_]
) -> Array:
    """Products of the design rows of a group: arms a against controls a0, with arms b against b0 (last axes meet)."""
    if group in OF_DRUG:
        same = (a == b).astype(float) - (a == b0) - (a0 == b) + ((a0 == b0) & (a0 != ""))
        return np.asarray(same, dtype=float)
    return np.asarray(a == b, dtype=float)


@dataclass(frozen=True, eq=False)
class Conditioned:
    """The hierarchical model given its training set. sd: of each of GROUPS; weights: Sigma^-1 (y - m)."""

    data: CalibrationSet
    sd: dict[str, float]
    inverse: Array
    weights: Array

    def terms(self, group: str) -> dict[str, tuple[float, float, int]]:
        """Each member's term: posterior mean, standard deviation, contrasts."""
        g = GROUPS.index(group)
        column, none, out = self.data.labels[:, g], np.array(""), {}
        for name in sorted(set(column)):
            row = shared_terms(group, column, self.data.against[:, g], np.array(name), none)
            cross = self.sd[group] ** 2 * row * factor(group, self.data.net)
            var = self.sd[group] ** 2 - cross @ self.inverse @ cross
            out[name] = (float(cross @ self.weights), float(np.sqrt(np.maximum(var, 0.0))), int((column == name).sum()))
        return out


def factor(group: str, net: Any) -> Any:
    """What an active control leaves of a group's term: nothing of what all drugs share (scale, disease)."""
    return net if group in ("scale", "disease") else 1.0


def covariance(data: CalibrationSet, sd: Array) -> Array:
    """Prior covariance (n, n) of the contrasts, sampling error included."""
    shared = np.outer(data.net, data.net)
    out = data.noise() + PRIOR_SD**2 * shared
    for part, s in zip(structure(data), sd, strict=True):
        out = out + s**2 * part
    return out


def structure(data: CalibrationSet) -> list[Array]:
    """Products (n, n) of the design rows of each of GROUPS."""
    out = []
    for g, name in enumerate(GROUPS):
        a, a0 = data.labels[:, g], data.against[:, g]
        part = shared_terms(name, a[:, None], a0[:, None], a[None], a0[None])
        f = factor(name, data.net) * np.ones(len(a))
        out.append(part * np.outer(f, f))
    return out


def fit(data: CalibrationSet) -> Conditioned:
    """Standard deviations of the groups by marginal likelihood, then the exact Gaussian posterior of all terms.

    data: contrasts that the mechanism simulates.
    """
    from scipy.linalg import cho_factor, cho_solve
    from scipy.optimize import minimize

    residual = data.y - data.m

    def cost(log_sd: Array) -> float:
        sd = np.exp(log_sd)
        factor = cho_factor(covariance(data, sd), lower=True)
        fitted = residual @ cho_solve(factor, residual)
        prior = ((sd / SPREAD_SCALE) ** 2).sum() - 2 * log_sd.sum()  # half-normal, in the log
        return float(0.5 * (fitted + prior) + np.log(np.diag(factor[0])).sum())

    found = minimize(cost, np.full(len(GROUPS), np.log(0.1)), method="L-BFGS-B", bounds=[(-7.0, 1.0)] * len(GROUPS))
    sd = np.exp(found.x)
    inverse = np.asarray(np.linalg.inv(covariance(data, sd)), dtype=np.float64)
    return Conditioned(data, dict(zip(GROUPS, map(float, sd), strict=True)), inverse, inverse @ residual)


@lru_cache(maxsize=1)
def shipped() -> tuple[CalibrationSet, Plain]:
    """The shipped training set, and the units of the endpoints."""
    moments = learn(ev.load())
    return shipped_training(moments), moments


library.on_change(shipped.cache_clear)


@lru_cache(maxsize=1)
def fitted() -> Conditioned:
    """The model fitted to the shipped training set."""
    return fit(shipped()[0].simulated())


library.on_change(fitted.cache_clear)
