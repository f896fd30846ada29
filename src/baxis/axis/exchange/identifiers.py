"""MIRIAM annotations of exported models: names of states and what they are, as identifiers.org terms.

`library/annotations.csv` holds one row an identifier. `checked` rows were read in a second public source (the ontology's
own file, or a table of the naming committee's symbols); `recalled` ones were not, and are written out all the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from baxis.axis.tables import words
from baxis.axis.tables.observables import outputs
from baxis.core import library

SIGNALLING = re.compile(r"^[ARN]_(.+)$")  # cells: autoreactive, responding, naive
SLOT = re.compile(r"^P([123])_(central|depot|per1|per2)$")
CELLS = {"A": "autoreactive", "R": "responding", "N": "resting"}


def of(entity: str) -> list[tuple[str, str]]:
    """(relation, `collection:id`) of a state without its prefix, an observable, a disease code, or `model`."""
    return [(r["relation"], r["identifier"]) for r in library.read_table("annotations") if r["entity"] == entity]


def uri(identifier: str) -> str:
    """identifiers.org address of `collection:id`; ids that carry their collection (CL:0000236) keep it once."""
    collection, _, local = identifier.partition(":")
    return f"https://identifiers.org/{local}" if ":" in local else f"https://identifiers.org/{collection}:{local}"


def described(name: str) -> str:
    """What a state, observable or regulator is, in words; empty where the library has none."""
    rows = {r["name"]: r["description"] for r in library.read_table("states")}
    signal, slot = SIGNALLING.match(name), SLOT.match(name)
    if signal and signal[1] in rows:
        return f"{rows[signal[1]]}, {CELLS[name[0]]} B cells"
    if slot:
        return f"{rows[slot[2]]}, drug {slot[1]}"
    known = outputs()
    return rows.get(name) or (known[name].label if name in known else words.described(name))


def entity(name: str) -> str:
    """Name under which the table holds a state: without the prefix of its cell."""
    found = SIGNALLING.match(name)
    return found[1] if found else name


def annotate(model: Any, disease: str, drugs: tuple[str, ...] = ()) -> None:
    """Write names and identifiers into a libsbml model. disease: its code; drugs: names by slot."""
    model.setMetaId(model.getId())
    model.setName(f"B-cell axis, {disease}")
    for relation, found in [*of("model"), *of(disease)]:
        _add(model, relation, found)
    for element in (*model.getListOfSpecies(), *model.getListOfParameters()):
        name = element.getId()
        words = described(name)
        if words:
            element.setName(words)
        for relation, found in [*of(entity(name)), *_of_drug(name, drugs)]:
            if not element.isSetMetaId():
                element.setMetaId(f"meta_{name}")
            _add(element, relation, found)


def _of_drug(name: str, drugs: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """ChEMBL id of the drug that fills a slot, on the amounts of that slot."""
    slot = SLOT.match(name)
    if slot and int(slot[1]) <= len(drugs):
        held = (r for r in library.read_table("evidence/drugs") if r["drug"] == drugs[int(slot[1]) - 1])
        yield from (("is", f"chembl.compound:{r['chembl_id']}") for r in held if r["chembl_id"])


def _add(element: Any, relation: str, identifier: str) -> None:
    import libsbml

    kinds = {
        "is": libsbml.BQB_IS, "version_of": libsbml.BQB_IS_VERSION_OF, "encoded_by": libsbml.BQB_IS_ENCODED_BY,
        "has_part": libsbml.BQB_HAS_PART, "property_of": libsbml.BQB_IS_PROPERTY_OF, "taxon": libsbml.BQB_HAS_TAXON,
    }  # fmt: skip
    term = libsbml.CVTerm(libsbml.BIOLOGICAL_QUALIFIER)
    term.setBiologicalQualifierType(kinds[relation])
    term.addResource(uri(identifier))
    element.addCVTerm(term)
