"""One trajectory of a Network: LSODA (Radau where it creeps) between jumps, each jump found by bisection to the last bit.

Between two jumps the formulas hold still what jumps (the truth of a comparison, the value of a floor), so that the
integrator never feels a jump and never creeps towards one; where the clock alone switches something, the moment is
computed and the integrator stops there (`time_switches`).
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from baxis.core.errors import InvalidValue
from baxis.engine.formula.mathml import Tree
from baxis.engine.model.history import History
from baxis.engine.model.network import Network
from baxis.engine.model.network_code import NetworkCode, first_values
from baxis.engine.single.event_queue import EventQueue
from baxis.engine.single.fast import FastReactions
from baxis.engine.single.pace import Pace
from baxis.engine.single.time_switches import TimeSwitches, of_clock

ATOL = 1e-13  # where none is given, for all variables that are not small
SMALL = 1e-7  # a variable that never exceeds the absolute tolerance over this is run again, with one of its own size
PARTS = 8  # looks for a jump inside one step
MOST_STEPS = 200_000
NOTHING = 1e-200  # a time in which nothing moves
STUCK = 200  # steps in a row that hardly move the clock
MOST_JUMPS = 2_000  # jumps in a row, each within a billionth of the time: a state that slides along a jump
SNAP = 1e-10  # a jump this close before an output time, or a delayed event this close after it, falls on it (relative)


class IntegrationFailed(RuntimeError):
    """The integration could not go on; the message says where and why."""


def trajectory(network: Network, times: Any, *, rtol: float = 1e-8, atol: float | None = None) -> dict[str, np.ndarray]:
    """Values (T,) of every symbol at `times` (T,), rising and not before 0; at the time of an event, after it.

    A variable without a first value is not a number, with all that depends on it; the others run. `atol` is of a
    concentration where a species' symbol means one; None follows the size of each variable. Raises InvalidValue for
    wrong times or events without end, Stopped when the integration cannot go on.
    """
    wanted = np.asarray(times, float)
    if wanted.ndim != 1 or not len(wanted) or wanted[0] < 0 or (np.diff(wanted) <= 0).any():
        raise InvalidValue("times", str(times)[:80], "rising numbers of at least 0")
    walk = Walk(network, rtol=rtol, atol=ATOL if atol is None else atol, scaled=atol is None)
    found = walk.course(wanted)
    if atol is None and walk.small:
        with contextlib.suppress(IntegrationFailed):  # the size of rounding, not of a variable: the first run stands
            found = Walk(network, rtol=rtol, atol=ATOL, scaled=True, peaks=walk.peak).course(wanted)
    return found


class Walk:
    """A network on its way through time: `now`, its stored variables `x`, the events that wait.

    `peak` (M,) holds the largest size so far of each moving variable. `scaled` keeps the absolute tolerance of a variable
    below a billionth of its peak; `peaks` gives these from an earlier run.
    """

    def __init__(
        self,
        network: Network,
        start: float = 0.0,
        *,
        rtol: float,
        atol: float,
        scaled: bool = False,
        peaks: np.ndarray | None = None,
    ) -> None:
        self.network, self.code = network, NetworkCode(network)
        self.rtol, self.atol, self.scaled = rtol, atol, scaled
        self.now, self.x = start, first_values(network, start)
        self.queue, self.fast = EventQueue(self.code), FastReactions(self.code)
        self.wanted, self.rows = np.zeros(0), list[list[float]]()
        self.steps, self.stuck, self.jumps, self.longest, self.switched = 0, 0, 0, math.inf, -math.inf
        self.most = MOST_STEPS
        self.peak = np.zeros(len(self.code.moving)) if peaks is None else peaks.copy()
        by_clock = [k for k in self.code.kinks if of_clock(k, network.derived, network.rates)]
        self.switches = TimeSwitches(by_clock, network.derived, self._evaluator)
        self._compiled: dict[Tree, Any] = {}
        if self.code.delays:
            self.code.history = History(lambda t: first_values(network, t))
            shortest = [d for d in self.code.function(list(self.code.delays))(start, self.x) if d > 0]
            self.shortest = min(shortest, default=math.inf)
        else:
            self.shortest = math.inf
        self._settle()

    @property
    def small(self) -> bool:
        """Did a variable that moved stay so small that its absolute tolerance says little of it?"""
        return bool(((self.peak > 0) & (self.peak * SMALL < self.atol)).any())

    def course(self, wanted: np.ndarray) -> dict[str, np.ndarray]:
        """Values (T,) of every symbol at rising times from now on."""
        self.wanted, self.rows = wanted, []
        gaps = np.diff(np.concatenate([[self.now], wanted]))
        self.longest = float(gaps.max()) if (gaps > 0).any() else math.inf
        self._emit()
        self.advance(float(wanted[-1]))
        table = np.array(self.rows, float)
        self.wanted, self.longest = np.zeros(0), math.inf
        return {n: table[:, k] for k, n in enumerate(self.code.symbols)}

    def symbols(self) -> dict[str, float]:
        """The value of every symbol now."""
        return dict(zip(self.code.symbols, map(float, self.code.values(self.now, self.x)), strict=True))

    def advance(self, upto: float, hold: bool = False) -> None:
        """Go on to a time. With `hold`, what is due at that very time waits for `change` or the next `advance`."""
        while self.now < upto:
            self._pull(upto)
            switch = self.switches.after(self.now, self.x, math.nextafter(upto, math.inf))
            if switch <= upto:
                self.switched = switch
            self._leg(min(upto, self.queue.next_time, switch))
            if hold and self.now >= upto:
                return
            self._settle()
            self._emit()

    def change(self, changes: Mapping[str, Tree]) -> None:
        """Set variables at once to the values that their formulas have now; then what is due now.

        A concentration stays what it is when its compartment is set, unless it is set too (PEtab; an SBML event keeps
        amounts). Raises InvalidValue for a variable that a formula gives.
        """
        network, index = self.network, self.code.index
        given = dict(zip(changes, map(float, self._evaluator(self.now, self.x)(list(changes.values()))), strict=True))
        before = self.symbols()
        for name, value in given.items():
            if name in index:
                self.x[index[name]] = value
            elif name not in network.amounts:
                raise InvalidValue(f"value of {name!r}", value, "a variable; this one is given by a formula")
        after = self.symbols()
        for name, amount in network.amounts.items():
            home = str(network.compartment[name])
            if name in given or home in given:
                self.x[index[amount]] = given.get(name, before[name]) * after[home]
        self._settle()
        self._emit()

    def restart(self, at: float) -> None:
        """Put the clock to `at`: the state, constants and the truth of triggers stay; the past is as now."""
        then = list(self.x)
        self.now = at
        if self.code.history is not None:
            self.code.history = History(lambda t: then)

    def switch_ahead(self, within: float) -> float:
        """The next moment at which the clock or a waiting event changes something; infinity if none comes in time."""
        return min(self.queue.next_time, self.switches.after(self.now, self.x, self.now + within))

    def tolerance(self) -> np.ndarray:
        """Absolute tolerance (M,) of each moving variable; an amount's is that of its concentration times the size."""
        values, names = self.symbols(), self.network.base
        homes = {a: str(self.network.compartment[n]) for n, a in self.network.amounts.items()}
        sizes = [abs(values[homes[names[i]]]) if names[i] in homes else 1.0 for i in self.code.moving]
        atol = self.atol * np.array([s if 0 < s < math.inf else 1.0 for s in sizes])
        return np.where(self.peak > 0, np.minimum(atol, 1e-9 * self.peak), atol) if self.scaled else atol

    def _evaluator(self, t: float, x: list[float]) -> Any:
        return lambda trees: [self._one(tree)(t, x)[0] for tree in trees]

    def _one(self, tree: Tree) -> Any:
        if tree not in self._compiled:
            self._compiled[tree] = self.code.function([tree])
        return self._compiled[tree]

    def _settle(self) -> None:
        """Events that are due now; fast reactions at rest before them and after each."""
        self.fast.rest(self.now, self.x)
        while self.queue.settle(self.now, self.x) and self.fast.rest(self.now, self.x):
            pass

    def _emit(self) -> None:
        """Write rows for the output times up to and with now."""
        while len(self.rows) < len(self.wanted) and self.wanted[len(self.rows)] <= self.now:
            self.rows.append(self.code.values(float(self.wanted[len(self.rows)]), self.x))

    def _pull(self, upto: float) -> None:
        """A delayed event that rounding puts just after an output time, or after `upto`, comes at it."""
        for pending in self.queue.waiting:
            for moment in (*self.wanted[len(self.rows) :], upto):
                if self.now <= moment < pending.time <= moment + SNAP * abs(moment):
                    pending.time = float(moment)

    def _full(self, y: Any, active: list[int], before: list[float]) -> list[float]:
        x = list(before)
        for i, value in zip(active, y, strict=True):
            x[i] = float(value)
        return x

    def _active(self) -> list[int]:
        """Variables that move from here: those with a value, whose rate does not ask for one that has none."""
        while True:
            rates = self.code.rhs(self.now, self.x)
            pairs = list(zip(self.code.moving, rates, strict=True))
            active = [i for i, rate in pairs if math.isfinite(self.x[i]) and math.isfinite(rate)]
            lost = [i for i, rate in pairs if math.isfinite(self.x[i]) and not math.isfinite(rate)]
            if lost and all(math.isfinite(v) for v in self.x):
                raise IntegrationFailed(
                    f"at time {self.now:g}: the rate of {self.network.base[lost[0]]!r} is not a number"
                )
            if not lost:
                return active
            for i in lost:
                self.x[i] = math.nan

    def _leg(self, stop: float) -> None:
        """Integrate to `stop`, or to the first jump before it."""
        from scipy.integrate import LSODA, Radau

        active = self._active()
        if not active or stop - self.now <= max(4.0 * math.ulp(stop), NOTHING):
            self._idle(stop)
            return
        frame, modes = list(self.x), self.code.monitor(self.now, self.x)
        flown = _Flow(self, active, frame, modes[len(self.network.events) :])
        atol = self.tolerance()[[self.code.moving.index(i) for i in active]]
        longest = min(self.longest, self.shortest)
        start = np.array([self.x[i] for i in active])
        how = {"rtol": self.rtol, "atol": atol, "max_step": longest}
        solver: Any = LSODA(flown.rates, self.now, start, stop, **how)
        pace = Pace(start, self.rtol, atol, longest)
        while solver.status == "running":
            self._step(solver, flown)
            if self._look(solver, flown, modes):
                return
            if isinstance(solver, LSODA) and pace.creeps(solver):
                first = solver.t - solver.t_old
                solver = Radau(flown.rates, solver.t, solver.y, stop, first_step=first, **how)
        self.now = stop

    def _idle(self, stop: float) -> None:
        """Nothing moves, or for no time; the clock goes on."""
        for t in self.wanted[len(self.rows) :]:
            if t >= stop:
                break
            self.rows.append(self.code.values(float(t), self.x))
        self.now = stop

    def _step(self, solver: Any, flown: _Flow) -> None:
        message = solver.step()
        self.steps += 1
        if solver.status == "failed" or not np.isfinite(solver.y).all():
            raise IntegrationFailed(f"at time {solver.t:g}: {message or 'a value is no longer a number'}")
        self.stuck = self.stuck + 1 if solver.t - solver.t_old <= 4.0 * math.ulp(solver.t) else 0
        if self.steps > self.most or self.stuck > STUCK:
            why = f"more than {self.most} steps" if self.steps > self.most else "the step has shrunk to nothing"
            raise IntegrationFailed(f"at time {solver.t:g}: {why}")
        self.peak[flown.places] = np.maximum(self.peak[flown.places], np.abs(solver.y))

    def _look(self, solver: Any, flown: _Flow, before: list[Any]) -> bool:
        """Emit the outputs of the step just made, but for its end; at a jump stop there and return True."""
        start, end, dense = solver.t_old, solver.t, solver.dense_output()
        if self.code.history is not None:
            self.code.history.add(start, end, partial(flown.at, dense))
        inside = self.wanted[len(self.rows) :]
        inside = inside[(inside > start) & (inside <= end) & (inside < solver.t_bound)]
        last = start
        for t in np.unique(np.concatenate([np.linspace(start, end, PARTS + 1)[1:], inside])):
            state = flown.full(solver.y if t == end else dense(t))
            moment = min(
                float(t), math.nextafter(solver.t_bound, -math.inf)
            )  # what the clock switches there comes next
            if _differ(self.code.monitor(moment, state), before):
                self._jump(flown, dense, (float(last), moment), before)
                return True
            if t in inside:
                self.rows.append(self.code.values(float(t), state))
            last = t
        if end >= solver.t_bound:
            self.x = flown.full(solver.y)
        return False

    def _jump(self, flown: _Flow, dense: Any, span: tuple[float, float], before: list[Any]) -> None:
        low, high = span
        while high - low > 2.0 * math.ulp(high):
            middle = 0.5 * (low + high)
            if _differ(self.code.monitor(middle, flown.at(dense, middle)), before):
                high = middle
            else:
                low = middle
        if span[1] - high <= SNAP * max(abs(span[1]), 1e-300) and span[1] in self.wanted:
            high = span[1]
        self.jumps = self.jumps + 1 if high - self.now <= 1e-9 * abs(high) else 0
        if self.jumps > MOST_JUMPS:
            raise IntegrationFailed(f"at time {high:g}: over {MOST_JUMPS} jumps to and fro in no time")
        self.x, self.now = flown.at(dense, high), high


class _Flow:
    """The smooth motion of one leg: what jumps is held at what it was when the leg began."""

    def __init__(self, walk: Walk, active: list[int], frame: list[float], held: list[Any]) -> None:
        self.walk, self.active, self.frame, self.held = walk, active, frame, held
        self.places = [walk.code.moving.index(i) for i in active]

    def full(self, y: Any) -> list[float]:
        """All stored variables, with the moving ones at y."""
        return self.walk._full(y, self.active, self.frame)

    def at(self, dense: Any, t: float) -> list[float]:
        """All stored variables at a time within the last step."""
        return self.full(dense(t))

    def rates(self, t: float, y: np.ndarray) -> np.ndarray:
        """Rates of the variables that move. Past a jump, where a held branch may have none, those that hold there."""
        x = self.full(y)
        found = np.array(self.walk.code.held(t, x, self.held), float)[self.places]
        if not np.isfinite(found).all():
            found = np.array(self.walk.code.rhs(t, x), float)[self.places]
        return found


def _differ(a: list[Any], b: list[Any]) -> bool:
    return any(p != q and (p == p or q == q) for p, q in zip(a, b, strict=True))
