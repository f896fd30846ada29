"""A treatment as a user words it, checked: one line says what is wrong with it."""

from __future__ import annotations

from pydantic import ValidationError

from baxis.axis.dosing import drug_doses
from baxis.axis.dosing.treatment import missing
from baxis.axis.tables.drug_table import Drug
from baxis.clinic.design import prescribed
from baxis.clinic.design.blocks import Treatment
from baxis.core.errors import InvalidValue, Unsupported
from baxis.core.reading import fault_words

FORM = "AMOUNT UNIT ROUTE SCHEDULE, e.g. '1000 mg iv days 1,15' or '150 mg po qd'"


def form(drug: Drug) -> str:
    """How to write a regimen, with one of the drug's own where its file tells one."""
    example = drug_doses.example(drug.name)
    return f"AMOUNT UNIT ROUTE SCHEDULE, e.g. '{example}'" if example else FORM


def treatment(drug: Drug, amount: tuple[float, str], route: str, schedule: str, asked: tuple[str, str]) -> Treatment:
    """Treatment of a drug. amount: number and unit; asked: what is asked for and the user's words, for the error.

    Raises InvalidValue for a unit, route or schedule that cannot be read, for a route that the drug does not have, and
    for a dose that cannot be meant.
    """
    name, text = asked
    if drug.cell_therapy:
        raise Unsupported(
            f"{name} {text!r}: {drug.name} is one of the cell therapies, given iv as cells, for which no dose is read here"
        )
    if lacking := missing(route, schedule):
        raise InvalidValue(name, text, form(drug), lacking)
    try:
        made = Treatment(drug=drug.name, dose=amount[0], dose_unit=amount[1], route=route, schedule=schedule)  # type: ignore[arg-type]
    except ValidationError as e:
        faults = "; ".join(_said(x) for x in e.errors(include_url=False))
        raise InvalidValue(name, text, form(drug), faults) from None
    wrong = prescribed.of_treatment(made)
    if wrong:
        raise InvalidValue(name, text, form(drug), "; ".join(wrong))
    return made


def _said(fault: object) -> str:
    """One fault; what names its own item is not given its field's name once more."""
    place = ".".join(map(str, fault["loc"]))  # type: ignore[index]
    text = fault_words.said(fault)  # type: ignore[arg-type]
    return text if text.startswith((place, "dose unit")) else f"{place}: {text}"


def within(treatments: tuple[Treatment, ...], weeks: float, where: str) -> None:
    """InvalidValue for a treatment of which no dose falls within the weeks that are simulated."""
    for t in treatments:
        n, whole, cut = prescribed.counted(t, weeks)
        if n == 0:
            count = "no dose falls" if whole is None else f"0 of {whole} doses fall"
            raise InvalidValue(
                where, f"{t.drug} {t.schedule}", f"a dose within {weeks:g} weeks", f"{count} within {cut}"
            )
