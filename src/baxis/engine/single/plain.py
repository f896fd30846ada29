"""Plain reference solution: the same formulas, patient by patient, by scipy. Slow, and independent of the fast path."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from baxis.engine.codegen import layout
from baxis.engine.model.events import Events
from baxis.engine.model.inputs import batch_size, initial_table, output_times, parameter_table
from baxis.engine.model.system import System
from baxis.engine.run.schedule import Timetable, lower

Rates = Callable[[float, np.ndarray, np.ndarray], np.ndarray]


def lambdified(system: System) -> tuple[Rates, Rates, Rates]:
    """(rates, rules, Jacobian) as numpy functions of (time, state, parameters), by sympy.lambdify."""
    import sympy as sp

    every = ("time", *system.states, *system.parameters)
    full: dict[Any, Any] = {sp.Symbol(n): sp.Symbol(n, real=True) for n in every}  # |x| has a slope only if x is real
    time, *names = full.values()
    for name, rule in system.rules.items():
        full[sp.Symbol(name)] = rule.xreplace(full)
    rates = [r.xreplace(full) for r in system.rates.values()]
    states = names[: len(system.states)]
    jacobian = [[sp.diff(r, s) for s in states] for r in rates]

    def compiled(what: Any) -> Rates:
        f = sp.lambdify([time, names], what, modules="numpy", cse=True)
        return lambda t, y, p: np.array(f(t, np.concatenate([y, p])), float)

    return compiled(rates), compiled(list(full.values())[len(every) :]), compiled(jacobian)


def reference(
    system: System,
    parameters: Any = None,
    initial: Any = None,
    *,
    times: Any,
    events: Events | None = None,
    rtol: float = 1e-8,
) -> np.ndarray:
    """(n, T, N + R) values of all states and rules, as `simulate` from time 0 would give them, by scipy's Radau.

    Same rules for events and outputs; atol is a hundredth of rtol. The integration restarts at every event.
    Raises InvalidValue for wrong inputs, RuntimeError if scipy gives up.
    """
    n = batch_size(system, parameters, initial, events)
    p = parameter_table(system, parameters, n)
    y = initial_table(system, initial, p)
    t = output_times(times, 0.0)
    schedule = lower(events, system, n, 0.0)
    functions = lambdified(system)
    return np.stack([_one(functions, y[i], p[i], _events_of(schedule, i), t, rtol) for i in range(n)])


def _events_of(s: Timetable, i: int) -> list[tuple[float, int, int, float]]:
    times, order, amounts = (a[i if a.shape[0] > 1 else 0] for a in (s.times, s.order, s.amounts))
    return [(times[k], int(s.kinds[k]), int(s.targets[k]), amounts[k]) for k in order if np.isfinite(times[k])]


def _one(functions: tuple, y: np.ndarray, p: np.ndarray, events: list, wanted: np.ndarray, rtol: float) -> np.ndarray:
    """(T, N + R) states and rules of one patient."""
    now, base, p = 0.0, p, p.copy()
    out, end = [], wanted[-1]
    stops = [*sorted({e[0] for e in events if e[0] < end}), end]
    first = wanted[wanted <= now]
    out += [_row(functions, now, y, p) for _ in first]
    for stop in stops:
        inside = wanted[(wanted > now) & (wanted <= stop)]
        y, rows = _leg(functions, (now, stop), y, p, inside, rtol)
        out += rows
        now = stop
        for _, kind, target, amount in (e for e in events if e[0] == stop and stop < end):
            y, p = _applied(kind, target, amount, y.copy(), p, base)
    return np.array(out)


def _row(functions: tuple, t: float, y: np.ndarray, p: np.ndarray) -> np.ndarray:
    return np.concatenate([y, functions[1](t, y, p)])


def _leg(functions: tuple, span: tuple, y: np.ndarray, p: np.ndarray, wanted: np.ndarray, rtol: float) -> tuple:
    """(end state, rows at the wanted times) of a stretch without events."""
    from scipy import integrate

    if span[1] <= span[0]:
        return y, []
    solve: Any = integrate.solve_ivp
    settings = {"method": "Radau", "rtol": rtol, "atol": rtol * 1e-2, "jac": lambda t, x: functions[2](t, x, p)}
    found = solve(lambda t, x: functions[0](t, x, p), span, y, t_eval=np.unique([*wanted, span[1]]), **settings)
    if not found.success:
        raise RuntimeError(
            f"reference solution failed at {found.t[-1] if len(found.t) else span[0]:g}: {found.message}"
        )
    rows = dict(zip(found.t, found.y.T, strict=True))
    return found.y[:, -1], [_row(functions, t, rows[t], p) for t in wanted]


def _applied(kind: int, target: int, amount: float, y: np.ndarray, p: np.ndarray, base: np.ndarray) -> tuple:
    p = p.copy()
    if kind == layout.ADD:
        y[target] += amount
    elif kind == layout.SET_STATE:
        y[target] = amount
    else:
        p[target] = amount + (base[target] if kind == layout.OFFSET else 0.0)
    return y, p
