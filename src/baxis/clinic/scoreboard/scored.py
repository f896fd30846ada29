"""What is scored: one contrast, or one control arm, with every prediction of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from baxis.clinic.scoreboard.prediction import Prediction

FIRST = "mechanism"


@dataclass(frozen=True)
class Scored:
    """One contrast: its row, published value and 95 % interval (None when unknown), and every prediction.

    sampling_sd: standard error that the design alone gives; success: 1 when the interval excludes no effect in the
    direction of benefit.
    """

    row: dict[str, Any]
    value: float
    ci: tuple[float, float] | None
    sampling_sd: float
    predictions: dict[str, Prediction]
    crps: dict[str, float]

    @property
    def sign(self) -> int:
        """+1: a higher value is a benefit; -1: a lower one is."""
        return int(self.row["benefit_sign"])

    @property
    def success(self) -> float:
        """1.0 when the published interval lies wholly on the side of benefit."""
        return float(self.ci is not None and min(self.sign * self.ci[0], self.sign * self.ci[1]) > 0)

    @property
    def simulated(self) -> bool:
        """The mechanism could predict it."""
        return not self.predictions[FIRST].why


@dataclass(frozen=True)
class Control:
    """A control arm's share of responders as published and as predicted by the mechanism."""

    row: dict[str, Any]
    value: float
    prediction: Prediction


def miss(r: Scored) -> float:
    """Prediction minus published value of the mechanism, in standard errors that the design gives."""
    return (r.predictions[FIRST].mean - r.value) / r.sampling_sd
