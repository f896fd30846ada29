"""SBML core to a System. What the engine cannot do is refused by the element's name, never ignored."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from baxis.core.errors import Faults, Unsupported
from baxis.engine.formula.definitions import function_definitions, refuse_depth
from baxis.engine.formula.mathml import Tree, from_ast, symbols, uses
from baxis.engine.formula.numeric import evaluate
from baxis.engine.formula.rules import evaluate_starts, sorted_rules
from baxis.engine.model.system import Equations, System
from baxis.engine.reading.document import read_document, source_text, to_level_3
from baxis.engine.reading.reactions import local_names, reaction_rules, refuse_moving_sizes, species_rates
from baxis.engine.reading.sbml_text import strip_comment

# packages that leave the mathematics alone, and the one whose operations are judged one by one
PLAIN = "the plain compiled path does not take"
HARMLESS = {"layout", "render", "groups", "l3v2extendedmath"}


def load_sbml(source: str | Path, given: Iterable[str] = ()) -> System:
    """System from SBML text or a path to it.

    `given` names constants that the model computes at its start and that you mean to give numbers: they become
    parameters, and what depends on them follows. Raises InvalidValue for text that is not valid SBML and Unsupported for events, delays, algebraic rules, fast
    reactions, constraints, varying compartments with reactions in them, and SBML packages that change the maths.
    """
    text = source_text(source, "load_sbml")
    try:
        if names := tuple(given):
            text = with_given(text, names)
        document, notes = _document(text)
        return _Reader(document).system(text, notes)
    except RecursionError:
        raise Unsupported("a formula nested too deeply for this engine; split it by assignment rules") from None


def read_equations(text: str) -> Equations:
    """Formulas of an SBML text that `load_sbml` accepted."""
    return _Reader(_document(text)[0]).equations()


def _document(text: str) -> tuple[Any, tuple[str, ...]]:
    document, notes = read_document(text)
    for i in range(document.getNumPlugins()):
        name = document.getPlugin(i).getPackageName()
        if name not in HARMLESS and document.getPkgRequired(name):
            raise Unsupported(f"SBML package {name!r} changes the mathematics and is not supported by this engine")
    refuse_fast(document.getModel())
    to_level_3(document)
    return document, notes


def with_given(text: str, names: Iterable[str]) -> str:
    """SBML text in which constants that are computed at the start have plain (still unknown) values instead."""
    import libsbml

    document, _ = _document(text)
    model = document.getModel()
    for name in names:
        model.removeInitialAssignment(name)
        species = model.getSpecies(name)
        if species is not None and species.isSetInitialAmount() != species.getHasOnlySubstanceUnits():
            species.unsetInitialAmount()
            species.unsetInitialConcentration()
    return strip_comment(libsbml.writeSBMLToString(document))


def refuse_fast(model: Any) -> None:
    """Raises Unsupported for a fast reaction; asked before the text is raised to Level 3, which forgets the mark."""
    for r in model.getListOfReactions():
        if r.isSetFast() and r.getFast():
            raise Unsupported(
                f"reaction {r.getId()!r}: fast reactions are not supported by the compiled path; single trajectories take them, or give it a rate far above the others"
            )


class _Reader:
    """Walks one libsbml document. Names keep their SBML ids; local parameters are named by `local_names`."""

    def __init__(self, document: Any) -> None:
        self.document = document
        self.model = document.getModel()
        _refuse(self.model)
        self.functions = function_definitions(self.model)
        self.local = local_names(self.model)
        self.sizes = {c.getId(): c for c in self.model.getListOfCompartments()}
        self.rules = self._rules_of("isAssignment")
        self.rates = self._rules_of("isRate")
        self.rules |= reaction_rules(self.model, self._tree, self.local)
        self.rates |= species_rates(self.model, self.rates, self.rules)
        refuse_moving_sizes(self.model, self.rates, self.rules)
        self.starts = self._starts()
        self._promote_computed_parameters()
        if not self.rates:
            raise Unsupported(
                "the model has neither a rate rule nor a reaction that moves a state, which the plain compiled path needs"
            )
        self._check_names()
        self.rules = sorted_rules(self.rules)

    def equations(self) -> Equations:
        return Equations(self.rates, self.rules, self.starts)

    def system(self, text: str, notes: tuple[str, ...] = ()) -> System:
        defaults = {n: v for n, v in self._values().items() if n not in self.rates and n not in self.rules}
        values = self._values()
        for name in (n for n in self.rates if n not in values):
            raise Unsupported(f"rate rule of the stoichiometry {name!r}, which {PLAIN}")
        initial = {n: values[n] for n in self.rates}
        initial |= evaluate_starts(self.starts, self.rules, initial | defaults)
        system = System(
            states=tuple(self.rates),
            parameters=tuple(defaults),
            assignments=tuple(self.rules),
            initial=MappingProxyType({k: float(v) for k, v in initial.items()}),
            defaults=MappingProxyType(defaults),
            units=MappingProxyType(self._units()),
            computed_starts=tuple(self.starts),
            sbml=text,
            notes=notes,
            homes=MappingProxyType(self._homes()),
            computed=self.promoted,
            read=read_equations,
        )
        vars(system)["equations"] = self.equations()  # spares reading a large text twice
        return system

    def _homes(self) -> dict[str, str]:
        """Compartment of each state that is a concentration."""
        species = [s for s in self.model.getListOfSpecies() if s.getId() in self.rates]
        sized = [s for s in species if not s.getHasOnlySubstanceUnits() and s.getCompartment() in self.sizes]
        flat = {n for n, c in self.sizes.items() if c.getSpatialDimensionsAsDouble() == 0}
        return {s.getId(): s.getCompartment() for s in sized if s.getCompartment() not in flat}

    def _tree(self, element: Any, where: str) -> Tree:
        tree = refuse_depth(from_ast(element.getMath(), where, self.functions), where)
        for operation, named in (("rateof", "rateOf"), ("delay", "delay")):
            if uses(tree, operation):
                raise Unsupported(f"{where}: the operation {named!r}, which {PLAIN}")
        return tree

    def _rules_of(self, test: str) -> dict[str, Tree]:
        found = [r for r in self.model.getListOfRules() if getattr(r, test)()]
        return {r.getVariable(): self._tree(r, f"rule of {r.getVariable()!r}") for r in found}

    def _starts(self) -> dict[str, Tree]:
        out = {}
        reactions = self.model.getListOfReactions()
        sides = [side for r in reactions for side in (r.getListOfReactants(), r.getListOfProducts())]
        stoichiometries = {reference.getId() for side in sides for reference in side} - {""}
        for a in self.model.getListOfInitialAssignments():
            name = a.getSymbol()
            if name in stoichiometries:
                raise Unsupported(f"initial assignment of the stoichiometry {name!r}, which {PLAIN}")
            out[name] = self._tree(a, f"initial assignment of {name!r}")
        return out | self._starts_by_size(out)

    def _starts_by_size(self, given: Mapping[str, Tree]) -> dict[str, Tree]:
        """First values of species that are given per size and kept as amounts, or the other way: they follow the size."""
        out: dict[str, Tree] = {}
        for s in self.model.getListOfSpecies():
            name, home = s.getId(), s.getCompartment()
            if name in given or name in self.rules or home not in self.sizes:
                continue
            if s.isSetInitialAmount() and not s.getHasOnlySubstanceUnits():
                out[name] = ("div", ("num", s.getInitialAmount()), ("sym", home))
            elif s.isSetInitialConcentration() and s.getHasOnlySubstanceUnits():
                out[name] = ("mul", ("num", s.getInitialConcentration()), ("sym", home))
        return out

    def _promote_computed_parameters(self) -> None:
        """A constant given by a formula of constants is a rule, so that it follows when its inputs are changed."""
        self._literals = {
            n: float(evaluate(t, {})) for n, t in self.starts.items() if not any(True for _ in symbols(t))
        }
        for name in self._literals:
            del self.starts[name]
        self.promoted = tuple(n for n in self.starts if n not in self.rates)
        for name in self.promoted:
            tree = self.starts.pop(name)
            moving = self._moving(tree)
            if moving:
                raise Unsupported(
                    f"initial assignment of the parameter {name!r} from {moving!r}, which changes in time: {PLAIN} that"
                )
            self.rules[name] = tree

    def _moving(self, tree: Tree) -> str | None:
        seen, stack = set(), list(symbols(tree))
        while stack:
            name = stack.pop()
            if name in self.rates or name == "":
                return name or "time"
            if name in self.rules and name not in seen:
                seen.add(name)
                stack.extend(symbols(self.rules[name]))
        return None

    def _values(self) -> dict[str, float]:
        out: dict[str, float] = {}
        for c in self.model.getListOfCompartments():
            out[c.getId()] = c.getSize() if c.isSetSize() else math.nan
        for s in self.model.getListOfSpecies():
            out[s.getId()] = _species_value(s, out)
        for p in self.model.getListOfParameters():
            out[p.getId()] = p.getValue() if p.isSetValue() else math.nan
        for r in self.model.getListOfReactions():
            law = r.getKineticLaw()
            for p in law.getListOfLocalParameters() if law else ():
                out[self.local[r.getId(), p.getId()]] = p.getValue()
        return out | self._literals

    def _units(self) -> dict[str, str]:
        out: dict[str, str] = {}
        for group in (self.model.getListOfParameters(), self.model.getListOfCompartments()):
            out |= {e.getId(): e.getUnits() for e in group if e.isSetUnits()}
        species = self.model.getListOfSpecies()
        return out | {s.getId(): s.getSubstanceUnits() for s in species if s.isSetSubstanceUnits()}

    def _check_names(self) -> None:
        known = set(self._values()) | set(self.rules) | {""}
        sides = [s for r in self.model.getListOfReactions() for s in (r.getListOfReactants(), r.getListOfProducts())]
        stoichiometries = {reference.getId() for side in sides for reference in side} - known
        faults = []
        for owner, tree in [*self.rates.items(), *self.rules.items(), *self.starts.items()]:
            for n in stoichiometries.intersection(symbols(tree)):
                raise Unsupported(f"the formula of {owner!r} uses the stoichiometry {n!r}, which {PLAIN}")
            faults += [
                f"{owner!r} uses {n!r}, which the model does not define" for n in sorted(set(symbols(tree)) - known)
            ]
        for name in self.rates.keys() & self.rules.keys():
            faults.append(f"{name!r} has both a rate and an assignment")
        if faults:
            raise Faults("SBML", sorted(faults))


def _species_value(species: Any, sizes: Mapping[str, float]) -> float:
    size = sizes.get(species.getCompartment(), 1.0)
    as_amount = species.getHasOnlySubstanceUnits()
    if species.isSetInitialAmount():
        return species.getInitialAmount() / (1.0 if as_amount else size)
    if species.isSetInitialConcentration():
        return species.getInitialConcentration() * (size if as_amount else 1.0)
    return math.nan


def _called(kind: str, element: Any) -> str:
    return (
        f"the {kind} {element.getId()!r}"
        if element.getId()
        else f"{'an' if kind == 'event' else 'a'} {kind} without id"
    )


def _refuse(model: Any) -> None:
    said = [c for c in model.getListOfConstraints() if c.isSetMath()]  # without a formula one asks for nothing
    lists = {"event": model.getListOfEvents(), "constraint": said}
    for kind, elements in lists.items():
        for e in elements:
            raise Unsupported(f"the model has {_called(kind, e)}, which {PLAIN}")
    for rule in model.getListOfRules():
        if rule.isAlgebraic():
            raise Unsupported(f"the model has an algebraic rule, which {PLAIN}")
    for s in model.getListOfSpecies():
        if s.isSetConversionFactor() or model.isSetConversionFactor():
            raise Unsupported(f"species {s.getId()!r} has a conversion factor, which {PLAIN}")
