"""Full SBML core as one network of formulas, for single trajectories: events, moving compartments, stoichiometries.

The compiled ensemble path (`load_sbml`) takes fewer constructs and runs thousands of patients; this one takes one
trajectory of nearly any model. What it cannot do (algebraic rules that are not linear, constraints, packages
that change the mathematics) it refuses by name.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from baxis.core.errors import Faults, Unsupported
from baxis.engine.formula.mathml import Tree, symbols
from baxis.engine.reading.document import read_document, source_text, to_level_3
from baxis.engine.reading.network_reader import NetworkReader
from baxis.engine.reading.sbml import HARMLESS, sorted_rules


@dataclass(frozen=True)
class Event:
    """One SBML event. `assignments` maps a symbol to its formula; `priority` and `delay` are formulas or None.

    `last`: of what is due at one moment it comes after all else, as a dose does.
    """

    name: str
    trigger: Tree
    initially: bool
    persistent: bool
    at_trigger: bool
    delay: Tree | None
    priority: Tree | None
    assignments: dict[str, Tree]
    last: bool = False


@dataclass(frozen=True)
class Network:
    """Formulas of a model. `base` variables are stored and change by `rates` or events; `derived` follow from them.

    `starts` gives each base variable its first value. `amounts` maps a species whose symbol is a concentration to its
    stored amount, `compartment` each species to its compartment (None in one without dimensions), and `per_size` tells
    whether a species' symbol means a concentration. `quick` gives what fast reactions alone add to the rates (see `fast`);
    `notes` says what was left out of the text to read it, `constants` names species that are never to change.
    """

    base: tuple[str, ...]
    derived: dict[str, Tree]
    rates: dict[str, Tree]
    starts: dict[str, Tree]
    events: tuple[Event, ...]
    amounts: dict[str, str]
    compartment: dict[str, str | None]
    per_size: dict[str, bool]
    quick: dict[str, Tree] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    constants: tuple[str, ...] = ()


def load_network(source: str | Path) -> Network:
    """Network of an SBML file or text. Raises InvalidValue, Faults or Unsupported, naming the construct."""
    document, fast, notes = _document(source)
    reader = NetworkReader(document.getModel(), fast)
    names = {*reader.base, *reader.derived, ""}
    trees = [*reader.derived.items(), *reader.rates.items(), *reader.starts.items()]
    for e in reader.events:
        trees += [(f"event {e.name}", t) for t in (e.trigger, e.delay, e.priority, *e.assignments.values()) if t]
    faults = {
        f"{owner!r} uses {n!r}, which the model does not define"
        for owner, t in trees
        for n in symbols(t)
        if n not in names
    }
    if faults:
        raise Faults("SBML", sorted(faults))
    derived = sorted_rules(reader.derived)
    tables = (reader.amounts, reader.compartment, reader.per_size)
    constants = tuple(s.getId() for s in document.getModel().getListOfSpecies() if s.getConstant())
    return Network(
        tuple(reader.base),
        derived,
        reader.rates,
        reader.starts,
        tuple(reader.events),
        *tables,
        reader.quick,
        notes,
        constants,
    )


def _document(source: str | Path) -> tuple[Any, frozenset[str], tuple[str, ...]]:
    """The document in Level 3, the ids of its fast reactions (read before, for Level 3 Version 2 forgets the mark), notes."""
    import libsbml

    document, notes = read_document(source_text(source, "load_network"))
    _packages(libsbml, document)
    fast = frozenset(r.getId() for r in document.getModel().getListOfReactions() if r.getFast())
    to_level_3(document)
    return document, fast, notes


def _outside(document: Any) -> str:
    """What to do about models that lie in other files, by name; empty where there is none."""
    plugin = document.getPlugin("comp")
    count = plugin.getNumExternalModelDefinitions()
    sources = [plugin.getExternalModelDefinition(i).getSource() for i in range(count)]
    if not sources:
        return ""
    return f": it takes models from {', '.join(map(repr, sources))}; flatten it into one file where those files are"


def _packages(libsbml: Any, document: Any) -> None:
    """Flattens hierarchical models; refuses packages that change the mathematics, and flux balance problems."""
    if document.getPlugin("comp") is not None:
        properties = libsbml.ConversionProperties()
        properties.addOption("flatten comp", True)
        properties.addOption("performValidation", False)
        if document.convert(properties) != libsbml.LIBSBML_OPERATION_SUCCESS:
            raise Unsupported(
                f"SBML package 'comp': libsbml could not flatten the hierarchical model{_outside(document)}"
            )
    for i in range(document.getNumPlugins()):
        name = document.getPlugin(i).getPackageName()
        if name not in {*HARMLESS, "comp"} and document.getPkgRequired(name):
            raise Unsupported(f"SBML package {name!r} changes the mathematics and is not supported by this engine")
    flux = document.getModel().getPlugin("fbc")
    if flux is not None and flux.getNumObjectives():
        raise Unsupported("SBML package 'fbc': a flux balance problem has no time course")
