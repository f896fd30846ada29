"""One experiment of a PEtab problem: its periods simulated once, observables read at any measured time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from baxis.core.errors import InvalidValue, UnknownName, Unsupported
from baxis.engine.mathml import Tree, from_ast, shifted, symbols
from baxis.engine.network import Event, Network
from baxis.engine.network_code import NetworkCode, first_values
from baxis.engine.single import trajectory
from baxis.engine.user_model import with_values

STILL = 1e-7  # relative change over a tenfold longer time that counts as a steady state
LONGEST = 1e12
TOLERANCE = {"rtol": 1e-9, "atol": 1e-14}
Changes = Mapping[str, Tree]  # target -> formula in the model's symbols


class Run:
    """One experiment. periods: (start, changes) in time order; -infinity first asks for a steady state before it.

    The run starts at the first finite period, where the model's clock then stands; without one at 0.
    """

    def __init__(
        self,
        network: Network,
        nominal: Mapping[str, float],
        periods: Sequence[tuple[float, Changes]],
        times: np.ndarray,
    ) -> None:
        self.nominal = nominal
        start = with_values(network, {n: v for n, v in nominal.items() if n in network.starts})
        finite = np.unique(times[np.isfinite(times)])
        begin = next((at for at, _ in periods if math.isfinite(at)), 0.0)
        if finite.size and finite[0] < begin:
            raise InvalidValue("time of a PEtab measurement", float(finite[0]), f"{begin:g}, where it starts, or later")
        if periods and periods[0][0] == -math.inf:
            start = _frozen(_steady(_changed(start, periods[0][1])), start)
            periods = periods[1:]
        start = _from(start, begin)
        for at, changes in periods:
            start = _changed(start, changes) if at <= begin else _changed_at(start, at - begin, changes)
        self.begin, self.times = begin, finite
        self.found = trajectory(start, finite - begin, **TOLERANCE) if finite.size else {}
        last = finite.max(initial=begin + 1.0) - begin
        self.rest = _steady(start, last) if not np.isfinite(times).all() else {}

    def value(self, formula: str, time: float, own: Mapping[str, str]) -> float:
        """An observable's formula at a time, placeholders replaced."""
        from petab.v1.math import sympify_petab

        expression = sympify_petab(formula)
        at = (
            self.rest
            if math.isinf(time)
            else {k: v[int(np.searchsorted(self.times, time))] for k, v in self.found.items()}
        )
        known = {**self.nominal, **{k: float(v) for k, v in at.items()}, "time": time}
        values = {}
        for symbol in expression.free_symbols:
            name = str(symbol)
            if name in own:
                values[symbol] = number(own[name], self.nominal)
            elif name in known:
                values[symbol] = known[name]
            else:
                raise UnknownName("symbol of an observable", name, known)
        return float(expression.subs(values))


def number(value: Any, nominal: Mapping[str, float]) -> float:
    """A number, or the nominal value of the parameter named."""
    try:
        return float(value)
    except (TypeError, ValueError):
        if str(value) in nominal:
            return nominal[str(value)]
        raise UnknownName("PEtab parameter", str(value), nominal) from None


def formula(text: str, where: str) -> Tree:
    """Tree of a formula in PEtab's notation."""
    import libsbml

    parsed = libsbml.parseL3Formula(text)
    if parsed is None:
        raise InvalidValue(where, text, "a formula")
    return from_ast(parsed, where, None)


def _numbers(network: Network, changes: Changes) -> dict[str, float]:
    """The changes as numbers, in the state that the network starts from."""
    code = NetworkCode(network)
    return dict(
        zip(changes, map(float, code.function(list(changes.values()))(0.0, first_values(network))), strict=True)
    )


def _changed(network: Network, changes: Changes) -> Network:
    """The network started with other values."""
    return with_values(network, _numbers(network, changes)) if changes else network


def _changed_at(network: Network, time: float, changes: Changes) -> Network:
    """The network with the changes at a time, before any event of the model at that time.

    A concentration is set in the compartment's new size, where an SBML event would set it in the old one.
    """
    values = dict(changes)
    for name in changes:
        home = network.compartment.get(name)
        if home is not None and network.per_size.get(name) and home in changes:
            values[name] = ("mul", changes[name], ("div", changes[home], ("sym", home)))
    trigger = ("ge", ("time",), ("num", float(time)))
    event = Event(f"period at {time:g}", trigger, False, True, True, None, ("num", math.inf), values)
    return replace(network, events=(*network.events, event))


def _from(network: Network, begin: float) -> Network:
    """The network whose clock stands at `begin` when it starts."""
    if not begin:
        return network

    def moved(trees: Mapping[str, Tree]) -> dict[str, Tree]:
        return {n: shifted(t, begin) for n, t in trees.items()}

    events = [
        replace(
            e,
            trigger=shifted(e.trigger, begin),
            delay=shifted(e.delay, begin) if e.delay else None,
            priority=shifted(e.priority, begin) if e.priority else None,
            assignments=moved(e.assignments),
        )
        for e in network.events
    ]
    return replace(
        network,
        derived=moved(network.derived),
        rates=moved(network.rates),
        starts=moved(network.starts),
        quick=moved(network.quick),
        events=tuple(events),
    )


def _steady(network: Network, scale: float = 1.0) -> dict[str, float]:
    """Every symbol at the steady state. Unsupported where none is reached."""
    end = max(10.0 * scale, 100.0)
    before = None
    while end <= LONGEST:
        found = trajectory(network, np.array([end]), **TOLERANCE)
        now = {k: float(v[-1]) for k, v in found.items()}
        moving = [k for k in network.base if k in network.rates]
        if before is not None and all(
            abs(now[k] - before[k]) <= STILL * max(abs(now[k]), abs(before[k])) + 1e-12 for k in moving
        ):
            return now
        before, end = now, 10.0 * end
    raise Unsupported("a steady state that the model does not reach")


def _frozen(state: Mapping[str, float], network: Network) -> Network:
    """The network started from a state: what moves keeps its level, constants are as the network has them."""
    starts = dict(network.starts)
    for name in network.base:
        if name in network.rates:
            starts[name] = ("num", float(state[name]))
    return replace(network, starts=starts)


def check_symbols(changes: Changes, network: Network) -> None:
    """Targets and symbols of a condition must be the model's. Raises UnknownName."""
    known = [*network.base, *network.derived]
    for target, tree in changes.items():
        for name in (target, *symbols(tree)):
            if name and name not in known:
                raise UnknownName("symbol of a PEtab condition", name, known)
