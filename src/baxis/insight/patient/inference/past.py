"""A treatment in a patient's file: a background drug a day or week, or doses by route and schedule."""

from __future__ import annotations

from pydantic import ValidationError

from baxis import axis
from baxis.axis.dosing import drug_doses
from baxis.axis.tables.drug_table import Drug
from baxis.clinic.design import prescribed
from baxis.clinic.design.design import Treatment
from baxis.core.errors import BaxisError, InvalidValue
from baxis.core.reading import fault_words
from baxis.insight.patient.rows import WrittenValue
from baxis.insight.patient.visits import Given

LONG = 5000.0  # weeks: of a past treatment only its doses are looked at, not where the file ends


def is_drug(text: str) -> bool:
    """Whether the library has a drug of this name."""
    try:
        axis.drug(text)
    except BaxisError:
        return False
    return True


def treatment(line: WrittenValue, value: float) -> tuple[Given, list[str]]:
    """The treatment as it was written, and what to say of its words."""
    name = axis.drug(line.measure).name
    found, notes = _read(line, value)
    known = line.measure.casefold() == name.casefold()
    return found, notes if known else [f"{line.where}: {line.measure!r} taken as {name}", *notes]


def _read(line: WrittenValue, value: float) -> tuple[Given, list[str]]:
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
    fields = {
        "drug": drug.name,
        "dose": value,
        "dose_unit": line.unit,
        "route": route,
        "schedule": line.schedule or "once",
    }
    try:
        given = Treatment(**fields)  # type: ignore[arg-type]
    except ValidationError as e:
        said = "; ".join(f"{'.'.join(map(str, x['loc']))}: {fault_words.said(x)}" for x in e.errors())
        raise InvalidValue(where, f"{value:g} {line.unit}", "a dose in mg, g, mg/kg or mg/m2", said) from None
    wrong = prescribed.of_treatment(given)
    if wrong:
        raise InvalidValue(
            where, f"{value:g} {line.unit} {route}", "a dose and a route that the drug has", "; ".join(wrong)
        )
    notes = [f"{where}: {w}" for w in prescribed.of_regimens(((given,),), LONG)]
    for typed, taken in ((line.route, given.route), (line.schedule, given.schedule), (line.unit, given.dose_unit)):
        if typed and typed != taken:
            notes.append(f"{where}: {typed!r} taken as {taken!r}")
    return Given(line.day, drug.name, given.dose, given.dose_unit, given.route, given.schedule), notes


def _background(line: WrittenValue, drug: Drug, value: float, where: str) -> tuple[Given, list[str]]:
    if "/" not in line.unit:
        raise InvalidValue(f"{where}, unit", line.unit, "a daily or weekly dose, such as mg/day or mg/week")
    axis.background_input(drug, line.unit)
    mass = line.unit.partition("/")[0].strip()
    wrong = drug_doses.impossible(drug.name, value, mass)
    if wrong:
        raise InvalidValue(where, f"{value:g} {line.unit}", "a dose and a route that the drug has", wrong)
    far = drug_doses.far(drug.name, value, mass)
    notes = [f"{where}: {value:g} {line.unit} is far from what is known: {far}"] if far else []
    return Given(line.day, drug.name, value, line.unit), notes
