"""SBML reactions: each a rule named by the reaction's id (amount per time); species change by their stoichiometry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

from baxis.core.errors import InvalidValue, Unsupported
from baxis.engine.formula.mathml import Tree, fold, substitute
from baxis.engine.reading.document import free_name, ids

LONG_SUM = 64


LocalNames = Mapping[tuple[str, str], str]  # (reaction, its parameter) -> name in the model


def local_names(model: Any) -> dict[tuple[str, str], str]:
    """Name of each local parameter: `reaction_parameter`, or where the model has that, with `_local` and a number."""
    taken = ids(model)
    out: dict[tuple[str, str], str] = {}
    for r in model.getListOfReactions():
        law = r.getKineticLaw()
        for p in law.getListOfLocalParameters() if law else ():
            name = free_name(f"{r.getId()}_{p.getId()}", taken, "_local")
            taken.add(name)
            out[r.getId(), p.getId()] = name
    return out


def reaction_rules(model: Any, tree: Callable[[Any, str], Tree], local_names: LocalNames) -> dict[str, Tree]:
    """Rate of each reaction, with its local parameters under their names in the model."""
    out = {}
    for r in model.getListOfReactions():
        where = f"reaction {r.getId()!r}"
        law = r.getKineticLaw()
        if law is None or not law.isSetMath():
            raise InvalidValue(where, "no kinetic law", "a kinetic law with a formula")
        out[r.getId()] = with_local(tree(law, where), r, local_names)
    return out


def with_local(tree: Tree, reaction: Any, local_names: LocalNames) -> Tree:
    """The law with the reaction's own parameters under their names in the model."""
    own = reaction.getKineticLaw().getListOfLocalParameters()
    return substitute(tree, {p.getId(): ("sym", local_names[reaction.getId(), p.getId()]) for p in own})


def species_rates(model: Any, rates: Mapping[str, Tree], rules: Mapping[str, Tree]) -> dict[str, Tree]:
    """d(species)/dt from the reactions; species outside every reaction, or at a boundary, are left out."""
    terms: dict[str, list[Tree]] = {}
    for r in model.getListOfReactions():
        for sign, references in ((-1.0, r.getListOfReactants()), (1.0, r.getListOfProducts())):
            for reference in references:
                species = model.getSpecies(reference.getSpecies())
                if species.getBoundaryCondition() or species.getConstant():
                    continue
                term = ("mul", ("num", sign * _stoichiometry(reference, rules)), ("sym", r.getId()))
                terms.setdefault(species.getId(), []).append(term)
    return {name: _per_size(model, model.getSpecies(name), added_up(parts), rates) for name, parts in terms.items()}


def added_up(terms: list[Tree]) -> Tree:
    """A sum; one of thousands of terms, as a network's shared molecule has, nests in pairs of pairs."""
    if len(terms) > LONG_SUM:
        return fold("plus", terms)
    return reduce(lambda total, term: ("add", total, term), terms)


def _stoichiometry(reference: Any, rules: Mapping[str, Tree]) -> float:
    name = reference.getId()
    if name in rules or (reference.isSetStoichiometryMath() if reference.getLevel() < 3 else False):
        raise Unsupported(f"stoichiometry {name!r} is given by a formula, which the plain compiled path does not take")
    return float(reference.getStoichiometry()) if reference.isSetStoichiometry() else 1.0


def _per_size(model: Any, species: Any, flow: Tree, rates: Mapping[str, Tree]) -> Tree:
    compartment = model.getCompartment(species.getCompartment())
    if species.getHasOnlySubstanceUnits():
        return flow
    if compartment.getId() in rates or model.getAssignmentRule(compartment.getId()):
        raise Unsupported(f"species {species.getId()!r} in the varying compartment {compartment.getId()!r}")
    return ("div", flow, ("sym", compartment.getId()))


def refuse_moving_sizes(model: Any, rates: Mapping[str, Tree], rules: Mapping[str, Tree]) -> None:
    """Raises Unsupported for a concentration that a changing compartment would dilute, or that has no size at all."""
    for s in model.getListOfSpecies():
        home = model.getCompartment(s.getCompartment())
        if home is None or s.getHasOnlySubstanceUnits():
            continue
        if home.getSpatialDimensionsAsDouble() == 0 and home.isSetSize() and home.getSize() != 1:
            raise Unsupported(f"species {s.getId()!r} in the compartment {home.getId()!r} without dimensions")
        moving = home.getId() in rates or model.getAssignmentRule(home.getId()) is not None
        ruled = model.getRateRule(s.getId()) is not None or s.getId() in rules
        if moving and not ruled:
            raise Unsupported(f"species {s.getId()!r} in the varying compartment {home.getId()!r}")
