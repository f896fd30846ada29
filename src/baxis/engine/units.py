"""Dimension check of a system's equations, by libsbml's own unit consistency rules."""

from __future__ import annotations

from typing import Any

from baxis.engine.system import System

CLASHES = range(10500, 10600)  # libsbml's rules on units that differ; others are about units that are not declared


def check_units(system: System) -> list[str]:
    """One sentence for each inconsistency of units and each name without a unit; empty when all is well.

    A rate must have its state's unit per time unit, the two sides of a rule the same unit, arguments of exp and the
    like none. Literal numbers count as dimensionless. The model must declare its time unit (in Antimony:
    `unit time_unit = 86400 second`).
    """
    import libsbml

    found = _findings(system.sbml)
    model = libsbml.readSBMLFromString(system.sbml).getModel()
    given = {*system.units, *(r.getId() for r in model.getListOfReactions())}
    bare = [n for n in (*system.states, *system.parameters, *system.assignments) if n not in given]
    return [text for _, text in found] + [f"{n!r} has no unit" for n in bare]


def unit_clashes(text: str) -> list[str]:
    """Formulas of an SBML text whose units do not fit, a sentence each; what has no units cannot clash."""
    found = _findings(text) if " units=" in text or "Units=" in text else []
    return [sentence for code, sentence in found if code in CLASHES]


def _findings(text: str) -> list[tuple[int, str]]:
    """(libsbml's number of the rule, its sentence) of all that its check of units finds."""
    import libsbml

    document = libsbml.readSBMLFromString(text)
    if document.getModel() is None:
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
