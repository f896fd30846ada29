"""Model error made explicit: what calibration trials show beyond the mechanism, by drug class and disease.

In units of a patient's standard deviation and benefit up, a published contrast is

    y = m + a + scale + class + disease + class-by-disease + trial + sampling error,

with m the mechanism's prediction. a is normal about 0 (sd 0.5); every other term is normal about 0 with a standard
deviation of its own, found by maximum marginal likelihood under half-normal priors, so that a group in
which the mechanism is right keeps no term. Learnt from calibration trials only: the mechanism's predictions of these are
shipped in `library/scoreboard/calibration_mechanism.csv`, remade by `python scripts/calibrate_discrepancy.py --write`. The
same model with m = 0 is the rival that the sum has to beat. Against an active control the control's terms are taken off
(of its class, alone and in the disease) and the terms that both arms share cancel. A new trial gets no trial term of its own, only its spread.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ... import evidence as ev
from ...core import library
from ...core.errors import BaxisError
from ...evidence.rival.plain import Plain, learn
from .calibration_set import (
    GROUPS,
    OF_DRUG,
    Training,
    active_control,
    calibration_rows,
    labels,
    members,
    sizes,
    training,
    unit,
)
from .prediction import COMBINED, DISCREPANCY, Prediction, Predictor, normal

Array = NDArray[np.float64]
TABLE = "scoreboard/calibration_mechanism"
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


@dataclass(frozen=True)
class Fitted:
    """The hierarchical model given its training set. sd: of each of GROUPS; weights: Sigma^-1 (y - prior mean)."""

    data: Training
    sd: dict[str, float]
    inverse: Array
    weights: Array

    def predict(self, row: dict[str, Any], m: float, rival: str = "") -> tuple[float, float]:
        """Mean and standard deviation of a new trial's true contrast, in patients' standard deviations, benefit up.

        rival: class of an active control, '' without one.
        """
        data, mine, its = self.data, labels(row), members(labels(row), rival)
        net = 0.0 if rival else 1.0
        cross = PRIOR_SD**2 * net * data.net
        own = PRIOR_SD**2 * net
        for g, name in enumerate(GROUPS):
            both = shared_terms(name, data.labels[:, g], data.against[:, g], np.array(mine[g]), np.array(its[g]))
            itself = float(shared_terms(name, *(np.array(v) for v in (mine[g], its[g], mine[g], its[g]))))
            own += self.sd[name] ** 2 * itself * factor(name, net)
            if name != "trial":  # a trial's own term is never used to predict it
                cross = cross + self.sd[name] ** 2 * both * factor(name, net) * factor(name, data.net)
        mean = m + float(cross @ self.weights)
        return mean, float(np.sqrt(np.maximum(own - cross @ self.inverse @ cross, 1e-12)))

    def terms(self, group: str) -> dict[str, tuple[float, float, int]]:
        """Each member's term: posterior mean, standard deviation, contrasts."""
        column = self.data.labels[:, GROUPS.index(group)]
        out = {}
        for name in sorted(set(column)):
            none = np.array("")
            g = GROUPS.index(group)
            cross = (
                self.sd[group] ** 2
                * shared_terms(group, column, self.data.against[:, g], np.array(name), none)
                * factor(group, self.data.net)
            )
            var = self.sd[group] ** 2 - cross @ self.inverse @ cross
            out[name] = (float(cross @ self.weights), float(np.sqrt(np.maximum(var, 0.0))), int((column == name).sum()))
        return out


def factor(group: str, net: Any) -> Any:
    """What an active control leaves of a group's term: nothing of what all drugs share (scale, disease)."""
    return net if group in ("scale", "disease") else 1.0


def covariance(data: Training, sd: Array) -> Array:
    """Prior covariance (n, n) of the contrasts, sampling error included."""
    shared = np.outer(data.net, data.net)
    out = data.noise() + PRIOR_SD**2 * shared
    for part, s in zip(structure(data), sd, strict=True):
        out = out + s**2 * part
    return out


def structure(data: Training) -> list[Array]:
    """Products (n, n) of the design rows of each of GROUPS."""
    out = []
    for g, name in enumerate(GROUPS):
        a, a0 = data.labels[:, g], data.against[:, g]
        part = shared_terms(name, a[:, None], a0[:, None], a[None], a0[None])
        f = factor(name, data.net) * np.ones(len(a))
        out.append(part * np.outer(f, f))
    return out


def fit(data: Training) -> Fitted:
    """Standard deviations of the groups by marginal likelihood, then the exact Gaussian posterior of all terms.

    A slope on m was tried: left out trial by trial on calibration trials, the plain sum predicts better.
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
    return Fitted(data, dict(zip(GROUPS, map(float, sd), strict=True)), inverse, inverse @ residual)


@lru_cache(maxsize=1)
def shipped() -> tuple[Training, Plain]:
    """The shipped training set, and the units of the endpoints."""
    mechanism: dict[tuple[Any, ...], float | None] = {}
    for r in library.read_table(TABLE):
        key = (r["trial_id"], r["arm_id"], r["versus"], r["endpoint"], float(r["week"]))
        mechanism[key] = float(r["mechanism"]) if r["mechanism"] != "" else None
    moments = learn(ev.load())
    return training(calibration_rows(), mechanism, moments), moments


library.on_change(shipped.cache_clear)


@lru_cache(maxsize=512)
def fitted(leave_out: str = "", mute: bool = False) -> Fitted:
    """The model fitted to the shipped training set, with or without the mechanism, perhaps without one trial."""
    data = shipped()[0]
    data = data.without(leave_out) if leave_out else data
    return fit(data.mute() if mute else data)


library.on_change(fitted.cache_clear)


@dataclass(frozen=True)
class Discrepant:
    """Mechanism + discrepancy, or (mechanism None) the discrepancy model by itself.

    A contrast that the mechanism cannot simulate is predicted by the discrepancy model alone.
    """

    mechanism: Predictor | None
    drugs: dict[tuple[str, str], str]
    leave_out: str = ""

    @property
    def name(self) -> str:
        return COMBINED if self.mechanism else DISCREPANCY

    def predict(self, row: dict[str, Any]) -> Prediction:
        """Normal prediction of what a trial of the published size would report."""
        u, sign = unit(row, shipped()[1]), int(row["benefit_sign"])
        m = None
        if self.mechanism is not None:
            try:
                m = sign * self.mechanism.predict(row).mean / u
            except BaxisError:
                m = None
        model = fitted(self.leave_out, m is None)
        mean, sd = model.predict(row, m or 0.0, active_control(row, self.drugs))
        return normal(sign * u * mean, u * float(np.hypot(sd, np.sqrt(sum(sizes(row))))))
