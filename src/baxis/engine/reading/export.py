"""SBML text of a system with one patient's numbers in it, so that another simulator can run that patient."""

from __future__ import annotations

import sys
from typing import Any

from baxis.core.errors import InvalidValue
from baxis.engine.model.inputs import initial_table, parameter_table
from baxis.engine.model.system import System
from baxis.engine.reading.document import to_level_3
from baxis.engine.reading.reactions import local_names

SMALLEST = sys.float_info.min  # some readers refuse numbers below it


def to_sbml(system: System, parameters: Any = None, initial: Any = None) -> str:
    """The system as SBML Level 3 text with parameter values (P,) and initial states (N,) written in, as arrays or mappings by name.

    Initial assignments of states that are given a number are dropped. Raises what `simulate` raises for wrong inputs.
    """
    import libsbml

    p = parameter_table(system, parameters, 1)
    y = initial_table(system, initial, p)
    document = libsbml.readSBMLFromString(system.sbml)
    to_level_3(document)
    model = document.getModel()
    values = dict(zip((*system.parameters, *system.states), [*p[0].tolist(), *y[0].tolist()], strict=True))
    keep = initial is None
    for name, value in values.items():
        if keep and name in system.computed_starts:
            continue
        model.removeInitialAssignment(name)
        _set(model, name, value if abs(value) >= SMALLEST else 0.0)
    return libsbml.writeSBMLToString(document)


def _set(model: Any, name: str, value: float) -> None:
    species, compartment = model.getSpecies(name), model.getCompartment(name)
    if species is not None:
        species.unsetInitialAmount()
        species.unsetInitialConcentration()
        if species.getHasOnlySubstanceUnits():
            species.setInitialAmount(value)
        else:
            species.setInitialConcentration(value)
    elif compartment is not None:
        compartment.setSize(value)
    elif model.getParameter(name) is not None:
        model.getParameter(name).setValue(value)
    else:
        _set_local(model, name, value)


def _set_local(model: Any, name: str, value: float) -> None:
    """A reaction's local parameter, under its name in the model (see `local_names`)."""
    for (reaction, parameter), own in local_names(model).items():
        if own == name:
            model.getReaction(reaction).getKineticLaw().getLocalParameter(parameter).setValue(value)
            return
    raise InvalidValue("SBML export", name, "a parameter, species or compartment of the model")
