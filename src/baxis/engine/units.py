"""Dimension check of a system's equations, by libsbml's own unit consistency rules."""

from __future__ import annotations

from typing import Any

from baxis.engine.system import System


def check_units(system: System) -> list[str]:
    """One sentence for each inconsistency of units and each name without a unit; empty when all is well.

    A rate must have its state's unit per time unit, the two sides of a rule the same unit, arguments of exp and the
    like none. Literal numbers count as dimensionless. The model must declare its time unit (in Antimony:
    `unit time_unit = 86400 second`).
    """
    import libsbml

    document = libsbml.readSBMLFromString(system.sbml)
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
    found = [" ".join(e.getMessage().split()) for e in errors]
    given = {*system.units, *(r.getId() for r in document.getModel().getListOfReactions())}
    bare = [n for n in (*system.states, *system.parameters, *system.assignments) if n not in given]
    return found + [f"{n!r} has no unit" for n in bare]


def declare_number_units(model: Any) -> None:
    """Mark every literal number of a libsbml model that has no unit as dimensionless."""
    laws = [r.getKineticLaw() for r in model.getListOfReactions()]
    lists = (model.getListOfRules(), model.getListOfInitialAssignments(), model.getListOfFunctionDefinitions())
    for element in [*(e for group in lists for e in group), *(k for k in laws if k)]:
        math = element.getMath().deepCopy()
        stack = [math]
        while stack:
            node = stack.pop()
            if node.isNumber() and not node.isSetUnits():
                node.setUnits("dimensionless")
            stack += [node.getChild(i) for i in range(node.getNumChildren())]
        element.setMath(math)
