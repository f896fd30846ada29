"""States of an exported model as SBML species, so that other programs list and plot them and their identifiers sit where readers look."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

BODY = "body"  # the one compartment; its size of 1 makes an amount and a concentration the same number


def as_species(model: Any, states: Iterable[str]) -> None:
    """Turn parameters with a rate rule into species of amount (`hasOnlySubstanceUnits`) in one compartment of size 1.

    Values, units and rate rules stay as they are. model: a libsbml model.
    """
    import libsbml

    home = model.createCompartment()
    home.setId(BODY)
    home.setName("patient, nominal size 1")
    home.setConstant(True)
    home.setSpatialDimensions(3)
    home.setSize(1.0)
    home.setUnits("dimensionless")
    for name in states:
        parameter = model.removeParameter(name)
        species = model.createSpecies()
        species.setId(name)
        species.setCompartment(BODY)
        species.setHasOnlySubstanceUnits(True)
        species.setBoundaryCondition(False)
        species.setConstant(False)
        species.setSubstanceUnits(parameter.getUnits())
        if species.setInitialAmount(parameter.getValue()) != libsbml.LIBSBML_OPERATION_SUCCESS:
            raise ValueError(f"libsbml refuses the start of {name!r}")
    model.setExtentUnits("dimensionless")
    model.setSubstanceUnits("dimensionless")
    model.setVolumeUnits("dimensionless")
