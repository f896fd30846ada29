"""Options of a simulation: tolerances, limits, threads."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from baxis.core.errors import InvalidValue, UnknownName
from baxis.engine.model.system import System


@dataclass(frozen=True)
class Options:
    """How to integrate. Times are in the model's own unit.

    rtol, atol: relative and absolute tolerance of a step's error. atol None: rtol/1000 of each state's own scale, at most
    of 1 (see `scales`); else one number, an (N,) array, or a mapping of state name to number, the others 1e-6, in the
    unit of the model's symbol. max_steps: attempts a patient, a bound on work. first_step, max_step: None
    lets the engine choose (a model whose equations use time takes at least 100 steps, lest it steps over a pulse). nonnegative: states (True: all) that must not fall below -atol; a step that ends between
    -atol and 0 is set to 0, which powers such as x^1.5 need. start: time of the initial state. threads: None for every core this process may use. progress: called with (patients done, patients).
    """

    rtol: float = 1e-4
    atol: Any = None
    max_steps: int = 100_000
    threads: int | None = None
    first_step: float | None = None
    max_step: float | None = None
    nonnegative: bool | tuple[str, ...] = False
    start: float = 0.0
    progress: Callable[[int, int], None] | None = None

    def __post_init__(self) -> None:
        _positive("rtol", self.rtol, 0.1)
        if isinstance(self.max_steps, bool) or not isinstance(self.max_steps, int | np.integer) or self.max_steps < 1:
            raise InvalidValue("max_steps", self.max_steps, "a whole number of at least 1")
        if self.threads is not None and (not isinstance(self.threads, int | np.integer) or self.threads < 1):
            raise InvalidValue("threads", self.threads, "a whole number of at least 1, or None for every core")
        for name in ("first_step", "max_step"):
            if getattr(self, name) is not None:
                _positive(name, getattr(self, name), math.inf)
        if not _is_number(self.start) or not math.isfinite(self.start):
            raise InvalidValue("start", self.start, "a finite time")

    def thread_count(self) -> int:
        """Threads to use: as asked, else as many as this process may run on."""
        if self.threads is not None:
            return int(self.threads)
        if hasattr(os, "sched_getaffinity"):
            return len(os.sched_getaffinity(0)) or 1
        return os.cpu_count() or 1

    def absolute(self, system: System) -> np.ndarray:
        """(N,) absolute tolerances that were given."""
        size = len(system.states)
        if isinstance(self.atol, Mapping):
            values = np.full(size, 1e-6)
            for name, v in self.atol.items():
                values[system.state_index(name)] = v
        else:
            given = np.asarray(self.atol, float)
            if given.shape not in ((), (size,)):
                raise InvalidValue("atol", f"shape {given.shape}", f"one number or {size} (one a state)")
            values = np.ascontiguousarray(np.broadcast_to(given, (size,)))
        if not (np.isfinite(values) & (values > 0)).all():
            raise InvalidValue(
                "atol", float(values[~(np.isfinite(values) & (values > 0))][0]), "finite numbers above 0"
            )
        return values

    def floors(self, system: System) -> np.ndarray | None:
        """(N,) how many absolute tolerances a state may lie below 0 (1 or infinity), or None if nothing is checked."""
        if self.nonnegative is False or self.nonnegative == ():
            return None
        if self.nonnegative is True:
            return np.ones(len(system.states))
        out = np.full(len(system.states), np.inf)
        for name in self.nonnegative:
            if name not in system.states:
                raise UnknownName("state in nonnegative", name, system.states)
            out[system.state_index(name)] = 1.0
        return out


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)


def _positive(name: str, value: object, below: float) -> None:
    if not _is_number(value) or not 0 < value < below:  # type: ignore[operator]
        allowed = "a number above 0" + (f" and below {below}" if math.isfinite(below) else "")
        raise InvalidValue(name, value, allowed)
