"""Absolute tolerances have a scale: a share of each state's own size, patient by patient.

Where `Options.atol` is None, a state's absolute tolerance is rtol/1000 times its scale, at most 1: its first value; for a
state that starts at 0 its first dose, or what its first rate leads to. A tolerance that is given holds in the unit of the
model's symbol: the amount of a species whose symbol is a concentration has it times the size of its compartment.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from baxis.engine.codegen import layout
from baxis.engine.kernel.kernel import Kernel, compile
from baxis.engine.run.execute import Job, Leg, execute

SHARE = 1e-3  # of rtol
CLEAR = 1000.0  # absolute tolerances that a state should reach for its values to mean something
LEAST = 1e-290  # a scale below this is none
NEAREST = 1e-6  # of the span: shortest time over which a first rate is taken to act
SWEEPS = 30  # states that wake one another, one after the other
MOMENTS = (0.0, 0.5, 0.25, 0.75, 0.125, 0.375, 0.625, 0.875)  # of the span, to look for what wakes later

Rates = Callable[[np.ndarray, np.ndarray], np.ndarray]  # (rows (m,), states (m, N)) -> rates (m, N)


class Scales:
    """`table` (1 or n, N): absolute tolerances of a job; `learn` adds the scales that events bring to light."""

    def __init__(self, job: Job) -> None:
        self.job, system = job, job.kernel.system
        self.sizes = np.broadcast_to(system.sizes(job.parameters, job.initial), job.initial.shape)
        self.given = job.options.atol is not None
        if self.given:
            shared = self.sizes if (self.sizes != self.sizes[:1]).any() else self.sizes[:1]
            self.table = np.ascontiguousarray(job.options.absolute(system) * shared)
            return
        self.kernel = job.kernel if isinstance(job.kernel, Kernel) else compile(system)
        self.scale = np.zeros_like(job.initial)
        self.table = np.zeros_like(job.initial)
        self.learn(np.arange(len(job.initial)), _dosed(job), job.parameters)

    def learn(self, rows: np.ndarray, state: np.ndarray, parameters: np.ndarray, now: np.ndarray | None = None) -> None:
        """Scales of states of `rows` that had none; state (n, N), parameters (n, P), times (n,) as they are now."""
        if self.given:
            return
        rows = rows[(self.scale[rows] == 0).any(axis=1)]
        if not len(rows):
            return
        found, size = self.scale[rows], np.abs(state[rows])
        fresh = (found == 0) & (size > LEAST) & np.isfinite(size)
        found[fresh] = size[fresh]
        if now is None:
            for levels in (parameters, *_raised(self.job)):
                for moment in MOMENTS if self.kernel.shape.uses_time else MOMENTS[:1]:
                    begin, end = self.job.span
                    now = np.full(len(state), begin + moment * (end - begin))
                    self._grow(rows, found, (state, levels, now))
        else:
            self._grow(rows, found, (state, parameters, now))
        self.scale[rows] = found
        least = np.where(found > 0, found, np.inf).min(axis=1, keepdims=True)
        size = np.minimum(np.where(found > 0, found, least), self.sizes[rows])
        self.table[rows] = np.maximum(self.job.options.rtol * SHARE * size, LEAST)

    def _grow(self, rows: np.ndarray, found: np.ndarray, now: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
        state, parameters, clocks = now

        def rates(who: np.ndarray, y: np.ndarray) -> np.ndarray:
            return self._rates(y, parameters[rows[who]], clocks[rows[who]])

        grow(rates, found, state[rows], self.job.span[1] - self.job.span[0])

    def _rates(self, y: np.ndarray, p: np.ndarray, clocks: np.ndarray) -> np.ndarray:
        """(m, N) rates at states (m, N), parameters (m, P), times (m,): one time where the model has no events."""
        n, shape, p = len(y), self.kernel.shape, np.ascontiguousarray(p)
        leg = None
        if shape.watched:
            marks = np.zeros((n, shape.watched + shape.surveyed))
            still = np.zeros((n, 2), np.int64)
            leg = Leg(np.zeros((n, 1, 0)), p.copy(), clocks.copy(), still, np.full(n, np.inf), marks)
        options = replace(self.job.options, progress=None)
        what = replace(self.job, kernel=self.kernel, parameters=p, initial=np.ascontiguousarray(y), options=options)
        nowhere, at = np.zeros(0, np.int64), float(clocks[0])
        what = replace(what, entry="scout", who=None, carry=None, leg=leg, span=(at, at), chosen=nowhere)
        return execute(replace(what, times=np.array([at]), atol=np.ones((1, y.shape[1])))).final


def low_states(names: Sequence[str], values: np.ndarray, atol: Any) -> tuple[str, ...]:
    """A sentence on states of `values` (n, T, K) that stay so small that a given tolerance says little of them; else none."""
    if atol is None or isinstance(atol, Mapping) or np.ndim(atol) or not values.size:
        return ()
    with np.errstate(all="ignore"):
        peaks = np.fmax.reduce(np.abs(values), axis=(0, 1))
    low = {n: float(v) for n, v in zip(names, peaks, strict=True) if 0 < v < CLEAR * atol}
    if not low:
        return ()
    shown = ", ".join(f"{n} at most {v:.2g}" for n, v in list(low.items())[:3])
    more = f" and {len(low) - 3} more" if len(low) > 3 else ""
    return (
        f"tolerance: {shown}{more} stay below {CLEAR:g} times the absolute tolerance {atol:g}, and may be off by 0.1 % or "
        f"more; leave it out (each state then has its own), or give {min(low.values()) / CLEAR:.0e}",
    )


def with_tolerances(job: Job) -> Job:
    """The job with its table of absolute tolerances."""
    return replace(job, atol=Scales(job).table)


def grow(rates: Rates, found: np.ndarray, state: np.ndarray, span: float) -> None:
    """Fill in `found` (m, N), 0 where unknown, what the rates of states at rest at 0 lead to; `state` moves along.

    A first rate acts for as long as the fastest known state keeps its size, or as its own decay lets it.
    """
    for _ in range(SWEEPS):
        rows = np.flatnonzero((found == 0).any(axis=1))
        if not len(rows):
            return
        y, known = state[rows], found[rows]
        f = rates(rows, y)
        wakes = (known == 0) & np.isfinite(f) & (f != 0)
        if not wakes.any():
            return
        with np.errstate(all="ignore"):
            lasting = np.where((known > 0) & np.isfinite(f) & (f != 0) & (y != 0), np.abs(y / f), np.inf)
            size = np.abs(f) * np.clip(lasting.min(axis=1, keepdims=True), NEAREST * span, span)
            moved = np.where(wakes, np.sign(f) * size, y)
            decay = (f - rates(rows, moved)) / moved
            settled = np.where(np.isfinite(decay) & (decay * size > np.abs(f)), np.abs(f) / decay, size)
        settled = np.maximum(settled, LEAST)
        found[rows] = np.where(wakes, settled, known)
        state[rows] = np.where(wakes, np.sign(f) * settled, y)


def _dosed(job: Job) -> np.ndarray:
    """(n, N) first states; a state at 0 at the size of its smallest dose."""
    y, s = job.initial.copy(), job.schedule
    for target in np.unique(s.targets[np.isin(s.kinds, (layout.ADD, layout.SET_STATE))]):
        mine = np.isin(s.kinds, (layout.ADD, layout.SET_STATE)) & (s.targets == target)
        amounts = np.abs(s.amounts[:, mine])
        least = np.where(amounts > 0, amounts, np.inf).min(axis=1)
        least = np.broadcast_to(np.where(np.isfinite(least), least, 0.0), (len(y),))
        y[:, target] = np.where(y[:, target] == 0, least, y[:, target])
    return y


def _raised(job: Job) -> list[np.ndarray]:
    """Parameters as infusions and settings make them, each at its largest; none without those."""
    s, p = job.schedule, job.parameters.copy()
    changed = [k for k in range(len(s.kinds)) if s.kinds[k] in (layout.OFFSET, layout.SET)]
    for k in sorted(changed, key=lambda k: float(np.abs(s.amounts[:, k]).max())):
        base = job.parameters[:, s.targets[k]] if s.kinds[k] == layout.OFFSET else 0.0
        p[:, s.targets[k]] = np.where(s.amounts[:, k] != 0, base + s.amounts[:, k], p[:, s.targets[k]])
    return [p] if changed else []
