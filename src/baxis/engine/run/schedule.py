"""Events as the compiled driver wants them: targets as indices, infusions as steps of a level, orders by time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from baxis.core.errors import InvalidValue, UnknownName
from baxis.engine.codegen import layout
from baxis.engine.model.events import ADD, INFUSE, SET, Events
from baxis.engine.model.system import System


@dataclass(frozen=True, eq=False)
class Timetable:
    """times, amounts, order: (1 or n, E); kinds, targets: (E,). `order` sorts each row by time, stably."""

    times: np.ndarray
    order: np.ndarray
    amounts: np.ndarray
    kinds: np.ndarray
    targets: np.ndarray


def lower(events: Events | None, system: System, patients: int, start: float) -> Timetable:
    """Schedule for `patients` rows. Raises UnknownName for a target, InvalidValue for a row count or an early time."""
    if events is None or len(events) == 0:
        none = np.zeros((1, 0))
        return Timetable(none, none.astype(np.int64), none, np.zeros(0, np.int64), np.zeros(0, np.int64))
    if events.patients not in (None, patients):
        raise InvalidValue("events", f"tables for {events.patients} patients", f"{patients}, as many as simulated")
    if (events.times < start).any():
        raise InvalidValue("event times", float(events.times.min()), f"times at or after the start, {start:g}")
    times, amounts, durations = (np.atleast_2d(a) for a in (events.times, events.amounts, events.durations))
    plain = np.flatnonzero(events.kinds != INFUSE)
    columns_t, columns_a = [times[:, plain]], [amounts[:, plain]]
    pairs = [_plain_target(system, int(events.kinds[k]), events.targets[k]) for k in plain]
    for name in dict.fromkeys(events.targets[k] for k in np.flatnonzero(events.kinds == INFUSE)):
        target = _infused_target(system, events, name)
        mine = [k for k in np.flatnonzero(events.kinds == INFUSE) if events.targets[k] == name]
        t, a = _levels(times[:, mine], durations[:, mine], amounts[:, mine])
        columns_t.append(t)
        columns_a.append(a)
        pairs += [(layout.OFFSET, target)] * t.shape[1]
    all_times, all_amounts = _side_by_side(columns_t), _side_by_side(columns_a)
    kinds, targets = (np.array(x, dtype=np.int64) for x in zip(*pairs, strict=True))
    order = np.argsort(all_times, axis=1, kind="stable").astype(np.int64)
    return Timetable(all_times, order, all_amounts, kinds, targets)


def _side_by_side(tables: list[np.ndarray]) -> np.ndarray:
    rows = max(t.shape[0] for t in tables)
    return np.ascontiguousarray(np.concatenate([np.broadcast_to(t, (rows, t.shape[1])) for t in tables], axis=1))


def _plain_target(system: System, kind: int, name: str) -> tuple[int, int]:
    if kind == ADD:
        if name in system.states:
            return layout.ADD, system.state_index(name)
        raise UnknownName("state to add to", name, system.states)
    assert kind == SET
    if name in system.parameters:
        return layout.SET, system.parameter_index(name)
    if name in system.states:
        return layout.SET_STATE, system.state_index(name)
    raise UnknownName("parameter or state to set", name, [*system.parameters, *system.states])


def _infused_target(system: System, events: Events, name: str) -> int:
    if name not in system.parameters:
        raise UnknownName("rate parameter to infuse by", name, system.parameters)
    if any(t == name and k == SET for t, k in zip(events.targets, events.kinds, strict=True)):
        raise InvalidValue("events", f"SET and INFUSE of {name!r}", "one of the two for each parameter")
    return system.parameter_index(name)


def _levels(starts: np.ndarray, durations: np.ndarray, amounts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Boundaries (1 or n, 2m) and the total rate from each on: summed afresh, so it ends at exactly 0."""
    rates = amounts / durations
    ends = starts + durations
    bounds = _side_by_side([starts, ends])
    rows = max(bounds.shape[0], rates.shape[0])
    totals = np.zeros((rows, bounds.shape[1]))
    for j in range(bounds.shape[1]):
        moment = bounds[:, j : j + 1]
        totals[:, j] = np.where((starts <= moment) & (moment < ends), rates, 0.0).sum(axis=1)
    return bounds, totals
