"""Who predicts: the mechanism, the mechanism with its discrepancy, and the rivals; perhaps fitted without a trial."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from baxis import evidence as ev
from baxis.clinic.scoreboard.calibration_set import key, left_out_shifts
from baxis.clinic.scoreboard.prediction import Prediction, Predictor
from baxis.clinic.scoreboard.rivals import rivals
from baxis.clinic.scoreboard.stacking import Stacked
from baxis.core.errors import BaxisError
from baxis.evidence import Evidence

REFIT_DRAWS = 20  # of the meta-regression's standard deviations in each refit


@dataclass(frozen=True)
class WithoutOwnTrial:
    """The mechanism with the contrast's own trial left out of its fit: moved by the shipped shift."""

    mechanism: Predictor
    shifts: dict[tuple[Any, ...], float]

    @property
    def name(self) -> str:
        return self.mechanism.name

    def predict(self, row: dict[str, Any]) -> Prediction:
        """As the mechanism; a trial that the fit never read is not moved."""
        found, shift = self.mechanism.predict(row), self.shifts.get(key(row), 0.0)
        return Prediction(found.mean + shift, found.draws + shift, found.why)


class Panel:
    """Every predictor of a board, mechanism first.

    leave_one_out: mechanism, discrepancy and rivals predict each calibration trial from the others.
    """

    def __init__(self, evidence: Evidence, mechanism: Predictor, leave_one_out: bool = False) -> None:
        self.evidence, self.mechanism, self.leave_one_out = evidence, mechanism, leave_one_out
        others, self.absent = rivals(evidence)
        self.usual = _with(mechanism, others)
        self.names = [p.name for p in self.usual]
        self._refits = dict(refits()) if leave_one_out else {}
        self._shifts = left_out_shifts() if leave_one_out else {}
        self._found: dict[str, list[Predictor]] = {}

    def of(self, trial: str, role: str) -> list[Predictor]:
        """The predictors of a trial's contrasts."""
        if not self.leave_one_out or role != "calibration":
            return self.usual
        if trial not in self._found:
            others, _ = rivals(self.evidence, trial, self._refits.get(trial))
            self._found[trial] = _with(WithoutOwnTrial(self.mechanism, self._shifts), others, trial)
        return self._found[trial]


def _with(mechanism: Predictor, others: list[Predictor], leave_out: str = "") -> list[Predictor]:
    best = others[-1]  # the meta-regression, or the last plain rival where it is not shipped
    return [mechanism, Stacked(mechanism, best, leave_out), Stacked(None, best, leave_out), *others]


def refits() -> Iterator[tuple[str, Any]]:
    """The meta-regression without each calibration trial; none where it is not shipped."""
    from baxis.evidence import rival
    from baxis.evidence.rival.loto import refits as refitted

    try:
        whole = rival.load()
    except BaxisError:
        return
    yield from refitted(ev.load(), whole, REFIT_DRAWS)
