"""What an SBML model refers to by an attribute (a species, a compartment, a variable) is a part of the model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from baxis.core.errors import Faults, unknown_text

Reference = tuple[str, str, str]  # where, kind, id


def refuse_unknown(model: Any) -> None:
    """Raises Faults naming every species, compartment, variable or factor that the model refers to and does not have."""
    known = _known(model)
    faults = [
        f"{where}: {unknown_text(kind, name, sorted(known[kind]))}"
        for where, kind, name in _asked(model)
        if name not in known[kind]
    ]
    if faults:
        raise Faults("SBML", faults)


def _known(model: Any) -> dict[str, set[str]]:
    known = {
        "compartment": {c.getId() for c in model.getListOfCompartments()},
        "species": {s.getId() for s in model.getListOfSpecies()},
        "parameter": {p.getId() for p in model.getListOfParameters()},
    }
    sides = [s for r in model.getListOfReactions() for s in (r.getListOfReactants(), r.getListOfProducts())]
    counts = {reference.getId() for side in sides for reference in side} - {""}
    return known | {"variable": set().union(*known.values(), counts)}


def _asked(model: Any) -> Iterator[Reference]:
    if model.isSetConversionFactor():
        yield "model, conversion factor", "parameter", model.getConversionFactor()
    for s in model.getListOfSpecies():
        yield f"species {s.getId()!r}", "compartment", s.getCompartment()
        if s.isSetConversionFactor():
            yield f"species {s.getId()!r}, conversion factor", "parameter", s.getConversionFactor()
    for r in model.getListOfReactions():
        for side in (r.getListOfReactants(), r.getListOfProducts(), r.getListOfModifiers()):
            for reference in side:
                yield f"reaction {r.getId()!r}", "species", reference.getSpecies()
    for a in model.getListOfInitialAssignments():
        yield "initial assignment", "variable", a.getSymbol()
    for rule in model.getListOfRules():
        if not rule.isAlgebraic():
            yield "rule", "variable", rule.getVariable()
    for event in model.getListOfEvents():
        for a in event.getListOfEventAssignments():
            yield f"event {event.getId()!r}", "variable", a.getVariable()
