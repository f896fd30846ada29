"""A patient's file, read and checked: names and units, possible values, and every fault told at once.

Long form: columns day (or date), measure, value, unit, and for treatments route and schedule if wished. Wide form: day
(or date) and one column a measure, its unit in brackets: `C3 [g/L]`. Empty cells are missing values.
"""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ... import axis
from ...axis import observables
from ...clinic.design import Treatment
from ...clinic.labs import TABLE, measures
from ...core import ledger, units
from ...core.errors import BaxisError, Faults, InvalidValue, UnknownName
from ..omics_parameters import links
from . import scores
from .visits import Given, Rating, Standing, Visits

SIGNATURE = " signature"
COLUMNS = "day (or date), measure, value, unit"


def read(file: str | Path, disease: str) -> Visits:
    """Visits of a CSV file. Raises InvalidValue or Faults listing every bad row."""
    path = Path(file)
    if not path.is_file():
        raise InvalidValue("patient file", str(file), "the path of an existing CSV file")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidValue("patient file", path.name, "a CSV table in UTF-8") from None
    return read_text(text, path.name, disease)


def read_text(text: str, name: str, disease: str) -> Visits:
    """Visits of a CSV text; `name` stands in messages. Raises InvalidValue or Faults listing every bad row."""
    try:
        table = pd.read_csv(io.StringIO(text), dtype=str, skipinitialspace=True)
    except (pd.errors.EmptyDataError, pd.errors.ParserError):
        raise InvalidValue("patient file", name, f"a CSV table with the columns {COLUMNS}") from None
    table.columns = [str(c).strip() for c in table.columns]
    when = next((c for c in ("day", "date") if c in table.columns), None)
    if when is None:
        raise InvalidValue(f"{name}, columns", ", ".join(table.columns), "a column day or date")
    rows = table if "measure" in table.columns else _long(table, when)
    if [c for c in ("value", "unit") if c not in rows.columns]:
        raise InvalidValue(f"{name}, columns", ", ".join(table.columns), COLUMNS)
    return _checked(rows.dropna(subset=["value"]), when, name, disease)


def _long(table: pd.DataFrame, when: str) -> pd.DataFrame:
    """Wide form as long form."""
    parts = []
    for column in table.columns.drop(when):
        name, _, unit = column.partition("[")
        part = pd.DataFrame({when: table[when], "measure": name.strip(), "value": table[column]})
        parts.append(part.assign(unit=unit.rstrip("] ")))
    return pd.concat(parts) if parts else pd.DataFrame(columns=[when, "measure", "value", "unit"])


def _checked(rows: pd.DataFrame, when: str, name: str, disease: str) -> Visits:
    faults: list[str] = []
    seen: set[tuple[float, str]] = set()
    found: list[tuple[str, float, float]] = []
    ratings: list[Rating] = []
    given: list[Given] = []
    standings: list[Standing] = []
    for row in rows.to_dict("records"):
        try:
            day = _day(str(row[when]), when)
            item = _item(row, day, disease)
            key = _key(item)
            if (day, key) in seen:
                raise InvalidValue(
                    f"{row['measure']} on {when} {row[when]}", "two values", "one a visit: delete one of them"
                )
            seen.add((day, key))
            if isinstance(item, Given):
                given.append(item)
            elif isinstance(item, Rating):
                ratings.append(item)
            elif isinstance(item, Standing):
                standings.append(item)
            else:
                found.append(item)
        except BaxisError as e:
            faults.append(str(e))
    if faults:
        raise Faults(name, faults)
    if not found and not ratings:  # a standing alone says nothing of when
        raise InvalidValue(name, "no value", "at least one laboratory value or score")
    values = np.array([f[1] for f in found], dtype=np.float64)
    ordered = tuple(sorted(given, key=lambda g: g.day))
    names, days = tuple(f[0] for f in found), tuple(f[2] for f in found)
    return Visits(names, values, days, tuple(ratings), ordered, tuple(standings))


Item = tuple[str, float, float] | Rating | Given | Standing


def _key(item: Item) -> str:
    """What may stand once a day."""
    if isinstance(item, tuple):
        return item[0]
    return item.drug if isinstance(item, Given) else item.measure if isinstance(item, Rating) else item.signature


def _item(row: dict[Any, Any], day: float, disease: str) -> Item:
    """A row as a laboratory value (model name, multiple of health, day), a rating, a treatment or a standing."""
    text, value = str(row["measure"]).strip(), _number(row)
    unit = "" if row["unit"] != row["unit"] else str(row["unit"]).strip()
    if text.casefold().endswith(SIGNATURE):
        return _standing(text, value, unit, disease)
    lab = _lab(text)
    score = None if lab else scores.find(text, disease)
    if lab is None and score is None and _is_drug(text):
        return _treatment(row, (text, value, unit), day)
    if lab is None and score is None:
        raise UnknownName("measure", text, [*measures(), *scores.scores(disease)], _hint(text, disease))
    if not unit:
        wanted = lab.unit if lab else score.unit if score else ""
        raise InvalidValue(f"unit of {text}", "", f"a unit such as {wanted}")
    if score:
        return Rating(score.measure, scores.checked(score, value, unit), day)
    assert lab is not None
    return lab.output, _multiple(lab, text, value, unit), day


def _standing(text: str, value: float, unit: str, disease: str) -> Standing:
    """`interferon signature`, in sd among patients of the disease."""
    known = links(disease)
    name = text[: -len(SIGNATURE)].strip().casefold()
    if name not in known:
        raise UnknownName(
            "signature", text, [f"{k} signature" for k in known], "only those mapped to a parameter tell anything"
        )
    if unit.casefold() != "sd":
        raise InvalidValue(f"unit of {text}", unit, "sd, among patients of the disease (`baxis omics`)")
    if abs(value) > 5:
        raise InvalidValue(text, value, "-5 to 5 sd among patients of the disease")
    return Standing(name, value)


def _hint(text: str, disease: str) -> str:
    others = [d for d in scores.diseases_of(text) if d != disease]
    return f"{text} is a score of {', '.join(others)}" if others else "a drug is given by its international name"


def _lab(text: str) -> observables.Observable | None:
    try:
        found = observables.find(text)
    except UnknownName:
        return None
    return found if found.key in measures() else None


def _is_drug(text: str) -> bool:
    try:
        axis.drug(text)
    except BaxisError:
        return False
    return True


def _number(row: dict[Any, Any]) -> float:
    try:
        value = float(str(row["value"]))
    except ValueError:
        raise InvalidValue(str(row["measure"]), row["value"], "a number") from None
    if not np.isfinite(value):
        raise InvalidValue(str(row["measure"]), row["value"], "a finite number")
    return value


def _multiple(lab: observables.Observable, text: str, value: float, unit: str) -> float:
    """A laboratory value in multiples of health."""
    try:
        multiple = value * units.factor(unit, lab.unit) / lab.healthy
    except InvalidValue:
        raise InvalidValue(f"unit of {text}", unit, f"a unit that converts to {lab.unit}") from None
    low, high = (ledger.value(TABLE, f"limit.{k}") for k in ("low", "high"))
    if not low <= multiple <= high:
        span = f"{low * lab.healthy:g} to {high * lab.healthy:g} {lab.unit}"
        raise InvalidValue(text, f"{value:g} {unit}", f"a possible value, {span}", "check the unit")
    return multiple


def _treatment(row: dict[Any, Any], dose: tuple[str, float, str], day: float) -> Given:
    """A treatment: `mg/day` (or mg/week, g/day) from that day on for a background drug, else doses by schedule."""
    text, value, unit = dose
    drug = axis.drug(text)
    if value < 0:
        raise InvalidValue(f"dose of {drug.name}", value, "a dose of at least 0")
    if drug.cell_therapy:
        raise InvalidValue(f"treatment {drug.name}", "cells", "a drug: a past cell therapy cannot be simulated")
    if drug.background:
        if "/" not in unit:
            raise InvalidValue(f"unit of {drug.name}", unit, "a daily or weekly dose, such as mg/day or mg/week")
        axis.background_input(drug, unit)
        return Given(day, drug.name, value, unit)
    cell = {k: str(row[k]).strip() if k in row and row[k] == row[k] else "" for k in ("route", "schedule")}
    route = cell["route"] or {"oral": "po", "infusion": "iv"}.get(drug.route, drug.route)
    try:
        Treatment(drug=drug.name, dose=value, dose_unit=unit, route=route, schedule=cell["schedule"] or "once")  # type: ignore[arg-type]
    except ValueError as e:
        said = "; ".join(f"{'.'.join(map(str, x['loc']))}: {x['msg']}" for x in e.errors())  # type: ignore[attr-defined]
        raise InvalidValue(
            f"treatment {drug.name}", f"{value:g} {unit}", "a dose in mg, g, mg/kg or mg/m2", said
        ) from None
    return Given(day, drug.name, value, unit, route, cell["schedule"] or "once")


def _day(text: str, when: str) -> float:
    try:
        if when == "day":
            return float(text)
        date = dt.date.fromisoformat(text.strip())
    except ValueError:
        raise InvalidValue(when, text, "a number of days" if when == "day" else "a date as 2024-03-31") from None
    if date > dt.date.today():
        raise InvalidValue("date", text, "a date that is not in the future")
    return float(date.toordinal())
