"""Decision points: advance a whole batch to a visit, act on its arrays in Python, and go on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from baxis.core.errors import InvalidValue
from baxis.engine.codegen import layout
from baxis.engine.kernel.kernel import Kernel
from baxis.engine.model.event_system import refuse_events
from baxis.engine.model.events import Events, concat
from baxis.engine.model.inputs import batch_size, first_tables, output_choice, output_times
from baxis.engine.run.ensemble import NOT_RUN, Ensemble
from baxis.engine.run.execute import Job, execute, fresh_carry
from baxis.engine.run.options import Options
from baxis.engine.run.scales import Scales
from baxis.engine.run.schedule import Timetable, lower
from baxis.engine.run.switches import with_switches


class Run:
    """A batch under way. `state` (n, N), `parameters` (n, P) and `active` (n,) may be changed between visits.

    `time` is where the batch is; `status` (n,) the first failure of each patient (0 while there is none). A failed
    patient becomes inactive. An inactive patient keeps its state, and its outputs are NaN. Events given to any
    `advance` stay in force; a SET is written into `parameters` (of inactive patients too) when its time has passed.
    """

    def __init__(self, kernel: Kernel, parameters: np.ndarray, state: np.ndarray, options: Options) -> None:
        self.kernel, self.parameters, self.state, self.options = kernel, parameters, state, options
        self.time = options.start
        self.active = np.ones(len(state), bool)
        self.status = np.zeros(len(state), np.int8)
        self.steps = np.zeros(len(state), np.int64)
        self.events: Events | None = None
        self._carry = fresh_carry(len(state), options)
        self._scales: Scales | None = None

    def advance(
        self, to: float, *, times: Any = None, outputs: Sequence[str] | None = None, events: Events | None = None
    ) -> Ensemble:
        """Integrate the active patients to time `to`; values at `times` (default: `to` alone), from now to `to`.

        `events` are added to those of earlier calls; none may lie before the present time. Returns the window's
        Ensemble; its status is NOT_RUN (-1) for patients that were inactive.
        """
        system, n = self.kernel.system, len(self.state)
        if not (np.isfinite(to) and to > self.time):
            raise InvalidValue("advance to", to, f"a time after {self.time:g}")
        wanted = output_times([to] if times is None else times, self.time)
        if wanted[-1] > to:
            raise InvalidValue("times", float(wanted[-1]), f"times up to {to:g}")
        names, chosen = output_choice(system, outputs)
        if events is not None:
            lower(events, system, n, self.time)
            joined = events if self.events is None else concat(self.events, events)
            lower(joined, system, n, -np.inf)
            self.events = joined
        self._check_arrays()
        schedule = window(lower(self.events, system, n, -np.inf), self.time)
        who, span = np.flatnonzero(self.active), (self.time, float(to))
        p, y = (np.ascontiguousarray(a, float) for a in (self.parameters, self.state))
        job = Job(
            kernel=self.kernel,
            parameters=p,
            initial=y,
            times=wanted,
            chosen=chosen,
            schedule=schedule,
            options=self.options,
            span=span,
            who=who,
            carry=self._carry,
        )
        self._scales = self._scales or Scales(job)
        self._scales.learn(who, y, p, np.full(n, self.time))
        done = execute(with_switches(replace(job, atol=self._scales.table)))
        self._keep(schedule, done, to)
        units = tuple(system.units.get(k, "") for k in names)
        result = (done.values, wanted, names, done.final, done.status, done.reached, done.steps)
        return Ensemble(*result, system.states, units, done.culprit)

    def _check_arrays(self) -> None:
        n, system = len(self.status), self.kernel.system
        for name, width in (("state", len(system.states)), ("parameters", len(system.parameters))):
            table = getattr(self, name)
            if np.shape(table) != (n, width):
                raise InvalidValue(f"run.{name}", f"shape {np.shape(table)}", f"shape ({n}, {width})")
            if not np.isfinite(np.asarray(table)[self.active]).all():
                raise InvalidValue(f"run.{name}", "NaN or infinity in an active patient", "finite numbers")
        self.active = np.asarray(self.active, bool)
        if self.active.shape != (n,):
            raise InvalidValue("run.active", f"shape {self.active.shape}", f"shape ({n},)")

    def _keep(self, schedule: Timetable, done: Any, to: float) -> None:
        ran = done.status != NOT_RUN
        self.state[ran] = done.final[ran]
        self.steps += done.steps
        failed = ran & (done.status != layout.OK)
        self.status[failed] = done.status[failed]
        self.active = self.active & ~failed
        last = np.full((len(self.state), len(self.kernel.system.parameters)), -np.inf)
        for k in np.flatnonzero(schedule.kinds == layout.SET):
            t = np.broadcast_to(schedule.times[:, k], (len(self.state),))
            target = schedule.targets[k]
            now = (t >= self.time) & (t < to) & (t >= last[:, target])
            self.parameters[now, target] = np.broadcast_to(schedule.amounts[:, k], (len(self.state),))[now]
            last[now, target] = t[now]
        self.time = float(to)


def start(kernel: Kernel, parameters: Any = None, initial: Any = None, *, options: Options | None = None) -> Run:
    """A Run at `options.start`; inputs as for `simulate`."""
    refuse_events(kernel.system, "decision points")
    options = options or Options()
    n = batch_size(kernel.system, parameters, initial, None)
    p, y = first_tables(kernel.system, parameters, initial, n)
    return Run(kernel, p.copy(), y.copy(), options)


def window(schedule: Timetable, now: float) -> Timetable:
    """The schedule as seen from `now`: what is past never comes again, but infusions under way go on."""
    if schedule.times.shape[1] == 0:
        return schedule
    past = schedule.times < now
    times = np.where(past, np.inf, schedule.times)
    for target in np.unique(schedule.targets[schedule.kinds == layout.OFFSET]):
        mine = np.flatnonzero((schedule.kinds == layout.OFFSET) & (schedule.targets == target))
        t = schedule.times[:, mine]
        latest = np.where(t < now, t, -np.inf).max(axis=1, keepdims=True)
        renewed = (t == latest) & np.isfinite(latest) & ~(t == now).any(axis=1, keepdims=True)
        times[:, mine] = np.where(renewed, now, times[:, mine])
    order = np.argsort(times, axis=1, kind="stable").astype(np.int64)
    return Timetable(times, order, schedule.amounts, schedule.kinds, schedule.targets)
