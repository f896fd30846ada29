"""Courses: what each patient of an arm takes, from when, and until when. Decisions at visits add and end courses."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from baxis.clinic.design.design import Arm, Treatment

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Intake:
    """A treatment with the day of the trial from which it starts, who takes it (n,), and until which day (n,)."""

    treatment: Treatment
    takes: NDArray[np.bool_]
    stop: Array

    @property
    def stops(self) -> list[float]:
        """The days at which it ends for somebody who takes it."""
        return [float(d) for d in np.unique(self.stop[self.takes]) if np.isfinite(d)]

    def end(self, who: NDArray[np.bool_], day: float) -> Intake:
        """Ended at a day in some patients."""
        return replace(self, stop=np.where(who, np.minimum(self.stop, day), self.stop))

    def on(self, day: float) -> NDArray[np.bool_]:
        """(n,): who takes a dose that falls on this day."""
        return np.asarray(self.takes & (day < self.stop - 1e-9))


def of_arm(arm: Arm, n: int) -> tuple[Intake, ...]:
    """The courses with which every one of n patients of an arm begins."""
    return tuple(_course(t, np.ones(n, dtype=bool), 0.0) for t in arm.treatments)


def begun(treatments: tuple[Treatment, ...], who: NDArray[np.bool_], day: float) -> tuple[Intake, ...]:
    """Courses that a decision on a day begins in some patients."""
    return tuple(_course(t, who, day) for t in treatments)


def _course(t: Treatment, who: NDArray[np.bool_], day: float) -> Intake:
    stop = np.inf if t.stop_day is None else day + t.stop_day
    shifted = t.model_copy(update={"start_day": day + t.start_day, "stop_day": None})
    return Intake(shifted, who, np.full(who.shape, stop))
