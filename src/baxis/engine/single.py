"""One trajectory of a Network: LSODA between jumps, each jump found by bisection to the last bit."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np

from baxis.core.errors import InvalidValue
from baxis.engine.event_queue import EventQueue
from baxis.engine.fast import FastReactions
from baxis.engine.history import History
from baxis.engine.network import Network
from baxis.engine.network_code import NetworkCode, first_values

PARTS = 8  # looks for a jump inside one step
MOST_STEPS = 200_000
SNAP = 1e-10  # a jump this close before an output time (relative) is taken to fall on it


class Stopped(RuntimeError):
    """The integration could not go on; the message says where and why."""


def trajectory(network: Network, times: Any, *, rtol: float = 1e-8, atol: float = 1e-13) -> dict[str, np.ndarray]:
    """Values (T,) of every symbol at `times` (T,), rising and not before 0; at the time of an event, after it.

    Raises InvalidValue for wrong times or events without end, Stopped when the integration cannot go on.
    """
    wanted = np.asarray(times, float)
    if wanted.ndim != 1 or not len(wanted) or wanted[0] < 0 or (np.diff(wanted) <= 0).any():
        raise InvalidValue("times", str(times)[:80], "rising numbers of at least 0")
    return _Walk(network, wanted, rtol, atol).run()


class _Walk:
    def __init__(self, network: Network, wanted: np.ndarray, rtol: float, atol: float) -> None:
        self.network, self.code = network, NetworkCode(network)
        self.wanted, self.rtol, self.atol = wanted, rtol, atol
        self.x = first_values(network)
        self.queue, self.fast = EventQueue(self.code), FastReactions(self.code)
        self.now, self.rows, self.steps = 0.0, list[list[float]](), 0
        gaps = np.diff(np.concatenate([[0.0], wanted]))
        self.longest = float(gaps[gaps > 0].max()) if (gaps > 0).any() else 1.0
        if self.code.delays:
            self.code.history = History(lambda t: first_values(network, t))
            shortest = [d for d in self.code.function(list(self.code.delays))(0.0, self.x) if d > 0]
            self.longest = min([self.longest, *shortest])

    def run(self) -> dict[str, np.ndarray]:
        self._settle(0.0)
        self._emit(0.0)
        while len(self.rows) < len(self.wanted):
            self._leg(min(float(self.wanted[-1]), self.queue.next_time))
        table = np.array(self.rows, float)
        return {n: table[:, k] for k, n in enumerate(self.code.symbols)}

    def _settle(self, t: float) -> None:
        """Events that are due at time t; fast reactions at rest before them and after each."""
        self.fast.rest(t, self.x)
        while self.queue.settle(t, self.x) and self.fast.rest(t, self.x):
            pass

    def _emit(self, upto: float) -> None:
        """Write rows for the output times up to and with `upto`, which is now."""
        while len(self.rows) < len(self.wanted) and self.wanted[len(self.rows)] <= upto:
            self.rows.append(self.code.values(float(self.wanted[len(self.rows)]), self.x))

    def _full(self, y: Any, before: list[float] | None = None) -> list[float]:
        x = list(self.x if before is None else before)
        for i, value in zip(self.code.moving, y, strict=True):
            x[i] = float(value)
        return x

    def _then(self, dense: Any, before: list[float], t: float) -> list[float]:
        return self._full(dense(t), before)

    def _rhs(self, t: float, y: np.ndarray) -> np.ndarray:
        return np.array(self.code.rhs(t, self._full(y)), float)

    def _leg(self, stop: float) -> None:
        """Integrate to `stop`, or to the first jump before it, and settle there."""
        from scipy.integrate import LSODA

        if stop > self.now:
            y = np.array([self.x[i] for i in self.code.moving])
            if not np.isfinite(y).all():
                self._frozen(stop)
                return
            settings = {"rtol": self.rtol, "atol": self.atol, "max_step": self.longest}
            before = self.code.monitor(self.now, self.x)
            solver = LSODA(self._rhs, self.now, y, stop, **settings)
            while solver.status == "running":
                self._step(solver)
                if self._look(solver, before):
                    return
        self.now = stop
        self._settle(stop)
        self._emit(stop)

    def _frozen(self, stop: float) -> None:
        """Variables without a value stay without one; time goes on."""
        for t in self.wanted[len(self.rows) :]:
            if t > stop:
                break
            self.rows.append(self.code.values(float(t), self.x))
        self.now = stop

    def _step(self, solver: Any) -> None:
        message = solver.step()
        self.steps += 1
        if solver.status == "failed" or not np.isfinite(solver.y).all():
            raise Stopped(f"at time {solver.t:g}: {message or 'a value is no longer a number'}")
        if self.steps > MOST_STEPS:
            raise Stopped(f"at time {solver.t:g}: more than {MOST_STEPS} steps")

    def _look(self, solver: Any, before: list[Any]) -> bool:
        """Emit the outputs of the step just made; at a jump stop there, settle, and return True."""
        start, end, dense = solver.t_old, solver.t, solver.dense_output()
        if self.code.history is not None:
            self.code.history.add(start, end, partial(self._then, dense, list(self.x)))
        inside = self.wanted[len(self.rows) :]
        inside = inside[(inside > start) & (inside <= end)]
        looks = np.unique(np.concatenate([np.linspace(start, end, PARTS + 1)[1:], inside]))
        last = start
        for t in looks:
            state = self._full(solver.y if t == end else dense(t))
            if _differ(self.code.monitor(float(t), state), before):
                self._jump(dense, float(last), float(t), before)
                return True
            if t in inside:
                self.rows.append(self.code.values(float(t), state))
            last = t
        if end < solver.t_bound:
            return False
        self.x = self._full(solver.y)
        return False

    def _jump(self, dense: Any, low: float, high: float, before: list[Any]) -> None:
        target = high
        while high - low > 2.0 * math.ulp(high):
            middle = 0.5 * (low + high)
            if _differ(self.code.monitor(middle, self._full(dense(middle))), before):
                high = middle
            else:
                low = middle
        if target - high <= SNAP * max(abs(target), 1e-300) and target in self.wanted:
            high = target
        self.x = self._full(dense(high))
        self.now = high
        self._settle(high)
        self._emit(high)


def _differ(a: list[Any], b: list[Any]) -> bool:
    return any(p != q and (p == p or q == q) for p, q in zip(a, b, strict=True))
