"""One arm as it was simulated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from baxis import engine
from baxis.clinic.design.design import Arm
from baxis.clinic.people.population import Population
from baxis.clinic.therapy.courses import Intake, of_arm
from baxis.clinic.therapy.decisions import Decision

Array = NDArray[np.float64]
if TYPE_CHECKING:
    pass


@dataclass(frozen=True, eq=False)
class ArmRun:
    """One arm as simulated: observables (n, T) in model units at `days`, status (n,) (0 = ran to the end), failures; the
    courses that patients took, and on which day each rule of the arm fired."""

    arm: Arm
    days: Array
    outputs: dict[str, Array]
    status: NDArray[np.int8]
    failures: list[dict[str, Any]]
    courses: tuple[Intake, ...] = ()
    decisions: tuple[Decision, ...] = ()

    @property
    def taken(self) -> tuple[Intake, ...]:
        """The courses, those with which the arm begins where none were kept."""
        return self.courses or of_arm(self.arm, self.status.size)


def failure(arm: Arm, people: Population, f: engine.Failure) -> dict[str, Any]:
    """A solver failure as the result names it."""
    patient = int(people.ids[f.patient])
    return {"arm_id": arm.arm_id, "patient": patient, "day": f.time, "state": f.state, "reason": f.reason}
