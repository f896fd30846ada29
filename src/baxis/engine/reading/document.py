"""A libsbml document of SBML text, read with care; both readers of models begin here."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection
from functools import lru_cache
from pathlib import Path
from typing import Any

from baxis.core.errors import Faults, InvalidValue, Unsupported
from baxis.engine.reading.encoding import as_utf8_xml, decoded, refuse_large
from baxis.engine.reading.sbml_references import refuse_unknown
from baxis.engine.reading.sbml_scan import scan

# what a picture needs: it may stand in the wrong place, or in a level that does not know it, without harm to the model
_PICTURE = ("annotation", "notes", "layout", "render", "listOfLayouts", "listOfGlobalRenderInformation", "groups")
_MISPLACED = (10102, 10103, 10404)
_ROOT = re.compile(r"<([A-Za-z_][\w.:-]*)")  # the first element: heads and comments begin with ? and !
_CULPRIT = re.compile(
    r"The L3 package '(\w+)'|Element '(\w+)'|Attribute '(\w+)'|ordering of <(\w+)> and <notes>|at most one <(\w+)>"
)


def source_text(source: str | Path, caller: str) -> str:
    """Text of SBML text or of a path to it. Raises InvalidValue."""
    text = str(source)
    if "<" in text:
        refuse_large(len(text), "SBML")
        return as_utf8_xml(text)
    if not Path(source).is_file():
        raise InvalidValue(caller, text[:200], "SBML text or a path to an SBML file")
    return as_utf8_xml(decoded(Path(source).read_bytes(), Path(source).name))


def well_placed(text: str) -> str:
    """The text, or where something of a picture is misplaced in it, as libsbml writes what it read. Raises as `read_document`."""
    import libsbml

    document, notes = read_document(as_utf8_xml(text))
    return libsbml.writeSBMLToString(document) if notes else text


def read_document(text: str) -> tuple[Any, tuple[str, ...]]:
    """(libsbml document with a model in it, what was left out to read it). Raises Faults or InvalidValue."""
    import libsbml

    _scanned(text)
    document, notes = libsbml.readSBMLFromString(text), tuple[str, ...]()
    errors = _serious(libsbml, document)
    if errors and all(_of_a_picture(e) for e in errors):
        line = errors[0].getLine()
        document = libsbml.readSBMLFromString(libsbml.writeSBMLToString(document))
        errors = _serious(libsbml, document)
        notes = (f"line {line}: layout or annotation where this level of SBML does not allow it; read without it",)
    if errors:
        root = _ROOT.search(text)
        if root and root[1].rpartition(":")[2] != "sbml":
            line = text.count("\n", 0, root.start()) + 1
            raise InvalidValue(f"SBML, line {line}", f"<{root[1]}>", "a document whose outermost element is <sbml>")
        raise Faults("SBML", [_told(e) for e in errors])
    if document.getModel() is None:
        raise InvalidValue("SBML", "a document without a model", "one <model>")
    refuse_unknown(document.getModel())
    return document, notes


@lru_cache(maxsize=4)
def _scanned(text: str) -> None:
    scan(text)


def to_level_3(document: Any) -> None:
    """Raises a document to Level 3. Stoichiometries given by formulas get names that no other element has.

    libsbml would call them `generatedId_0`, whatever else has that name. Raises Unsupported where it cannot convert.
    """
    level = document.getLevel()
    if level >= 3:
        return
    if any(r.isSetStoichiometryMath() for r in _references(document.getModel())):
        document.setLevelAndVersion(2, 4, False)
        model = document.getModel()
        taken = ids(model)
        for r in _references(model):
            if r.isSetStoichiometryMath() and not r.isSetId():
                r.setId(free_name(f"{r.getSpecies()}_stoichiometry", taken))
                taken.add(r.getId())
    if not document.setLevelAndVersion(3, 2, False):
        raise Unsupported(f"SBML Level {level} text that libsbml cannot convert to Level 3")


def _references(model: Any) -> list[Any]:
    sides = [s for r in model.getListOfReactions() for s in (r.getListOfReactants(), r.getListOfProducts())]
    return [reference for side in sides for reference in side]


def ids(model: Any) -> set[str]:
    """Every id that a formula may use, and those of events and functions."""
    groups = [
        model.getListOfCompartments(), model.getListOfSpecies(), model.getListOfParameters(),
        model.getListOfReactions(), model.getListOfEvents(), model.getListOfFunctionDefinitions(),
    ]  # fmt: skip
    groups += [r.getListOfModifiers() for r in model.getListOfReactions()]
    return {e.getId() for e in (*_references(model), *(e for group in groups for e in group))}


def free_name(wanted: str, taken: Collection[str], ending: str = "") -> str:
    """The name itself, or with the ending and a number where it is taken."""
    name = wanted
    for k in itertools.count(1):
        if name not in taken:
            break
        name = f"{wanted}{ending}{k if k > 1 or not ending else ''}"
    return name


def _serious(libsbml: Any, document: Any) -> list[Any]:
    errors = [document.getError(i) for i in range(document.getNumErrors())]
    return [e for e in errors if e.getSeverity() >= libsbml.LIBSBML_SEV_ERROR]


def _culprit(error: Any) -> str:
    found = _CULPRIT.search(error.getMessage())
    return next((g for g in found.groups() if g), "") if found else ""


def _told(error: Any) -> str:
    """A fault in our words; libsbml's own stand behind them."""
    name = f"element or attribute {_culprit(error)!r}" if _culprit(error) else "something"
    return f"line {error.getLine()}: {name} is not as SBML prescribes it (libsbml says: {error.getShortMessage()}{_named(error)})"


def _named(error: Any) -> str:
    name = _culprit(error)
    return f" ({name})" if name else ""


def _of_a_picture(error: Any) -> bool:
    name = _culprit(error)
    return error.getErrorId() in _MISPLACED and bool(name) and name.removesuffix("_L2") in _PICTURE
