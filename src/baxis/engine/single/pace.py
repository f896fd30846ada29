"""Where an explicit method creeps: every step is bounded by stability, although nothing that moves bends within it.

LSODA turns to its implicit method by the errors that it estimates. Where these are rounding (all is at rest, or runs straight,
beside a fast variable that has vanished), it never does: a long run, a search for rest above all, then takes a million steps.
"""

from __future__ import annotations

from typing import Any

import numpy as np

STALLED = 100  # such steps in a row, and as many more ahead
BEND = 100.0  # tolerances; a step that errors of a high order bound bends by far more


class Pace:
    """Watches the steps of a solver that starts at `y` (M,) with tolerances `rtol` and `atol` (M,), none over `longest`."""

    def __init__(self, y: np.ndarray, rtol: float, atol: np.ndarray, longest: float) -> None:
        self.rtol, self.atol, self.longest = rtol, atol, longest
        self.y, self.slope = y, np.full(y.shape, np.nan)
        self.calm, self.first = 0, 0.0

    def creeps(self, solver: Any) -> bool:
        """Look at the step just made: is it one of many that could have been longer by what they miss, and was not?"""
        step = solver.t - solver.t_old
        with np.errstate(all="ignore"):  # a step of no length says nothing
            slope = (solver.y - self.y) / step
            slack = BEND * (self.rtol * np.abs(solver.y) + self.atol)
            straight = (np.abs(slope - self.slope) * step <= slack).all()
        self.y, self.slope = solver.y.copy(), slope
        if not (straight and step <= 0.5 * self.longest and step <= 2.0 * self.first):
            self.calm, self.first = 0, step
            return False
        self.calm += 1
        return self.calm >= STALLED and solver.t_bound - solver.t > STALLED * step
