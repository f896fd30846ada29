"""A prediction of one contrast: its expected value and draws of what a trial of that size would report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from baxis.clinic.statistics.intervals import central

Array = NDArray[np.float64]
GRID = 1000
COMBINED = "mechanism_discrepancy"  # the mechanism and its learnt error
DISCREPANCY = "discrepancy_alone"  # the same learnt terms with no mechanism: the rival of the sum


@dataclass(frozen=True, eq=False)
class Prediction:
    """Expected contrast (active minus control, on the contrast's scale) and predictive draws (d,) of a trial's result.

    why: empty, or why the predictor could not predict and "no effect" stands in.
    """

    mean: float
    draws: Array
    why: str = ""

    def interval(self, level: float) -> list[float]:
        """Central predictive interval [low, high]."""
        return central(self.draws, level)

    def covers(self, observed: float, level: float) -> bool:
        """The central interval holds the observed value."""
        low, high = self.interval(level)
        return low <= observed <= high

    def crps(self, observed: float) -> float:
        """Continuous ranked probability score of the draws, in the contrast's unit; smaller is better."""
        from baxis.evidence.rival.score import crps

        return crps(self.draws, observed)

    def success(self, sign: int, sampling_sd: float) -> float:
        """Probability that the trial reports a difference in the direction of benefit beyond 1.96 standard errors."""
        return float(np.mean(sign * self.draws > ndtri(0.975) * sampling_sd))


class Predictor(Protocol):
    """What the board asks of mechanism and rivals alike: a name, and a prediction for a row of the contrasts table.

    `predict` reads the row's design (trial, arms, endpoint, week, sizes, scale), never its value; it raises BaxisError
    with the reason when it cannot predict.
    """

    @property
    def name(self) -> str: ...

    def predict(self, row: dict[str, Any]) -> Prediction: ...


def normal(mean: float, sd: float) -> Prediction:
    """Normal prediction by its quantiles at the middles of equal shares."""
    return Prediction(mean, mean + sd * ndtri((np.arange(GRID) + 0.5) / GRID))
