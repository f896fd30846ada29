"""A treatment in a patient's file: a background drug a day or week, or doses by route and schedule."""

from __future__ import annotations

from ... import axis
from ...axis.drug_table import Drug
from ...clinic.design import Treatment
from ...core.errors import BaxisError, InvalidValue
from .rows import Line
from .visits import Given


def is_drug(text: str) -> bool:
    """Whether the library has a drug of this name."""
    try:
        axis.drug(text)
    except BaxisError:
        return False
    return True


def treatment(line: Line, value: float) -> tuple[Given, list[str]]:
    """The treatment, and what to say of it: `mg/day` (or mg/week, g/day) from that day on, or doses by a schedule."""
    drug = axis.drug(line.measure)
    where = f"{line.where}, {drug.name}"
    if value < 0:
        raise InvalidValue(f"{where}, dose", value, "a dose of at least 0")
    if drug.cell_therapy:
        raise InvalidValue(f"{where}", "cells", "a drug: a past cell therapy cannot be simulated")
    if drug.background:
        return _background(line, drug, value, where)
    route = line.route or {"oral": "po", "infusion": "iv"}.get(drug.route, drug.route)
    try:
        given = Treatment(
            drug=drug.name, dose=value, dose_unit=line.unit, route=route, schedule=line.schedule or "once"
        )  # type: ignore[arg-type]
    except ValueError as e:
        said = "; ".join(f"{'.'.join(map(str, x['loc']))}: {x['msg']}" for x in e.errors())  # type: ignore[attr-defined]
        raise InvalidValue(where, f"{value:g} {line.unit}", "a dose in mg, g, mg/kg or mg/m2", said) from None
    return Given(line.day, drug.name, given.dose, given.dose_unit, given.route, given.schedule), []


def _background(line: Line, drug: Drug, value: float, where: str) -> tuple[Given, list[str]]:
    if "/" not in line.unit:
        raise InvalidValue(f"{where}, unit", line.unit, "a daily or weekly dose, such as mg/day or mg/week")
    axis.background_input(drug, line.unit)
    return Given(line.day, drug.name, value, line.unit), []
