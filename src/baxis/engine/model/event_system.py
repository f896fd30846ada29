"""A Network as a System: its moving variables are states, the others parameters, and what its events need is listed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np

from baxis.core.errors import InvalidValue, UnknownName, Unsupported
from baxis.engine.formula.mathml import Tree, substitute, symbols, uses
from baxis.engine.formula.numeric import evaluate
from baxis.engine.formula.rules import clock_trees, sorted_rules
from baxis.engine.model.inputs import numbers
from baxis.engine.model.network import Network
from baxis.engine.model.network_code import jumps
from baxis.engine.model.system import Equations, System

FORMAT = "baxis-network-2"


@dataclass(frozen=True)
class Survey:
    """Columns of what is looked at, after the truth of each trigger: where delays, priorities, values and sizes lie."""

    delays: tuple[int, ...]
    priorities: tuple[int, ...]
    values: tuple[tuple[int, ...], ...]
    sizes: dict[str, int]


@dataclass(frozen=True, eq=False)
class EventSystem(System):
    """A Network with its events, for the compiled path. Made by `event_system`; compile and simulate it as any System."""

    network: Network = field(repr=False, kw_only=True)

    __hash__ = System.__hash__
    __eq__ = System.__eq__

    @cached_property
    def digest(self) -> str:
        return hashlib.sha256(f"{FORMAT}\n{self.network!r}".encode()).hexdigest()

    @cached_property
    def equations(self) -> Equations:
        own: dict[str, Tree] = {n: ("sym", n) for n in self.assignments if n not in self.network.derived}
        return Equations(self.network.rates, self.network.derived | own, {})

    @cached_property
    def watched(self) -> tuple[Tree, ...]:
        """The truth of each trigger, then every quantity at which a formula that matters jumps."""
        triggers = [e.trigger for e in self.network.events]
        roots = [*self.network.rates.values(), *triggers]
        used = _needed(self.network, roots)
        trees = [*self.network.rates.values(), *(self.network.derived[n] for n in used), *triggers]
        kinks = dict.fromkeys(j for t in trees for j in jumps(t))
        truths: list[Tree] = [("not", ("not", t)) for t in triggers]
        return (*truths, *kinks)

    @cached_property
    def _plan(self) -> tuple[Survey, tuple[Tree, ...]]:
        trees: list[Tree] = []

        def column(tree: Tree) -> int:
            trees.append(tree)
            return len(self.watched) + len(trees) - 1

        events = self.network.events
        delays = tuple(column(e.delay or ("num", 0.0)) for e in events)
        priorities = tuple(column(e.priority or ("num", -np.inf)) for e in events)
        values = tuple(tuple(column(t) for t in e.assignments.values()) for e in events)
        homes = {c for n in (*self.network.amounts, *levels(self.network)) if (c := self.network.compartment[n])}
        sizes = {c: column(("sym", c)) for c in sorted(homes)}
        return Survey(delays, priorities, values, sizes), tuple(trees)

    @property
    def survey(self) -> Survey:
        return self._plan[0]

    @property
    def surveyed(self) -> tuple[Tree, ...]:
        return self._plan[1]

    @cached_property
    def clock(self) -> tuple[Tree, ...]:
        """As for any System; what events change does not stand still."""
        network = self.network
        moved = {n for e in network.events for n in e.assignments}
        still = [n for n in self.parameters if n not in moved]
        return clock_trees([*network.rates.values(), *(e.trigger for e in network.events)], network.derived, still)

    def sizes(self, parameters: np.ndarray, initial: np.ndarray) -> np.ndarray:
        """(n, N) size at the start of the compartment of each state that is the amount of a concentration, else 1."""
        out, network = np.ones((len(initial), len(self.states))), self.network
        known = {n: parameters[:, i] for i, n in enumerate(self.parameters)}
        known |= {n: initial[:, i] for i, n in enumerate(self.states)}
        homes = {a: network.compartment[n] for n, a in network.amounts.items() if a in network.rates}
        for name in _needed(network, [("sym", c) for c in homes.values() if c]):
            known[name] = evaluate(network.derived[name], known)
        for amount, home in homes.items():
            size = np.abs(np.broadcast_to(known[home], len(initial))) if home else np.ones(len(initial))
            out[:, self.state_index(amount)] = np.where(np.isfinite(size) & (size > 0), size, 1.0)
        return out

    def to_sbml(self) -> str:
        raise Unsupported("SBML text of a model with events: keep the text that it was loaded from")

    def own_tables(self, parameters: Any, initial: Any, patients: int) -> tuple[np.ndarray, np.ndarray]:
        """(n, P) parameters and (n, N) initial states; what is given by name replaces the model's own formula."""
        given: dict[str, np.ndarray] = {}
        for what, kind, names in ((parameters, "parameter", self.parameters), (initial, "state", self.states)):
            if what is not None and not isinstance(what, Mapping):
                what = dict(zip(names, np.moveaxis(numbers(kind, what), -1, 0), strict=True))
            for name, value in (what or {}).items():
                given[self._stored(name, kind)] = numbers(f"{kind}[{name!r}]", value)
        values = first_values(self.network, given)
        p, y = (
            np.stack([np.broadcast_to(values[n], (patients,)) for n in names], axis=1)
            if names
            else np.zeros((patients, 0))
            for names in (self.parameters, self.states)
        )
        bad = np.argwhere(~np.isfinite(y))
        if len(bad):
            name = self.states[bad[0][1]]
            raise InvalidValue("initial", f"{y[tuple(bad[0])]} for {name!r} of patient {bad[0][0]}", "finite numbers")
        return np.ascontiguousarray(p, float), np.ascontiguousarray(y, float)

    def _stored(self, name: str, kind: str) -> str:
        if name in self.network.derived and name not in self.network.amounts:
            raise InvalidValue(
                f"value of {name!r}", "a number", "a parameter or a state; this one is given by a formula"
            )
        if name not in self.network.starts and name not in self.network.amounts:
            raise UnknownName(kind, name, [*self.network.starts, *self.network.amounts])
        return name


def refuse_events(system: System, what: str) -> None:
    """Raises Unsupported if the system has events of its own, or jumps."""
    if system.watched:
        raise Unsupported(f"{what} of a model with events or jumps: on the processor use simulate, or stream")


def event_system(network: Network) -> EventSystem:
    """System of a network; its events are executed by `simulate`."""
    for owner, tree in [*network.derived.items(), *network.rates.items(), *_event_formulas(network)]:
        if uses(tree, "delay"):
            raise Unsupported(f"{owner}: values of the past (delay) are not supported by the compiled path")
    if network.quick:
        raise Unsupported("fast reactions: not supported by the compiled path")
    fixed = [n for n in network.base if n not in network.rates]
    changed = {n for e in network.events for n in e.assignments if n in fixed}
    start = first_values(network, {})
    return EventSystem(
        states=tuple(network.rates),
        parameters=tuple(fixed),
        assignments=(*network.derived, *(n for n in fixed if n in changed)),
        initial=MappingProxyType({n: float(start[n]) for n in network.rates}),
        defaults=MappingProxyType({n: float(start[n]) for n in fixed}),
        units=MappingProxyType({}),
        computed_starts=(),
        sbml="",
        network=network,
    )


def _event_formulas(network: Network) -> Iterator[tuple[str, Tree]]:
    for e in network.events:
        for tree in (e.trigger, e.delay, e.priority, *e.assignments.values()):
            if tree is not None:
                yield f"event {e.name!r}", tree


def levels(network: Network) -> list[str]:
    """Stored variables that are concentrations: an event that changes their compartment changes them."""
    return [n for n in network.base if network.per_size.get(n)]


def first_values(network: Network, given: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Stored variables at the start (numbers or (n,)): initial values, assignments and rules in order of dependence."""
    starts = dict(network.starts)
    known: dict[str, Any] = {}
    for name, value in given.items():
        key = network.amounts.get(name, name)
        known[f"given {name}"] = value
        tree: Tree = ("sym", f"given {name}")
        starts[key] = ("mul", tree, ("sym", str(network.compartment[name]))) if name in network.amounts else tree
    rename: dict[str, Tree] = {n: ("sym", f"start {n}") for n in starts}
    trees = {**network.derived, **{f"start {n}": t for n, t in starts.items()}}
    for name, tree in sorted_rules({n: substitute(t, rename) for n, t in trees.items()}).items():
        known[name] = evaluate(tree, known)
    return {n: np.asarray(known[f"start {n}"], float) for n in network.base}


def _needed(network: Network, trees: list[Tree]) -> list[str]:
    """Derived symbols that the trees use, directly or not."""
    wanted, stack = set(), [n for t in trees for n in symbols(t)]
    while stack:
        name = stack.pop()
        if name in network.derived and name not in wanted:
            wanted.add(name)
            stack += list(symbols(network.derived[name]))
    return [n for n in network.derived if n in wanted]
