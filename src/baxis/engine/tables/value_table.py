"""A user's table of values for a model: one row a patient, one column a parameter or state, its unit if wished."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from baxis.core import units
from baxis.core.errors import BaxisError, Faults, InvalidValue
from baxis.core.reading import headers, numbers, tables

Array = NDArray[np.float64]


def read_values(path: str | Path, sbml: str) -> tuple[dict[str, Array], tuple[str, ...]]:
    """Columns (n,) by name in the units of the model `sbml`, and how the table was read.

    A column `CL [mL/h]` is converted where the model says the unit of CL, else refused. Raises InvalidValue or Faults
    listing every cell that is no finite number; there are no missing values.
    """
    table = tables.read(path, "--table")
    out: dict[str, Array] = {}
    notes = list(table.notes)
    faults: list[str] = []
    for header in table.header:
        try:
            name, unit = headers.split(header)
            factor = 1.0 if unit is None else _factor(sbml, name, unit, table.name)
            if name in out:
                raise InvalidValue(f"{table.name}, row 1", f"two columns {name!r}", "each name once")
        except BaxisError as e:
            faults.append(str(e))
            continue
        if unit is not None:
            notes.append(f"{name} in {unit}, times {factor:.6g} for the model's unit")
        out[name] = factor * _column(table, header, faults)
    if faults:
        raise Faults(table.name, faults)
    return out, tuple(notes)


def _column(table: tables.Table, header: str, faults: list[str]) -> Array:
    plain = table.plain(table.cells(header))
    if plain is not None:
        return np.array(plain)
    values = np.full(len(table.rows), np.nan)
    for k, (cell, line) in enumerate(zip(table.cells(header), table.lines, strict=True)):
        try:
            if numbers.missing(cell):
                where = tables.place(table.name, line, header)
                raise InvalidValue(
                    where, cell or tables.Bare("an empty cell"), "a number", "fill it, or leave the row out"
                )
            values[k] = table.number(cell, line, header)
        except InvalidValue as e:
            faults.append(str(e))
    return values


def _factor(sbml: str, name: str, unit: str, where: str) -> float:
    """From a unit to that of a quantity of the model."""
    own = _unit(sbml, name)
    place = f"{where}, row 1, column '{name} [{unit}]'"
    if own is None:
        raise InvalidValue(
            place,
            unit,
            f"no unit: the model does not say that of {name}",
            f"name the column {name!r}, in the model's unit",
        )
    try:
        return float(units.registry().Quantity(1.0, units.parse(unit)).to(own.units).magnitude / own.magnitude)
    except Exception:  # an unknown unit; and pint raises several unrelated types
        raise InvalidValue(place, unit, f"a unit that converts to that of {name} in the model ({own:~})") from None


def _unit(sbml: str, name: str) -> Any:
    """Unit of a parameter, compartment or species as a quantity of the unit registry; None where the model has none."""
    import libsbml

    document = libsbml.readSBMLFromString(sbml)  # kept: its model dies with it
    model = document.getModel()
    element = model.getElementBySId(name) if model is not None else None
    if element is None or not hasattr(element, "getDerivedUnitDefinition") or element.containsUndeclaredUnits():
        return None
    definition = element.getDerivedUnitDefinition()
    if definition is None or not definition.getNumUnits():
        return None
    known, out = units.registry(), units.registry().Quantity(1.0)
    for unit in definition.getListOfUnits():
        kind = libsbml.UnitKind_toString(unit.getKind())
        kind = {"item": "cell", "avogadro": "dimensionless", "metre": "meter", "litre": "liter"}.get(kind, kind)
        try:
            one = known.Quantity(unit.getMultiplier() * 10.0 ** unit.getScale(), kind)
        except Exception:  # pint raises several unrelated types
            return None
        out = out * one ** unit.getExponentAsDouble()
    return out
