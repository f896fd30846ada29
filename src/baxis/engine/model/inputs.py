"""Checks and shapes of what a caller hands in: parameters, initial states, times, outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from baxis.core.errors import InvalidValue, UnknownName
from baxis.engine.formula.rules import evaluate_starts
from baxis.engine.model.events import Events
from baxis.engine.model.system import System


def numbers(where: str, values: Any) -> np.ndarray:
    """Float array of anything array-like, or InvalidValue."""
    try:
        return np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise InvalidValue(where, type(values).__name__, "numbers") from None


def batch_size(system: System, parameters: Any, initial: Any, events: Events | None) -> int:
    """Number of patients that the inputs speak of; they must agree."""
    found: dict[str, int] = {}
    for where, given, width in (
        ("parameters", parameters, len(system.parameters)),
        ("initial", initial, len(system.states)),
    ):
        if isinstance(given, Mapping):
            for name, v in given.items():
                if np.ndim(v) == 1:
                    found[f"{where}[{name!r}]"] = len(v)
        elif given is not None and np.ndim(given) == 2:
            found[where] = len(given)
        elif given is not None and np.ndim(given) != 1:
            raise InvalidValue(
                where, f"{np.ndim(given)} dimensions", f"(patients, {width}), ({width},) or a mapping by name"
            )
    if events is not None and events.patients is not None:
        found["events"] = events.patients
    if len(set(found.values())) > 1:
        text = ", ".join(f"{k}: {v}" for k, v in found.items())
        raise InvalidValue("number of patients", text, "the same number everywhere")
    return next(iter(found.values()), 1)


def first_tables(system: System, parameters: Any, initial: Any, patients: int) -> tuple[np.ndarray, np.ndarray]:
    """(n, P) parameters and (n, N) initial states from what a caller gave."""
    own = system.own_tables(parameters, initial, patients)
    if own is not None:
        return own
    p = parameter_table(system, parameters, patients)
    return p, initial_table(system, initial, p)


def parameter_table(system: System, parameters: Any, patients: int) -> np.ndarray:
    """(n, P) parameters; a mapping fills the rest from the model's defaults."""
    for name in parameters if isinstance(parameters, Mapping) else ():
        if name in system.assignments and name not in system.parameters:
            allowed = "a parameter; the model computes this one"
            hint = (
                f"load_sbml(text, given=[{name!r}]) makes it one"
                if name in system.computed
                else "set what its rule uses"
            )
            raise InvalidValue(f"parameters[{name!r}]", "numbers", allowed, hint)
    return _table("parameters", "parameter", system.parameters, system.defaults, parameters, patients)


def initial_table(system: System, initial: Any, parameters: np.ndarray) -> np.ndarray:
    """(n, N) initial states; what is not given comes from the model, its initial assignments included."""
    base: dict[str, Any] = dict(system.initial)
    if system.computed_starts and (initial is None or isinstance(initial, Mapping)):
        values = {n: parameters[:, i] for i, n in enumerate(system.parameters)}
        plain = {k: v for k, v in system.initial.items() if k not in system.computed_starts}
        given = dict(initial or {})
        starts = {k: t for k, t in system.equations.starts.items() if k not in given}
        base |= evaluate_starts(starts, system.equations.rules, {**plain, **given, **values})
    return _table("initial", "state", system.states, base, initial, len(parameters))


def _table(
    where: str, kind: str, names: tuple[str, ...], base: Mapping[str, Any], given: Any, patients: int
) -> np.ndarray:
    if given is None or isinstance(given, Mapping):
        table = np.empty((patients, len(names)))
        for i, name in enumerate(names):
            table[:, i] = base[name]
        for name, value in (given or {}).items():
            if name not in names:
                raise UnknownName(kind, name, names)
            table[:, names.index(name)] = numbers(f"{where}[{name!r}]", value)
    else:
        array = numbers(where, given)
        if array.shape[-1] != len(names):
            raise InvalidValue(where, f"shape {array.shape}", f"({patients}, {len(names)}) in the order of the {kind}s")
        table = np.ascontiguousarray(np.broadcast_to(array, (patients, len(names))))
    bad = np.argwhere(~np.isfinite(table))
    if len(bad):
        row, column = bad[0]
        what = f"{table[row, column]} for {names[column]!r} of patient {row}"
        raise InvalidValue(where, what, f"finite numbers; give {names[column]!r} a value")
    return table


def output_times(times: Any, start: float) -> np.ndarray:
    """(T,) strictly rising finite times, none before the start."""
    t = np.atleast_1d(numbers("times", times))
    if t.ndim != 1 or len(t) == 0:
        raise InvalidValue("times", f"shape {t.shape}", "at least one time, in one dimension")
    if not np.isfinite(t).all():
        raise InvalidValue("times", "NaN or infinity", "finite times")
    if (np.diff(t) <= 0).any():
        k = int(np.argmax(np.diff(t) <= 0))
        raise InvalidValue("times", f"{t[k + 1]:g} after {t[k]:g}", "strictly rising times")
    if t[0] < start:
        raise InvalidValue("times", float(t[0]), f"times at or after the start, {start:g}", "see Options(start=...)")
    return np.ascontiguousarray(t)


def output_choice(system: System, outputs: Sequence[str] | None) -> tuple[tuple[str, ...], np.ndarray]:
    """(names, index of each among states then assignment rules); None means all states."""
    if isinstance(outputs, str):
        raise InvalidValue("outputs", outputs, "a list of names")
    names = system.states if outputs is None else tuple(outputs)
    place = {n: i for i, n in enumerate((*system.states, *system.assignments))}
    for n in names:
        if n not in place:
            raise UnknownName("output", n, place)
    return names, np.array([place[n] for n in names], dtype=np.int64)
