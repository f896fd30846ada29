"""The scoreboard: every primary contrast of the evidence, predicted by the mechanism and by plain statistical rivals.

A predictor is a name and a function from a contrast's design to a predictive distribution. The set of contrasts is the
same for all of them; what a predictor cannot predict counts with the "no effect" prediction and is listed.
"""

from __future__ import annotations

from baxis.clinic.scoreboard.board import scoreboard
from baxis.clinic.scoreboard.summary import Board

__all__ = ["Board", "scoreboard"]
