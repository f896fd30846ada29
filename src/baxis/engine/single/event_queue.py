"""SBML event semantics on one trajectory: triggers, delays, persistence and priorities."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from baxis.core.errors import InvalidValue
from baxis.core.streams import generator
from baxis.engine.model.network_code import NetworkCode

LAST = 1 << 40  # added to the place in the queue of what comes after all else of its moment
MOST = 10_000  # events executed at one moment before the model is judged to loop


@dataclass
class Pending:
    """An event that was triggered and waits. `values` holds its assignments if they were fixed at the trigger."""

    event: int
    time: float
    order: int
    values: list[float] | None


@dataclass
class EventQueue:
    """Which triggers are true, and which events wait. `settle` brings the model to rest at one moment."""

    code: NetworkCode
    truth: list[bool] = field(init=False)
    waiting: list[Pending] = field(default_factory=list)
    count: int = 0

    def __post_init__(self) -> None:
        self.events = self.code.network.events
        self.truth = [e.initially for e in self.events]
        self.lots = generator(0, "ties of SBML events")
        network = self.code.network
        self._levels = [n for n in network.base if network.per_size.get(n)]
        make = self.code.function
        self._values = [make(list(e.assignments.values())) for e in self.events]
        self._delay: list[Callable[..., Any]] = [make([e.delay or ("num", 0.0)]) for e in self.events]
        self._priority: list[Callable[..., Any]] = [make([e.priority or ("num", -math.inf)]) for e in self.events]

    @property
    def next_time(self) -> float:
        return min((p.time for p in self.waiting), default=math.inf)

    def settle(self, t: float, x: list[float]) -> bool:
        """Trigger and execute all that is due at time t, changing x; True if anything was executed."""
        changed = False
        for _ in range(MOST):
            self._look(t, x)
            due = [p for p in self.waiting if p.time <= t]
            if not due:
                return changed
            first = self._first(due, t, x)
            self.waiting.remove(first)
            self._execute(first, t, x)
            changed = True
        raise InvalidValue("events", f"over {MOST} at time {t:g}", "events that come to an end")

    def _first(self, due: list[Pending], t: float, x: list[float]) -> Pending:
        """Highest priority; equal priorities by lot, as the standard asks; events without one last, in order."""
        ranks = [self._rank(p, t, x) for p in due]
        tied = [p for p, rank in zip(due, ranks, strict=True) if rank == max(ranks)]
        by_lot = len(tied) > 1 and max(ranks) > -math.inf
        return tied[int(self.lots.integers(len(tied)))] if by_lot else min(tied, key=lambda p: p.order)

    def _rank(self, pending: Pending, t: float, x: list[float]) -> float:
        value = float(self._priority[pending.event](t, x)[0])
        return -math.inf if math.isnan(value) else value

    def _look(self, t: float, x: list[float]) -> None:
        now = self.code.triggers(t, x)
        for k, (is_true, was) in enumerate(zip(now, self.truth, strict=True)):
            if is_true and not was:
                self._trigger(k, t, x)
            elif was and not is_true and not self.events[k].persistent:
                self.waiting = [p for p in self.waiting if p.event != k]
        self.truth = now

    def _trigger(self, k: int, t: float, x: list[float]) -> None:
        delay = float(self._delay[k](t, x)[0])
        if not delay >= 0:
            raise InvalidValue(f"delay of event {self.events[k].name!r}", delay, "a number of at least 0")
        values = self._values[k](t, x) if self.events[k].at_trigger else None
        place = self.count + (LAST if self.events[k].last else 0)
        self.waiting.append(Pending(k, t + delay, place, values))
        self.count += 1

    def _execute(self, pending: Pending, t: float, x: list[float]) -> None:
        """Assign all at once. Values for concentrations are in the old size; amounts stay when a compartment changes."""
        network, index = self.code.network, self.code.index
        values = pending.values if pending.values is not None else self._values[pending.event](t, x)
        targets = dict(zip(network.events[pending.event].assignments, map(float, values), strict=True))
        before = self._symbols(t, x)
        for name, value in targets.items():
            if name in network.amounts:
                x[index[network.amounts[name]]] = value * before[str(network.compartment[name])]
            else:
                x[index[name]] = value
        after = self._symbols(t, x) if self._levels else before
        for name in self._levels:
            home = str(network.compartment[name])
            if before[home] != after[home]:
                x[index[name]] *= before[home] / after[home]

    def _symbols(self, t: float, x: list[float]) -> dict[str, float]:
        return dict(zip(self.code.symbols, self.code.values(t, x), strict=True))
