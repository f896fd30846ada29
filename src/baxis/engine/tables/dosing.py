"""Doses of a user's own model: amounts into a state, on every path.

A dose is an amount. A state that is a concentration rises by the amount over the size of its compartment at that moment.
Of what happens at one moment the model's own events come first, then the doses in the order given (they add up), then
what they set off; outputs are read after all of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from baxis.core.errors import InvalidValue, UnknownName
from baxis.engine.formula.mathml import Tree
from baxis.engine.formula.rules import evaluate_starts
from baxis.engine.model.event_system import EventSystem
from baxis.engine.model.events import Events, bolus, concat
from baxis.engine.model.inputs import batch_size, first_tables
from baxis.engine.model.network import Event, Network
from baxis.engine.model.sensitive_system import SensitiveSystem, seed_name, slope_name
from baxis.engine.model.system import System

Dose = tuple[str, float, float]  # state, time, amount
SAME = 1e-12  # a dose this close to an output time (relative) is at it


def dose(system: System, state: str, times: Any, amounts: Any, parameters: Any = None, initial: Any = None) -> Events:
    """Doses given as amounts: `times` (E,) or (n, E), `amounts` one number, (E,), or (n, E).

    A concentration rises by the amount over the size of its compartment, which follows from `parameters` and `initial`
    as given to `simulate` (the size at the start). With `with_sensitivities` the slopes jump with it. Raises UnknownName
    for what is no state; `bolus` adds numbers to the state itself, whatever they mean.
    """
    if isinstance(system, EventSystem):
        stored = system.network.amounts.get(state, state)
        if stored in system.states and not system.network.per_size.get(stored):
            return bolus(stored, times, amounts)
    if state not in system.states:
        raise UnknownName("state to add to", state, system.states)
    home = system.homes.get(state)
    if home is None:
        return bolus(state, times, amounts)
    size = _at_start(system, home, parameters, initial)
    if not (np.isfinite(size) & (size > 0)).all():
        bad = float(size[~(np.isfinite(size) & (size > 0))][0])
        raise InvalidValue(f"size of {home!r}, the compartment of the dosed {state!r}", bad, "a number above 0")
    amount, size = _by_row(amounts, size)
    parts = [bolus(state, times, amount / size)]
    for q in system.to if isinstance(system, SensitiveSystem) else ():
        moved = slope_name(state, q)
        slope = seed_name(q) if home == q else slope_name(home, q)
        if moved in system.states and slope in (*system.parameters, *system.equations.rules):
            of_size = _by_row(amounts, _at_start(system, slope, parameters, initial))[1]
            parts.append(bolus(moved, times, -amount * of_size / size**2))
    return concat(*parts)


def _by_row(amounts: Any, of_row: np.ndarray) -> tuple[np.ndarray, Any]:
    """Amounts ((), (E,) or (n, E)) and numbers (n,) in shapes that go together; equal numbers as one."""
    amount = np.asarray(amounts, float)
    if (of_row == of_row[0]).all():
        return amount, of_row[0]
    return np.atleast_1d(amount), of_row[:, None]


def _at_start(system: System, name: str, parameters: Any, initial: Any) -> np.ndarray:
    """(n,) values of a parameter, state or rule at the start."""
    p, y = first_tables(system, parameters, initial, batch_size(system, parameters, initial, None))
    return value_of(system, name, p, y)


def value_of(system: System, name: str, p: np.ndarray, y: np.ndarray, time: float = 0.0) -> np.ndarray:
    """(n,) values of a parameter, state or rule for parameters (n, P) and states (n, N)."""
    known: dict[str, Any] = {n: p[:, i] for i, n in enumerate(system.parameters)}
    known |= {n: y[:, i] for i, n in enumerate(system.states)}
    if name in known:
        return known[name]
    tree: Tree = ("sym", name)
    found = evaluate_starts({"wanted value": tree}, system.equations.rules, known | {"": time})["wanted value"]
    return np.broadcast_to(np.asarray(found, float), (len(p),))


def dose_events(network: Network, doses: Sequence[Dose]) -> tuple[Event, ...]:
    """Doses as events of a network. They are executed after the model's own of that moment, in the order given."""
    return tuple(_event(network, k, d) for k, d in enumerate(doses))


def _event(network: Network, k: int, given: Dose) -> Event:
    name, when, amount = given
    trigger: Tree = ("ge", ("time",), ("num", float(when)))
    rise: Tree = ("num", float(amount))
    if network.per_size.get(name):
        rise = ("div", rise, ("sym", str(network.compartment[name])))
    change: dict[str, Tree] = {name: ("add", ("sym", name), rise)}
    return Event(
        name=f"dose {k}",
        trigger=trigger,
        initially=False,
        persistent=True,
        at_trigger=False,
        delay=None,
        priority=None,
        assignments=change,
        last=True,
    )


def at_output_times(doses: Sequence[Dose], times: np.ndarray) -> tuple[Dose, ...]:
    """The doses, those within rounding of an output time at exactly that time."""
    out = []
    for name, when, amount in doses:
        k = int(np.argmin(np.abs(times - when)))
        near = abs(times[k] - when) <= SAME * abs(when)
        out.append((name, float(times[k]) if near else float(when), amount))
    return tuple(out)


def refuse_or_tell_late(doses: Sequence[Dose], end: float) -> str:
    """A sentence on doses after the end; InvalidValue when no dose falls within the run."""
    late = [when for _, when, _ in doses if when > end]
    if not late:
        return ""
    said = f"{len(doses) - len(late)} of {len(doses)} doses fall within {end:g}"
    if len(late) == len(doses):
        raise InvalidValue(
            "doses", f"times {', '.join(f'{t:g}' for t in late[:5])}", f"times up to {end:g}, the last", said
        )
    return f"{said}, the last time: the others are never given"


def rises(
    system: System, doses: Sequence[Dose], times: np.ndarray, parameters: Any, initial: Any
) -> dict[int, dict[str, Any]]:
    """By how much doses at an output time raise states there: index of the time -> state -> number or (n,)."""
    out: dict[int, dict[str, Any]] = {}
    for name, when, amount in doses:
        for k in np.flatnonzero(times == when):
            parts = dose(system, name, [when], amount, parameters, initial)
            now = out.setdefault(int(k), {})
            for j, target in enumerate(parts.targets):
                now[target] = now.get(target, 0.0) + parts.amounts[..., j]
    return out
