"""Walks one libsbml model and fills the tables of a Network."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from baxis.core.errors import InvalidValue, Unsupported
from baxis.engine.formula.definitions import function_definitions, refuse_depth
from baxis.engine.formula.mathml import Tree, from_ast, uses
from baxis.engine.reading.algebraic import algebraic_assignments
from baxis.engine.reading.reactions import added_up, local_names, with_local

if TYPE_CHECKING:
    from baxis.engine.model.network import Event

CLOCK = "elapsed time of the run"  # no SBML id can hold a space: names of this kind never clash
ZERO: Tree = ("num", 0.0)
FAST = 1e9  # times its kinetic law, which says where a fast reaction rests and not how fast it gets there


def amount_name(species: str) -> str:
    """Name of the stored amount of a species whose symbol is a concentration."""
    return f"amount of {species}"


class NetworkReader:
    """Tables of a Network from a libsbml model (Level 3). Attributes as in Network; `base` maps names to first formulas."""

    def __init__(self, model: Any, fast: frozenset[str] = frozenset()) -> None:
        self.model, self.fast = model, fast
        self.quick: dict[str, Tree] = {}
        self._refuse()
        self.functions = function_definitions(model)
        self.local = local_names(model)
        self.assigned = self._rules("isAssignment")
        self.rates = self._rules("isRate")
        self.assigned |= self._algebraic()
        self.initial = self._initial_assignments()
        self.base: dict[str, None] = {}
        self.starts: dict[str, Tree] = {}
        self.derived: dict[str, Tree] = dict(self.assigned)
        self.amounts: dict[str, str] = {}
        self.compartment: dict[str, str | None] = {}
        self.per_size: dict[str, bool] = {}
        self._quantities()
        self._species()
        self._reactions()
        if not self.rates:
            self._store(CLOCK, ZERO)
            self.rates[CLOCK] = ("num", 1.0)
        self.events: list[Event] = self._events()
        self._resolve_rates()

    def _refuse(self) -> None:
        for c in (c for c in self.model.getListOfConstraints() if c.isSetMath()):
            raise Unsupported(f"SBML constraint {c.getId() or '(without id)'!r}: not supported by this engine")

    def _tree(self, element: Any, where: str) -> Tree:
        return refuse_depth(from_ast(element.getMath(), where, self.functions), where)

    def _rules(self, test: str) -> dict[str, Tree]:
        found = [r for r in self.model.getListOfRules() if getattr(r, test)() and r.isSetMath()]
        return {r.getVariable(): self._tree(r, f"rule of {r.getVariable()!r}") for r in found}

    def _algebraic(self) -> dict[str, Tree]:
        rules = [r for r in self.model.getListOfRules() if r.isAlgebraic() and r.isSetMath()]
        trees = [self._tree(r, f"algebraic rule {k + 1}") for k, r in enumerate(rules)]
        return algebraic_assignments(self.model, trees, {*self.assigned, *self.rates}) if trees else {}

    def _initial_assignments(self) -> dict[str, Tree]:
        found = [a for a in self.model.getListOfInitialAssignments() if a.isSetMath()]
        return {a.getSymbol(): self._tree(a, f"initial assignment of {a.getSymbol()!r}") for a in found}

    def _store(self, name: str, start: Tree) -> None:
        self.base[name] = None
        self.starts[name] = start

    def _quantity(self, name: str, value: float) -> None:
        if name not in self.assigned:
            self._store(name, self.initial.get(name, ("num", value)))

    def _quantities(self) -> None:
        for c in self.model.getListOfCompartments():
            dimensionless = c.getSpatialDimensionsAsDouble() == 0.0
            self._quantity(c.getId(), c.getSize() if c.isSetSize() else 1.0 if dimensionless else math.nan)
        for p in self.model.getListOfParameters():
            self._quantity(p.getId(), p.getValue() if p.isSetValue() else math.nan)
        for r in self.model.getListOfReactions():
            for reference in (*r.getListOfReactants(), *r.getListOfProducts()):
                if reference.getId():
                    self._quantity(reference.getId(), _stoichiometry(reference))
            law = r.getKineticLaw()
            for p in law.getListOfLocalParameters() if law else ():
                self._store(self.local[r.getId(), p.getId()], ("num", p.getValue() if p.isSetValue() else math.nan))

    def _species(self) -> None:
        for s in self.model.getListOfSpecies():
            name, home = s.getId(), self.model.getCompartment(s.getCompartment())
            flat = home is None or home.getSpatialDimensionsAsDouble() == 0.0
            self.compartment[name] = None if flat else home.getId()
            self.per_size[name] = not flat and not s.getHasOnlySubstanceUnits()
            if name in self.assigned:
                continue
            start = self._species_start(s)
            if self.per_size[name] and name not in self.rates:
                size: Tree = ("sym", home.getId())
                self.amounts[name] = amount_name(name)
                self._store(amount_name(name), ("mul", start, size))
                self.derived[name] = ("div", ("sym", amount_name(name)), size)
            else:
                self._store(name, start)

    def _species_start(self, s: Any) -> Tree:
        """First value in the meaning of the species' symbol."""
        name = s.getId()
        if name in self.initial:
            return self.initial[name]
        size: Tree = ("sym", s.getCompartment()) if s.isSetCompartment() else ("num", 1.0)
        if s.isSetInitialAmount():
            amount: Tree = ("num", s.getInitialAmount())
            return ("div", amount, size) if self.per_size[name] else amount
        if s.isSetInitialConcentration():
            level: Tree = ("num", s.getInitialConcentration())
            return level if self.per_size[name] else ("mul", level, size)
        return ("num", math.nan)

    def _reactions(self) -> None:
        flows: dict[str, list[Tree]] = {}
        quick: dict[str, list[Tree]] = {}
        for r in self.model.getListOfReactions():
            self.derived[r.getId()] = self._law(r)
            of_kind = quick if r.getId() in self.fast else flows
            for sign, side in ((-1.0, r.getListOfReactants()), (1.0, r.getListOfProducts())):
                for reference in side:
                    term = self._flow(r.getId(), sign, reference)
                    if term is not None:
                        of_kind.setdefault(reference.getSpecies(), []).append(term)
        self.rates |= self._converted(flows)
        self.quick = self._converted(quick)
        for name, flow in self.quick.items():
            scaled = ("mul", ("num", FAST), flow)
            self.rates[name] = ("add", self.rates[name], scaled) if name in self.rates else scaled

    def _converted(self, flows: dict[str, list[Tree]]) -> dict[str, Tree]:
        """Flows by stored variable, times the conversion factor of the species."""
        out: dict[str, Tree] = {}
        for name, terms in flows.items():
            flow = added_up(terms)
            factor = self.model.getSpecies(name).getConversionFactor() or self.model.getConversionFactor()
            out[self.amounts.get(name, name)] = ("mul", ("sym", factor), flow) if factor else flow
        return out

    def _law(self, reaction: Any) -> Tree:
        where, law = f"reaction {reaction.getId()!r}", reaction.getKineticLaw()
        if law is None or not law.isSetMath():
            raise InvalidValue(where, "no kinetic law", "a kinetic law with a formula")
        return with_local(self._tree(law, where), reaction, self.local)

    def _flow(self, reaction: str, sign: float, reference: Any) -> Tree | None:
        species = self.model.getSpecies(reference.getSpecies())
        name = species.getId()
        if species.getBoundaryCondition() or species.getConstant() or name in self.assigned:
            return None
        size: Tree = ("sym", reference.getId()) if reference.getId() else ("num", _stoichiometry(reference))
        return ("mul", ("mul", ("num", sign), size), ("sym", reaction))

    def _events(self) -> list[Event]:
        from baxis.engine.model.network import Event

        out = []
        for e in self.model.getListOfEvents():
            trigger = e.getTrigger()
            if trigger is None or not trigger.isSetMath():
                continue  # an event without a condition never happens (Level 3 Version 2)
            where = f"event {e.getId() or '(without id)'!r}"
            delay, priority = e.getDelay(), e.getPriority()
            out.append(
                Event(
                    name=e.getId(),
                    trigger=self._tree(trigger, where),
                    initially=trigger.getInitialValue(),
                    persistent=trigger.getPersistent(),
                    at_trigger=e.getUseValuesFromTriggerTime(),
                    delay=self._tree(delay, where) if delay is not None and delay.isSetMath() else None,
                    priority=self._tree(priority, where) if priority is not None and priority.isSetMath() else None,
                    assignments={
                        a.getVariable(): self._tree(a, where) for a in e.getListOfEventAssignments() if a.isSetMath()
                    },
                )
            )
        return out

    def _resolve_rates(self) -> None:
        """Writes out every rateOf(symbol)."""
        from dataclasses import replace

        for table in (self.derived, self.rates, self.starts, self.quick):
            for name, tree in table.items():
                table[name] = self._written_out(tree)
        for k, e in enumerate(self.events):
            self.events[k] = replace(
                e,
                trigger=self._written_out(e.trigger),
                delay=self._written_out(e.delay) if e.delay else None,
                priority=self._written_out(e.priority) if e.priority else None,
                assignments={n: self._written_out(t) for n, t in e.assignments.items()},
            )

    def _written_out(self, tree: Tree, depth: int = 0) -> Tree:
        if tree[0] in ("num", "sym", "time", "bool"):
            return tree
        if tree[0] == "delay" and uses(tree, "rateof"):
            raise Unsupported("delay of a rateOf: not supported by this engine")
        if tree[0] != "rateof":
            return (tree[0], *(self._written_out(t, depth) for t in tree[1:]))
        if depth > 50:
            raise InvalidValue("rateOf", "a rate defined by itself", "rates without a cycle")
        return self._written_out(self._rate_of(tree[1]), depth + 1)

    def _rate_of(self, symbol: Tree) -> Tree:
        if symbol[0] != "sym":
            raise InvalidValue("rateOf", symbol[0], "the name of a variable")
        name = symbol[1]
        if name in self.amounts:
            size = self.compartment[name]
            change = ("mul", symbol, self._rate_of(("sym", size)))
            return ("div", ("sub", self.rates.get(self.amounts[name], ZERO), change), ("sym", size))
        if name in self.derived:
            raise Unsupported(f"rateOf({name}): {name!r} is given by a formula; not supported by this engine")
        return self.rates.get(name, ZERO)


def _stoichiometry(reference: Any) -> float:
    return float(reference.getStoichiometry()) if reference.isSetStoichiometry() else 1.0
