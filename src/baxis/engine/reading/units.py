"""Dimension check of a system's equations, by libsbml's own unit consistency rules."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from baxis.engine.model.system import System
from baxis.engine.reading.document import read_document

CLASHES = range(10500, 10600)  # libsbml's rules on units that differ; others are about units that are not declared


def check_units(system: System) -> list[str]:
    """One sentence for each inconsistency of units and each name without a unit; empty when all is well.

    A rate must have its state's unit per time unit, the two sides of a rule the same unit, arguments of exp and the
    like none. Literal numbers count as dimensionless. The model must declare its time unit (in Antimony:
    `unit time_unit = 86400 second`).
    """
    import libsbml

    found = _findings(system.sbml)
    document = libsbml.readSBMLFromString(system.sbml)  # kept: its model dies with it
    model = document.getModel()
    given = {*system.units, *(r.getId() for r in model.getListOfReactions())}
    bare = [n for n in (*system.states, *system.parameters, *system.assignments) if n not in given]
    return [text for _, text in found] + [f"{n!r} has no unit" for n in bare]


@dataclass(frozen=True)
class UnitReport:
    """Quantities of a model without a unit, which nothing can check, of how many; and formulas whose units clash."""

    bare: tuple[str, ...]
    of: int
    clashes: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """How many quantities are not checked; empty where all have a unit."""
        if not self.bare:
            return ""
        if len(self.bare) == self.of:
            return f"Units: none of the {self.of} quantities has a unit, so none is checked."
        some = ", ".join(self.bare[:5]) + (", ..." if len(self.bare) > 5 else "")
        return f"Units: {len(self.bare)} of {self.of} quantities have no unit and are not checked ({some})."


def unit_report(text: str) -> UnitReport:
    """What can be said of the units of an SBML text."""
    bare, of = _bare(text)
    return UnitReport(tuple(bare), of, tuple(unit_clashes(text)))


def unit_clashes(text: str) -> list[str]:
    """Formulas of an SBML text whose units do not fit, a sentence each; what has no units cannot clash."""
    import libsbml

    found = _findings(text) if " units=" in text or "Units=" in text else []
    document = libsbml.readSBMLFromString(text) if found else None  # kept: its model dies with it
    model = document.getModel() if document is not None else None
    return list(dict.fromkeys(_clash(model, sentence) for code, sentence in found if code in CLASHES))


_TAGS = re.compile(r"<(?:\w+:)?(model|parameter|localParameter|species|compartment)\s([^>]*)>")
_UNIT_OF = {"parameter": "units", "localParameter": "units", "species": "substanceUnits", "compartment": "units"}
_BY_MODEL = {"species": ("substanceUnits",), "compartment": ("volumeUnits", "areaUnits", "lengthUnits")}


def _bare(text: str) -> tuple[list[str], int]:
    """(ids of quantities without a unit, how many quantities there are). Before Level 3 amounts and sizes have units."""
    plain = re.sub(r"<!--.*?-->|<(annotation|notes)\b.*?</\1>", "", text, flags=re.DOTALL)
    early = re.search(r"<(?:\w+:)?sbml\b[^>]*\slevel\s*=\s*[\"'][12][\"']", plain) is not None
    whole, bare, count = "", list[str](), 0
    for kind, words in _TAGS.findall(plain):
        if kind == "model":
            whole = words
            continue
        name = re.search(r"\bid\s*=\s*[\"']([^\"']*)", words)
        if name is None or name[1] == "default_compartment":  # Antimony's own, of size 1
            continue
        count += 1
        default = kind in _BY_MODEL and (early or any(f"{u}=" in whole for u in _BY_MODEL[kind]))
        if not default and not re.search(rf"\b{_UNIT_OF[kind]}\s*=", words):
            bare.append(name[1])
    return bare, count


_EXPECTED = re.compile(
    r"Expected units are (.*?) but the units returned by the <math> expression (?:of|from|in) the <(\w+)>(.*?) are (.*?)\.?$"
)
_PART = re.compile(r"(\w+) \(exponent = ([-+.\de]+), multiplier = ([-+.\de]+), scale = ([-+\d]+)\)")
_ACTS = re.compile(r"The formula '(.*?)' in the (?:math|<?\w+>?) element of the <(\w+)>(.*)")
_KINDS = {
    "kineticLaw": "rate law",
    "assignmentRule": "rule",
    "rateRule": "rate rule",
    "initialAssignment": "first value",
}


def _clash(model: Any, sentence: str) -> str:
    """libsbml's finding in our words: the formula, the unit that it has and the unit that is due."""
    expected = _EXPECTED.search(sentence)
    if expected:
        due, kind, place, got = expected.groups()
        name = (re.findall(r"'(\w+)'", place) or [""])[0]
        formula = _formula(model, kind, name)
        what = f"{_KINDS.get(kind, kind)} of {name!r}" if name else _KINDS.get(kind, kind)
        has = f"has the unit {_unit(got)}" if _PART.search(got) else "has a unit that cannot be told"
        return f"{what}: {formula or 'its formula'} {has}; due is {_unit(due)}"
    acts = _ACTS.search(sentence)
    if acts:
        formula, kind, rest = acts.groups()
        what = _KINDS.get(kind, kind)
        have = _units_of(model, formula)
        if "dimensionless" in rest:
            return f"{what}: {formula} takes a number without unit{have}"
        return f"{what}: the parts of {formula} have different units{have}"
    return sentence.partition(" Reference:")[0][:200]


def _unit(words: str) -> str:
    """litre^1 second^-1 as `litre/second`."""
    parts = []
    for kind, exponent, multiplier, scale in _PART.findall(words):
        size, power = float(multiplier) * 10.0 ** int(scale), float(exponent)
        base = kind if size == 1 else f"({size:g} {kind})"
        parts.append(base if power == 1 else f"{base}^{power:g}")
    if parts == ["dimensionless"]:
        return "1 (none)"
    return " ".join(parts) or "none"


def _formula(model: Any, kind: str, name: str) -> str:
    import libsbml

    if kind == "eventAssignment":
        found = [a for e in model.getListOfEvents() for a in e.getListOfEventAssignments() if a.getVariable() == name]
        element = found[0] if found else None
    elif kind == "kineticLaw":
        reaction = model.getReaction(name)
        element = reaction.getKineticLaw() if reaction else None
    else:
        element = (
            model.getInitialAssignmentBySymbol(name) if kind == "initialAssignment" else model.getRuleByVariable(name)
        )
    text = libsbml.formulaToL3String(element.getMath()) if element is not None and element.isSetMath() else ""
    return text if len(text) <= 120 else f"{text[:120]} ..."


def _units_of(model: Any, formula: str) -> str:
    """Units of the names in a formula, in brackets; empty where none has one."""
    import libsbml

    told = []
    for name in dict.fromkeys(re.findall(r"[A-Za-z_]\w*", formula)):
        element = model.getElementBySId(name)
        units = element.getDerivedUnitDefinition() if hasattr(element, "getDerivedUnitDefinition") else None
        if units is not None and units.getNumUnits():
            words = [
                f"{libsbml.UnitKind_toString(u.getKind())} (exponent = {u.getExponentAsDouble():g}, "
                f"multiplier = {u.getMultiplier():g}, scale = {u.getScale()})"
                for u in units.getListOfUnits()
            ]
            told.append(f"{name} {_unit(', '.join(words))}")
    return f" ({', '.join(told)})" if told else ""


def _findings(text: str) -> list[tuple[int, str]]:
    """(libsbml's number of the rule, its sentence) of all that its check of units finds."""
    import libsbml

    document, _ = read_document(text)  # refuses what libsbml's check would die of
    if _lawless(document.getModel()):
        return []
    declare_number_units(document.getModel())
    for category in (
        libsbml.LIBSBML_CAT_GENERAL_CONSISTENCY,
        libsbml.LIBSBML_CAT_IDENTIFIER_CONSISTENCY,
        libsbml.LIBSBML_CAT_MATHML_CONSISTENCY,
        libsbml.LIBSBML_CAT_SBO_CONSISTENCY,
        libsbml.LIBSBML_CAT_OVERDETERMINED_MODEL,
        libsbml.LIBSBML_CAT_MODELING_PRACTICE,
    ):
        document.setConsistencyChecks(category, False)
    document.setConsistencyChecks(libsbml.LIBSBML_CAT_UNITS_CONSISTENCY, True)
    document.checkConsistency()
    errors = [document.getError(i) for i in range(document.getNumErrors())]
    return [(e.getErrorId(), " ".join(e.getMessage().split())) for e in errors]


def _lawless(model: Any) -> bool:
    """Whether a kinetic law has no formula: libsbml's check of units dies of it, and no reader takes it."""
    laws = [r.getKineticLaw() for r in model.getListOfReactions()]
    return any(law is not None and not law.isSetMath() for law in laws)


def declare_number_units(model: Any) -> None:
    """Mark every literal number of a libsbml model that has no unit as dimensionless."""
    laws = [r.getKineticLaw() for r in model.getListOfReactions()]
    lists = (model.getListOfRules(), model.getListOfInitialAssignments(), model.getListOfFunctionDefinitions())
    for element in [*(e for group in lists for e in group), *(k for k in laws if k)]:
        if element.getMath() is None:
            continue
        math = element.getMath().deepCopy()
        stack = [math]
        while stack:
            node = stack.pop()
            if node.isNumber() and not node.isSetUnits():
                node.setUnits("dimensionless")
            stack += [node.getChild(i) for i in range(node.getNumChildren())]
        element.setMath(math)
