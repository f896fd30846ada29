"""SBML events of a batch: triggers, delays, persistence and priorities, for all lanes that paused at once."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from baxis.core.streams import generator
from baxis.engine.driver.watch import SNAP
from baxis.engine.model.event_system import EventSystem, levels
from baxis.engine.run.execute import Job, Leg

MOST = 1_000  # events executed at one moment before a patient's model is judged to loop
ENDLESS, BAD_DELAY = 8, 9  # statuses beside those of the driver
DRAWS = 1024
LAST = 1 << 40  # added to the place in the queue of what comes after all else of its moment

Look = Callable[[np.ndarray], np.ndarray]


@lru_cache(maxsize=64)
def _lots(block: int) -> np.ndarray:
    """Lots that decide ties: the same sequence for every patient, so that company and order change nothing."""
    return generator(0, f"ties of SBML events, block {block}").random(DRAWS)


class EventBatch:
    """Which triggers are true and which events wait, one row a patient.

    `look` evaluates what is watched and surveyed for rows, from the state, parameters and clocks as they are now.
    """

    def __init__(self, job: Job, leg: Leg, state: np.ndarray, own: np.ndarray, look: Look) -> None:
        system = job.kernel.system
        assert isinstance(system, EventSystem)
        self.outputs = job.times
        self.system, self.leg, self.state, self.own, self.look = system, leg, state, own, look
        self.events, n = system.network.events, len(state)
        self.truth = np.tile([e.initially for e in self.events], (n, 1)).astype(bool)
        self.widest = max((len(e.assignments) for e in self.events), default=0)
        self.when = np.full((n, 1), np.inf)
        self.event, self.order = np.zeros((n, 1), np.int64), np.zeros((n, 1), np.int64)
        self.fixed = np.zeros((n, 1, self.widest))
        self.count, self.draws = np.zeros(n, np.int64), np.zeros(n, np.int64)
        self.status = np.zeros(n, np.int64)
        self.executed = np.zeros(n, bool)
        self._levels = levels(system.network)

    def settle(self, rows: np.ndarray) -> np.ndarray:
        """Triggers and executes all that is due in `rows` at their clocks; returns the rows that may go on.

        `executed` says which rows were changed, `status` why a row may not go on.
        """
        self.executed[rows] = False
        live = rows
        for _ in range(MOST):
            seen = self.look(live)
            self._trigger(live, seen)
            due = (self.when[live] <= self.leg.clocks[live, None]) & (self.status[live] == 0)[:, None]
            some = due.any(axis=1)
            live, seen = live[some], seen[some]
            if not len(live):
                break
            self._execute(live, self._first(live, due[some], seen), seen)
        self.status[live] = ENDLESS
        self.leg.pending[rows] = self.when[rows].min(axis=1)
        return rows[self.status[rows] == 0]

    def _trigger(self, rows: np.ndarray, seen: np.ndarray) -> None:
        now, was = seen[:, : len(self.events)] != 0.0, self.truth[rows]
        for k in np.flatnonzero((now != was).any(axis=0)):
            risen, fallen = rows[now[:, k] & ~was[:, k]], rows[was[:, k] & ~now[:, k]]
            if len(fallen) and not self.events[k].persistent:
                self.when[fallen] = np.where(self.event[fallen] == k, np.inf, self.when[fallen])
            if len(risen):
                self._wait(risen, int(k), seen[now[:, k] & ~was[:, k]])
        self.truth[rows] = now

    def _wait(self, rows: np.ndarray, k: int, seen: np.ndarray) -> None:
        delay = seen[:, self.system.survey.delays[k]]
        sound = delay >= 0
        self.status[rows[~sound]] = BAD_DELAY
        rows, seen, delay = rows[sound], seen[sound], delay[sound]
        if not np.isinf(self.when[rows]).any(axis=1).all():
            self._widen()
        slot = np.isinf(self.when[rows]).argmax(axis=1)
        self.when[rows, slot] = self._at_output(self.leg.clocks[rows], delay)
        self.event[rows, slot] = k
        self.order[rows, slot] = self.count[rows] + (LAST if self.events[k].last else 0)
        columns = self.system.survey.values[k]
        self.fixed[rows, slot, : len(columns)] = seen[:, columns]
        self.count[rows] += 1

    def _at_output(self, now: np.ndarray, delay: np.ndarray) -> np.ndarray:
        """Times (m,) at which what waits from now on is due; what rounding puts just after an output time is due at it."""
        when = now + delay
        place = np.searchsorted(self.outputs, when) - 1
        moment = self.outputs[np.maximum(place, 0)]
        near = (place >= 0) & (now <= moment) & (when - moment <= SNAP * np.abs(moment))
        return np.where(near, moment, when)

    def _widen(self) -> None:
        """One more place for an event that waits."""
        n = len(self.when)
        self.when = np.hstack([self.when, np.full((n, 1), np.inf)])
        self.event, self.order = (np.hstack([a, np.zeros((n, 1), np.int64)]) for a in (self.event, self.order))
        self.fixed = np.concatenate([self.fixed, np.zeros((n, 1, self.widest))], axis=1)

    def _first(self, rows: np.ndarray, due: np.ndarray, seen: np.ndarray) -> np.ndarray:
        """Place of the event of highest priority; equal priorities by lot, those without one in order."""
        priorities = seen[:, self.system.survey.priorities]
        ranks = np.take_along_axis(np.where(np.isnan(priorities), -np.inf, priorities), self.event[rows], axis=1)
        best = np.where(due, ranks, -np.inf).max(axis=1)
        tied = due & (ranks == best[:, None])
        order = np.where(tied, self.order[rows], np.iinfo(np.int64).max)
        chosen = order.argmin(axis=1)
        for i in np.flatnonzero((tied.sum(axis=1) > 1) & (best > -np.inf)):
            block, place = divmod(int(self.draws[rows[i]]), DRAWS)
            lot = _lots(block)[place]
            self.draws[rows[i]] += 1
            ranked = np.flatnonzero(tied[i])[np.argsort(self.order[rows[i], tied[i]])]
            chosen[i] = ranked[int(lot * len(ranked))]
        return chosen

    def _execute(self, rows: np.ndarray, slot: np.ndarray, seen: np.ndarray) -> None:
        """Assigns all at once. Values for concentrations are in the old size; amounts stay when a size changes."""
        which = self.event[rows, slot]
        self.when[rows, slot] = np.inf
        self.executed[rows] = True
        for k in np.unique(which):
            mine = which == k
            columns = self.system.survey.values[k]
            values = self.fixed[rows[mine], slot[mine], : len(columns)]
            if not self.events[k].at_trigger:
                values = seen[mine][:, columns]
            for j, name in enumerate(self.events[k].assignments):
                self._assign(name, rows[mine], values[:, j], seen[mine])
        if self._levels:
            self._keep_amounts(rows, seen)

    def _assign(self, name: str, rows: np.ndarray, values: np.ndarray, seen: np.ndarray) -> None:
        network, sizes = self.system.network, self.system.survey.sizes
        if name in network.amounts:
            values = values * seen[:, sizes[str(network.compartment[name])]]
            name = network.amounts[name]
        if name in network.rates:
            self.state[rows, self.system.state_index(name)] = values
        else:
            self.leg.live[rows, self.system.parameter_index(name)] = values
            self.own[rows, self.system.parameter_index(name)] = values

    def _keep_amounts(self, rows: np.ndarray, seen: np.ndarray) -> None:
        after, network = self.look(rows), self.system.network
        for name in self._levels:
            column = self.system.survey.sizes[str(network.compartment[name])]
            before, now = seen[:, column], after[:, column]
            moved = before != now
            if not moved.any():
                continue
            ratio = before[moved] / now[moved]
            tables = [self.state] if name in network.rates else [self.leg.live, self.own]
            index = self.system.state_index if name in network.rates else self.system.parameter_index
            for table in tables:
                table[rows[moved], index(name)] *= ratio
