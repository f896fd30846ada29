"""Who predicts: the mechanism, the mechanism with its discrepancy, and the rivals; perhaps fitted without a trial."""

from __future__ import annotations

from ... import evidence as ev
from ...core.errors import BaxisError
from ...evidence import Evidence
from .calibration_set import arm_drugs
from .discrepancy import Discrepant
from .prediction import Predictor
from .rivals import rivals


class Panel:
    """Every predictor of a board, mechanism first.

    leave_one_out: discrepancy and rivals predict each calibration trial from the others; the mechanism's own draws stay.
    """

    def __init__(self, evidence: Evidence, mechanism: Predictor, leave_one_out: bool = False) -> None:
        self.evidence, self.mechanism, self.leave_one_out = evidence, mechanism, leave_one_out
        others, self.absent = rivals(evidence)
        self.drugs = arm_drugs(evidence)
        self.usual = self._with(others)
        self.names = [p.name for p in self.usual]
        self._refits = _refits() if leave_one_out else {}
        self._found: dict[str, list[Predictor]] = {}

    def _with(self, others: list[Predictor], leave_out: str = "") -> list[Predictor]:
        return [
            self.mechanism,
            Discrepant(self.mechanism, self.drugs, leave_out),
            Discrepant(None, self.drugs, leave_out),
            *others,
        ]

    def of(self, trial: str, role: str) -> list[Predictor]:
        """The predictors of a trial's contrasts."""
        if not self.leave_one_out or role != "calibration":
            return self.usual
        if trial not in self._found:
            others, _ = rivals(self.evidence, trial, self._refits.get(trial))
            self._found[trial] = self._with(others, trial)
        return self._found[trial]


def _refits() -> dict[str, object]:
    """The meta-regression without each calibration trial; empty where it is not shipped."""
    from ...evidence import rival
    from ...evidence.rival.loto import refits

    try:
        return dict(refits(ev.load(), rival.load()))
    except BaxisError:
        return {}
