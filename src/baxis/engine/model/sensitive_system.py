"""A model with the equations of its own derivatives, as one system.

For y' = f(y, p) and a parameter or first value q, s = dy/dq obeys s' = (df/dy) s + df/dq. These equations are formed
symbolically and compiled like any other, so that error control, doses, ensembles and streams all apply to them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

from baxis.core.errors import InvalidValue, UnknownName, Unsupported
from baxis.engine.formula.mathml import Tree, symbols
from baxis.engine.formula.tangent import conditions, tangent
from baxis.engine.model.event_system import EventSystem
from baxis.engine.model.system import Equations, System

FORMAT = "baxis-sensitivities-1"


def slope_name(of: str, to: str) -> str:
    """Name of d of / d to. No SBML id can hold a space: names of this kind never clash."""
    return f"{of} wrt {to}"


def seed_name(parameter: str) -> str:
    """Name of the parameter that is 1 while `parameter` has its own value, and 0 once an event has set it."""
    return f"own value of {parameter}"


@dataclass(frozen=True, eq=False)
class SensitiveSystem(System):
    """A System with the derivatives of its states and rules to `to` as further states and rules."""

    base: System = field(repr=False, kw_only=True)
    to: tuple[str, ...] = field(kw_only=True)

    __hash__ = System.__hash__
    __eq__ = System.__eq__

    @cached_property
    def digest(self) -> str:
        return hashlib.sha256(f"{FORMAT}\n{self.base.digest}\n{self.to!r}".encode()).hexdigest()

    @cached_property
    def equations(self) -> Equations:
        return _augmented(self.base.equations, self.to, self.base.parameters)

    def to_sbml(self, parameters: Any = None, initial: Any = None) -> str:
        raise Unsupported("SBML text of a model with sensitivities: take that of the model itself (.base)")


def with_sensitivities(system: System, to: Sequence[str], *, continuous: bool = False) -> SensitiveSystem:
    """The system with its sensitivities to `to`, names of parameters or of states (their first values). Compile it.

    Raises UnknownName, and Unsupported for a model with events of its own or one that jumps where `to` moves it: the
    time of a jump would count. `continuous=True` says that its piecewise formulas join without a jump.
    """
    if isinstance(system, EventSystem):
        raise Unsupported(
            "sensitivities of a model with events or changing compartments: the plain model can have them"
        )
    if isinstance(to, str) or not len(to) or len(set(to)) < len(to):
        raise InvalidValue("to", to, "a list of different names of parameters or states")
    for name in to:
        if name not in system.parameters and name not in system.states:
            raise UnknownName("parameter or state", name, [*system.parameters, *system.states])
    equations = _augmented(system.equations, tuple(to), system.parameters)
    if not continuous:
        _refuse_jumps(system.equations, tuple(to))
    seeds = {seed_name(q): 1.0 for q in to if q in system.parameters}
    slopes = [n for n in equations.rates if n not in system.initial]
    initial = dict(system.initial) | dict.fromkeys(slopes, 0.0)
    initial |= {slope_name(q, q): 1.0 for q in to if q in system.states}
    return SensitiveSystem(
        states=tuple(equations.rates),
        parameters=(*system.parameters, *seeds),
        assignments=tuple(equations.rules),
        initial=MappingProxyType(initial),
        defaults=MappingProxyType({**system.defaults, **seeds}),
        units=system.units,
        computed_starts=tuple(equations.starts),
        sbml="",
        homes=system.homes,
        base=system,
        to=tuple(to),
    )


def _augmented(base: Equations, to: tuple[str, ...], parameters: tuple[str, ...]) -> Equations:
    rates, rules, starts = dict(base.rates), dict(base.rules), dict(base.starts)
    for q in to:
        moved = _moved(base, q)
        of: dict[str, Tree] = {n: ("sym", slope_name(n, q)) for n in moved}
        if q in parameters:
            of[q] = ("sym", seed_name(q))
        for name in (n for n in base.rules if n in moved):
            rules[slope_name(name, q)] = tangent(base.rules[name], of)
        for name in (n for n in base.rates if n in moved):
            rates[slope_name(name, q)] = tangent(base.rates[name], of)
        for name in (n for n in base.starts if n in moved and n != q):
            starts[slope_name(name, q)] = tangent(base.starts[name], of)
    return Equations(rates, rules, starts)


def _moved(base: Equations, q: str) -> set[str]:
    """States and rules that q moves, now or later."""
    users: dict[str, set[str]] = {}
    for name, tree in _formulas(base):
        for used in symbols(tree):
            users.setdefault(used, set()).add(name)
    found: set[str] = {q} if q in base.rates else set()
    stack = [q]
    while stack:
        for name in users.get(stack.pop(), ()):
            if name not in found:
                found.add(name)
                stack.append(name)
    return found


def _formulas(base: Equations) -> Iterator[tuple[str, Tree]]:
    for table in (base.rules, base.rates, base.starts):
        yield from table.items()


def _refuse_jumps(base: Equations, to: tuple[str, ...]) -> None:
    for q in to:
        moved = _moved(base, q) | {q}
        for name, tree in _formulas(base):
            for condition in conditions(tree):
                if moved.intersection(symbols(condition)):
                    raise Unsupported(
                        f"sensitivity to {q!r}: the formula of {name!r} may jump when {q!r} changes; if its pieces join "
                        "without a jump, say continuous=True"
                    )
