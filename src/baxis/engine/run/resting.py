"""Rest states: integrate to a horizon, polish by Newton's method, and say for each patient whether it rests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from baxis.core.errors import InvalidValue
from baxis.engine.codegen import layout
from baxis.engine.kernel.kernel import Kernel
from baxis.engine.model.event_system import refuse_events
from baxis.engine.model.inputs import batch_size, first_tables, output_choice
from baxis.engine.run.ensemble import STATUS_TEXT
from baxis.engine.run.execute import Job, execute
from baxis.engine.run.options import Options
from baxis.engine.run.scales import with_tolerances
from baxis.engine.run.schedule import lower

NOT_AT_REST = 6  # status beside those of the driver
LOOKS = 33  # at the second half of the horizon, to say what keeps a patient from rest
UNSLOWED = 0.9  # of its speed (or its swing) that is left in the end where nothing slows (or calms) it
MOVES = 1e-4  # of its size that a state moves over these looks
TURNS = 4
AT_REST = 1e-9  # largest relative change that a last Newton step may still make
SAME_BASIN = 0.1  # a polish that moves a state by more than this share has left for another root


@dataclass(frozen=True, eq=False)
class Rest:
    """Rest of n patients. state (n, N); status (n,), 0 at rest; residual (n,), relative change of a last Newton step.

    `courses` says of patients that a longer horizon would not bring to rest what grows, falls or swings for ever.
    Where the status is not 0, `state` holds the integrated state at the horizon (or the last good one).
    """

    state: np.ndarray
    status: np.ndarray
    residual: np.ndarray
    states: tuple[str, ...]
    culprit: np.ndarray
    courses: Mapping[int, str] = field(default_factory=dict)

    @property
    def ok(self) -> np.ndarray:
        return self.status == layout.OK

    def sentence(self, patient: int) -> str:
        """Why this patient does, or does not, rest."""
        code = int(self.status[patient])
        if code == layout.OK:
            return (
                f"at rest: a further Newton step changes no state by more than {self.residual[patient]:.1e} of itself"
            )
        worst = self.states[self.culprit[patient]] if self.states else "none"
        if code == NOT_AT_REST:
            size = f"{self.residual[patient]:.1e}"
            why = self.courses.get(patient)
            if why is not None:
                return f"not at rest: {why}"
            return f"not at rest: {worst} would still change by {size} of itself; use a longer horizon"
        return f"{STATUS_TEXT[code]} (state {worst})"


def rest(
    kernel: Kernel,
    parameters: Any = None,
    initial: Any = None,
    *,
    options: Options | None = None,
    horizon: float = 36500.0,
) -> Rest:
    """State to which each patient settles: integration over `horizon`, then Newton with the integrator's own LU.

    Inputs as for `simulate`. A rest that Newton finds far from the integrated state (more than a tenth of any state) is
    not taken. Inputs that depend on time are taken at the start time. Raises InvalidValue for a horizon not above 0.
    """
    options = options or Options()
    if not (np.isfinite(horizon) and horizon > 0):
        raise InvalidValue("horizon", horizon, "a time above 0")
    system = kernel.system
    refuse_events(system, "a rest state")
    n = batch_size(system, parameters, initial, None)
    p, y = first_tables(system, parameters, initial, n)
    _, none = output_choice(system, [])
    span = (options.start, options.start + float(horizon))
    job = Job(
        kernel=kernel,
        parameters=p,
        initial=y,
        times=np.array([span[1]]),
        chosen=none,
        schedule=lower(None, system, n, span[0]),
        options=options,
        span=span,
    )
    job = with_tolerances(job)
    assert job.atol is not None
    run = execute(job)
    good = np.flatnonzero(run.status == layout.OK)
    newton = execute(replace(job, initial=run.final, who=good, entry="polish", options=replace(options, progress=None)))
    found = _judged(kernel, run, newton, good, job.atol + np.abs(y))
    return replace(found, courses=_courses(job, np.flatnonzero(found.status == NOT_AT_REST)))


def _courses(job: Job, rows: np.ndarray) -> dict[int, str]:
    """What keeps the states of these patients from rest, seen over the second half of the horizon."""
    if not len(rows):
        return {}
    begin, end = job.span
    table = job.atol if job.atol is None or len(job.atol) == 1 else job.atol[rows]
    part = replace(job, parameters=job.parameters[rows], initial=job.initial[rows], atol=table, who=None)
    names = job.kernel.system.states
    times = np.linspace(0.5 * (begin + end), end, LOOKS)
    options = replace(job.options, progress=None)
    seen = execute(replace(part, times=times, chosen=np.arange(len(names)), options=options)).values
    told = {int(row): _course(v, times, names) for row, v in zip(rows, seen, strict=True)}
    return {row: why for row, why in told.items() if why}


def _course(v: np.ndarray, times: np.ndarray, names: tuple[str, ...]) -> str:
    """Of values (T, N): the state that grows or falls without slowing, else the one that swings most; else nothing."""
    steps, size = np.diff(v, axis=0), np.abs(v).max(axis=0)
    with np.errstate(all="ignore"):
        share = np.where(size > 0, np.abs(v.max(axis=0) - v.min(axis=0)) / size, 0.0)
    one_way = (steps > 0).all(axis=0) | (steps < 0).all(axis=0)
    steady = one_way & (np.abs(steps[-1]) >= UNSLOWED * np.abs(steps[0])) & (share > MOVES)
    if steady.any():
        k = int(np.argmax(np.where(steady, share, -1.0)))
        speed = steps[-1, k] / (times[-1] - times[-2])
        way = "grows" if speed > 0 else "falls"
        return (
            f"{names[k]} would still change: it {way} by {abs(speed):.3g} a unit of time and does not slow, so no horizon "
            f"is long enough; give it a loss and a gain that can balance, hold it fixed, or leave it out"
        )
    turns = (np.sign(steps[1:]) * np.sign(steps[:-1]) < 0).sum(axis=0)
    later = np.ptp(v[LOOKS // 2 :], axis=0) >= UNSLOWED * np.ptp(v[: LOOKS // 2 + 1], axis=0)
    swings = (turns >= TURNS) & later & (share > MOVES)
    if not swings.any():
        return ""
    k = int(np.argmax(np.where(swings, share, -1.0)))
    low, high = v[:, k].min(), v[:, k].max()
    return f"{names[k]} would still change: it swings between {low:.3g} and {high:.3g} and does not calm, as an oscillator does"


def _judged(kernel: Kernel, run: Any, newton: Any, good: np.ndarray, start: np.ndarray) -> Rest:
    """Take the polished state where it converged near the integrated one, measured against what the state ever was."""
    scale = np.maximum(start, np.abs(run.final))
    state, status, residual = run.final.copy(), run.status.copy(), np.full(len(run.status), np.nan)
    with np.errstate(invalid="ignore"):
        moved = (np.abs(newton.final - run.final) / scale).max(axis=1, initial=0.0)
        taken = (newton.reached <= AT_REST) & (moved <= SAME_BASIN)
    residual[good] = np.where(taken[good], newton.reached[good], np.fmax(newton.reached, moved)[good])
    at_rest = good[taken[good]]
    state[at_rest] = newton.final[at_rest]
    status[np.setdiff1d(good, at_rest)] = NOT_AT_REST
    culprit = np.where(run.status == layout.OK, newton.culprit, run.culprit)
    return Rest(state, status, residual, kernel.system.states, culprit)
