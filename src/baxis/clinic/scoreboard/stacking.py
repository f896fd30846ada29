"""Mechanism + discrepancy: the mechanism, moved a share of the way to what classes and diseases have shown.

In units of a patient's standard deviation and benefit up, the true contrast of a new trial is

    w m + (1 - w) s + trial,

with m the mechanism and s the meta-regression on drug class and disease (partial pooling, calibration trials only): the
discrepancy is (1 - w)(s - m), large where trials of the class in the disease said otherwise and small where they agreed
or were few. One weight w for all: it is learnt on calibration contrasts that mechanism and meta-regression predict with
the trial left out of both, together with the spread between trials (half-normal prior). Prior of w: normal about equal
weights, since the mechanism's structure was chosen with these trials in sight and what leaving out gives is too
kind to it. Where the mechanism cannot be simulated w is 0. The same with w = 0 throughout is the rival that the sum has to
beat: the discrepancy alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from baxis import evidence as ev
from baxis.clinic.scoreboard.calibration_set import CalibrationSet, sizes, unit
from baxis.clinic.scoreboard.discrepancy import SPREAD_SCALE, shipped
from baxis.clinic.scoreboard.prediction import COMBINED, DISCREPANCY, Prediction, Predictor, normal
from baxis.core import library
from baxis.core.errors import BaxisError
from baxis.evidence.rival.plain import learn

Array = NDArray[np.float64]
WEIGHT = (0.5, 0.15)  # prior mean and standard deviation of w


@dataclass(frozen=True)
class Stack:
    """Weight of the mechanism with its standard deviation, and the sd between like trials (patients' sd)."""

    weight: float
    weight_sd: float
    spread: float

    def join(self, m: float, s: float) -> tuple[float, float]:
        """Mean and standard deviation of a new trial's true contrast."""
        return self.weight * m + (1 - self.weight) * s, float(np.hypot(self.spread, self.weight_sd * (m - s)))


def fit(data: CalibrationSet) -> Stack:
    """Stack of contrasts that both have predicted with the trial left out. NaN in m: w is 0 throughout."""
    from scipy.optimize import minimize_scalar

    silent = bool(np.isnan(data.m).any())
    gap = np.zeros_like(data.s) if silent else data.m - data.s
    centre, sd = (0.0, 0.0) if silent else WEIGHT
    residual = data.y - data.s - centre * gap
    same = (data.trial[:, None] == data.trial[None]).astype(float)
    noise = data.noise()

    def cost(log_spread: float) -> float:
        cov = noise + np.exp(2 * log_spread) * same + sd**2 * np.outer(gap, gap)
        _, log_det = np.linalg.slogdet(cov)
        prior = (np.exp(log_spread) / SPREAD_SCALE) ** 2 - 2 * log_spread
        return float(0.5 * (residual @ np.linalg.solve(cov, residual) + log_det + prior))

    spread = float(np.exp(minimize_scalar(cost, bounds=(-7.0, 1.0), method="bounded").x))
    if silent:
        return Stack(0.0, 0.0, spread)
    scaled = np.linalg.solve(noise + spread**2 * same, gap)
    precision = 1 / sd**2 + float(gap @ scaled)
    return Stack(centre + float(residual @ scaled) / precision, precision**-0.5, spread)


@lru_cache(maxsize=512)
def stack(leave_out: str = "", alone: bool = False) -> Stack:
    """The stack of the shipped training set; alone: without the mechanism, on every contrast."""
    from dataclasses import replace

    data = shipped()[0]
    data = data.without(leave_out) if leave_out else data
    return fit(replace(data, m=np.full_like(data.m, np.nan)) if alone else data.simulated())


library.on_change(stack.cache_clear)


@dataclass(frozen=True)
class Stacked:
    """Mechanism + discrepancy, or (mechanism None) the discrepancy alone. statistical: the meta-regression."""

    mechanism: Predictor | None
    statistical: Predictor
    leave_out: str = ""

    @property
    def name(self) -> str:
        return COMBINED if self.mechanism else DISCREPANCY

    def predict(self, row: dict[str, Any]) -> Prediction:
        """Normal prediction of what a trial of the published size would report."""
        moments = shipped()[1]
        u, sign = unit(row, moments), int(row["benefit_sign"])
        m = None
        if self.mechanism is not None:
            try:
                m = sign * self.mechanism.predict(row).mean / u
            except BaxisError:
                m = None
        s = sign * statistical(self.statistical, row) / u
        mean, sd = stack(self.leave_out, m is None).join(s if m is None else m, s)
        return normal(sign * u * mean, u * float(np.hypot(sd, np.sqrt(sum(sizes(row))))))


def statistical(predictor: Predictor, row: dict[str, Any]) -> float:
    """Mean of the meta-regression; of the shrunken class-by-disease mean on a scale that it does not predict."""
    try:
        return predictor.predict(row).mean
    except BaxisError:
        return float(learn(ev.load()).predict("shrunken_mean", row).mean)
