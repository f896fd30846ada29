"""A treatment as a user words it, checked: one line says what is wrong with it."""

from __future__ import annotations

from pydantic import ValidationError

from ..axis.drug_table import Drug
from ..clinic.blocks import Treatment
from ..core.errors import InvalidValue

FORM = "AMOUNT UNIT ROUTE SCHEDULE, e.g. '1000 mg iv days 1,15' or '150 mg po qd'"


def treatment(drug: Drug, amount: tuple[float, str], route: str, schedule: str, asked: tuple[str, str]) -> Treatment:
    """Treatment of a drug. amount: number and unit; asked: what is asked for and the user's words, for the error.

    Raises InvalidValue for a unit, route or schedule that cannot be read, and for a protein by mouth.
    """
    name, text = asked
    if not (route and schedule):
        raise InvalidValue(name, text, FORM)
    if route == "po" and drug.modality != "small molecule":
        raise InvalidValue(name, text, f"iv or sc: {drug.name} is a {drug.modality}, not taken by mouth")
    try:
        return Treatment(drug=drug.name, dose=amount[0], dose_unit=amount[1], route=route, schedule=schedule)  # type: ignore[arg-type]
    except ValidationError as e:
        faults = "; ".join(f"{'.'.join(map(str, x['loc']))}: {x['msg']}" for x in e.errors())
        raise InvalidValue(name, text, FORM, faults) from None
