"""Doses and inputs: what happens to a state or a parameter at given times.

Rules. Events at one time apply in the order given. An output at the time of an event is recorded before the event (a
baseline is read before the first dose). An event at or after the last time of a run does nothing in that run; one
before the start is refused. Infusions of one parameter add up and, when they end, leave exactly its own value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from baxis.core.errors import InvalidValue

ADD, SET, INFUSE = 0, 1, 2
KIND_NAMES = {"add": ADD, "set": SET, "infuse": INFUSE}


@dataclass(frozen=True, eq=False)
class Events:
    """E events, the same kinds and targets for every patient; times, amounts and durations may differ by patient.

    times, amounts, durations: (E,) or (n, E); kinds: (E,) of ADD, SET, INFUSE; targets: E names.
    ADD: state += amount, in the state's own meaning (see `dose` for amounts into concentrations). SET: parameter (or state) = amount from then on. INFUSE: the parameter
    is raised by amount/duration for the duration. A time of +inf means never (for that patient). Raises InvalidValue
    for wrong shapes, NaN, infinite amounts, and infusions whose duration is not above 0.
    """

    times: np.ndarray
    kinds: np.ndarray
    targets: tuple[str, ...]
    amounts: np.ndarray
    durations: np.ndarray

    def __init__(
        self, times: Any, kinds: Any, targets: str | Sequence[str], amounts: Any, durations: Any = 0.0
    ) -> None:
        t = _table("event times", times)
        count = t.shape[-1]
        names = (targets,) * count if isinstance(targets, str) else tuple(str(x) for x in targets)
        if len(names) != count:
            raise InvalidValue("event targets", f"{len(names)} names", f"{count}, one an event")
        codes = np.broadcast_to(_codes(kinds), (count,)).astype(np.int64)
        fields = {"times": t, "kinds": codes, "targets": names}
        fields["amounts"] = _matched("event amounts", amounts, count)
        fields["durations"] = _matched("infusion durations", durations, count)
        for name, value in fields.items():
            object.__setattr__(self, name, value)
        self._check()

    def _check(self) -> None:
        if np.isnan(self.times).any() or (self.times == -np.inf).any():
            raise InvalidValue("event times", "NaN or -inf", "numbers, or +inf for an event that never comes")
        if not np.isfinite(self.amounts).all():
            raise InvalidValue("event amounts", "NaN or infinity", "finite numbers")
        infused = np.broadcast_to(self.kinds == INFUSE, self.durations.shape)
        if not (np.isfinite(self.durations) & (~infused | (self.durations > 0))).all():
            raise InvalidValue("infusion durations", "a value that is not above 0", "finite numbers above 0")
        rows = {a.shape[0] for a in (self.times, self.amounts, self.durations) if a.ndim == 2 and a.shape[0] != 1}
        if len(rows) > 1:
            raise InvalidValue("events", f"tables for {sorted(rows)} patients", "one number of patients")

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def patients(self) -> int | None:
        """Number of patients that the tables are for, or None if they hold for any number."""
        rows = {a.shape[0] for a in (self.times, self.amounts, self.durations) if a.ndim == 2 and a.shape[0] != 1}
        return rows.pop() if rows else None


def _table(name: str, values: Any) -> np.ndarray:
    try:
        table = np.array(values, dtype=float)
    except (TypeError, ValueError):
        raise InvalidValue(name, values, "numbers") from None
    if table.ndim == 0:
        table = table.reshape(1)
    if table.ndim > 2:
        raise InvalidValue(name, f"{table.ndim} dimensions", "(E,) or (patients, E)")
    return table


def _matched(name: str, values: Any, count: int) -> np.ndarray:
    table = _table(name, values)
    if table.shape[-1] not in (1, count):
        raise InvalidValue(name, f"{table.shape[-1]} events", f"{count}, one an event (or one number for all)")
    return np.ascontiguousarray(np.broadcast_to(table, (*table.shape[:-1], count)))


def _codes(kinds: Any) -> np.ndarray:
    items = [kinds] if isinstance(kinds, str) or np.ndim(kinds) == 0 else list(kinds)
    codes = [KIND_NAMES.get(k, k) if isinstance(k, str) else k for k in items]
    for given, code in zip(items, codes, strict=True):
        if code not in (ADD, SET, INFUSE):
            raise InvalidValue("event kind", given, "ADD, SET or INFUSE ('add', 'set', 'infuse')")
    return np.array(codes, dtype=np.int64)


def bolus(state: str, times: Any, amounts: Any, lag: Any = 0.0) -> Events:
    """Instant doses into a state: `times` (E,) or (n, E), `amounts` one number, (E,), or (n, E).

    `lag`, one number or one a patient (n,), is how much later than its time a dose arrives.
    """
    return Events(_later(times, lag), ADD, state, amounts)


def infusion(rate_parameter: str, starts: Any, durations: Any, amounts: Any, lag: Any = 0.0) -> Events:
    """Constant-rate infusions of `amounts` over `durations`, through a parameter that is an input rate of the model."""
    return Events(_later(starts, lag), INFUSE, rate_parameter, amounts, durations)


def _later(times: Any, lag: Any) -> np.ndarray:
    delay = _table("lag", lag)
    if delay.ndim != 1 or not (np.isfinite(delay) & (delay >= 0)).all():
        raise InvalidValue("lag", lag, "numbers of at least 0: one for all patients, or one each")
    table = _table("event times", times)
    return table + delay[0] if len(delay) == 1 else np.atleast_2d(table) + delay[:, None]


def setting(target: str, times: Any, values: Any) -> Events:
    """A piecewise-constant input: `target` takes each value from its time on."""
    return Events(times, SET, target, values)


def repeat(first: float, every: float, count: int) -> np.ndarray:
    """Times of a regular schedule: first, first + every, ..., `count` of them."""
    if not every > 0 or count < 0 or not np.isfinite(first):
        raise InvalidValue(
            "repeat", (first, every, count), "a finite first time, an interval above 0, a count of at least 0"
        )
    return first + every * np.arange(int(count))


def concat(*parts: Events) -> Events:
    """All events of the parts, in order; simultaneous ones apply in this order."""
    parts = tuple(p for p in parts if p is not None)
    if not parts:
        return Events(np.zeros(0), np.zeros(0, int), (), np.zeros(0))
    known = {p.patients for p in parts if p.patients is not None}
    if len(known) > 1:
        raise InvalidValue("concat", f"events for {sorted(known)} patients", "parts for one number of patients")

    def joined(name: str) -> np.ndarray:
        tables = [getattr(p, name) for p in parts]
        if all(t.ndim == 1 for t in tables):
            return np.concatenate(tables)
        rows = max(t.shape[0] for t in tables if t.ndim == 2)
        return np.concatenate([np.broadcast_to(t, (rows, t.shape[-1])) for t in tables], axis=1)

    targets = tuple(t for p in parts for t in p.targets)
    kinds = np.concatenate([p.kinds for p in parts])
    return Events(joined("times"), kinds, targets, joined("amounts"), joined("durations"))
