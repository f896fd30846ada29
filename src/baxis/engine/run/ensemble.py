"""Result of a batch: values, and for each patient a status with a sentence. Failures are values, never exceptions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from baxis.core.errors import UnknownName
from baxis.engine.codegen import layout

if TYPE_CHECKING:
    import xarray

STATUS_TEXT = {
    layout.OK: "finished",
    layout.UNDERFLOW: "no step was small enough: the solution may have a jump or a pole, or atol is too small",
    layout.STEP_LIMIT: "the step limit (max_steps) was reached",
    layout.NOT_FINITE: "the state or its derivative became infinite or not a number",
    layout.NEGATIVE: "a state that must not be negative fell below zero",
    layout.CANCELLED: "the run was cancelled",
    8: "events of the model followed one another without end at one moment",
    9: "the delay of an event was below 0 or not a number",
}
NOT_RUN = -1


@dataclass(frozen=True)
class Failure:
    """One patient that did not finish: row, last good time, why, and the state with the worst error."""

    patient: int
    time: float
    reason: str
    state: str

    def __str__(self) -> str:
        return f"patient {self.patient}, time {self.time:g}, state {self.state}: {self.reason}"


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Simulated batch of n patients, T times, K outputs (states or assignment rules), N states.

    values (n, T, K) with NaN from a failure on; final (n, N) state at the end or at the last good time; status (n,),
    0 when finished, see STATUS_TEXT; reached (n,) last good time; steps (n,) attempts. Units are the model's.
    """

    values: np.ndarray
    times: np.ndarray
    outputs: tuple[str, ...]
    final: np.ndarray
    status: np.ndarray
    reached: np.ndarray
    steps: np.ndarray
    states: tuple[str, ...]
    units: tuple[str, ...]
    _culprit: np.ndarray = field(repr=False)

    @property
    def ok(self) -> np.ndarray:
        """(n,) True where the patient finished."""
        return self.status == layout.OK

    @property
    def failures(self) -> list[Failure]:
        """Every patient that did not finish, in order."""
        return [
            Failure(
                int(i), float(self.reached[i]), STATUS_TEXT.get(int(self.status[i]), "not run"), self._state(int(i))
            )
            for i in np.flatnonzero(self.status != layout.OK)
        ]

    def _state(self, patient: int) -> str:
        return self.states[self._culprit[patient]] if self.states else "none"

    def __getitem__(self, name: str) -> np.ndarray:
        """(n, T) values of one output."""
        if name not in self.outputs:
            raise UnknownName("output", name, self.outputs, "ask for it in simulate(outputs=...)")
        return self.values[:, :, self.outputs.index(name)]

    def to_xarray(self) -> xarray.Dataset:
        """Labelled copy: one variable an output, dimensions patient and time, unit attributes, status and steps."""
        import xarray as xr

        units = dict(zip(self.outputs, self.units, strict=True))
        data = {
            name: (("patient", "time"), self.values[:, :, k], {"units": units[name]} if units[name] else {})
            for k, name in enumerate(self.outputs)
        }
        extra = {
            "status": ("patient", self.status),
            "reached": ("patient", self.reached),
            "steps": ("patient", self.steps),
        }
        return xr.Dataset({**data, **extra}, coords={"patient": np.arange(len(self.status)), "time": self.times})
