"""SBML files as a Network, hierarchical models written out; packages that change the mathematics are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from baxis.core.errors import Faults, Unsupported
from baxis.engine.formula.mathml import symbols
from baxis.engine.formula.rules import sorted_rules
from baxis.engine.model.event_system import event_system
from baxis.engine.model.network import Network
from baxis.engine.model.system import System
from baxis.engine.reading.document import read_document, source_text, to_level_3
from baxis.engine.reading.network_reader import NetworkReader
from baxis.engine.reading.sbml import HARMLESS, load_sbml


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
    constants = tuple(s.getId() for s in document.getModel().getListOfSpecies() if s.getConstant())
    return Network(
        base=tuple(reader.base),
        derived=derived,
        rates=reader.rates,
        starts=reader.starts,
        events=tuple(reader.events),
        amounts=reader.amounts,
        compartment=reader.compartment,
        per_size=reader.per_size,
        quick=reader.quick,
        notes=notes,
        constants=constants,
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


def load_model(source: str | Path) -> System:
    """System of an SBML text or file for the compiled path: plain where `load_sbml` takes it, else with its events.

    Raises Unsupported, InvalidValue or Faults for what neither takes.
    """
    try:
        return load_sbml(source)
    except (Unsupported, Faults):
        return event_system(load_network(source))
