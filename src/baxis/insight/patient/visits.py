"""A patient's file: laboratory values at visits, names and units checked, every fault told at once.

Long form: columns day (or date), measure, value, unit. Wide form: day (or date) and one column a measure, its unit in
brackets: `C3 [g/L]`. Empty cells are missing values.
"""

from __future__ import annotations

import datetime as dt
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ... import axis
from ...axis import observables
from ...core import ledger, units
from ...core.errors import BaxisError, Faults, InvalidValue, UnknownName

TABLE = "instruments/labs"


@dataclass(frozen=True)
class Visits:
    """Laboratory values before treatment: observable's model name and value in multiples of health, each (m,)."""

    names: tuple[str, ...]
    values: NDArray[np.float64]
    days: tuple[str, ...]


def measures() -> dict[str, str]:
    """Measures that can be given: key -> name in the model."""
    keys = [n.removesuffix(".cv") for n in ledger.read(TABLE) if n.endswith(".cv")]
    return {o.key: o.output for o in axis.outputs().values() if o.key in keys}


def noise(output: str) -> float:
    """Log standard deviation of a measurement (assay and within-person), from its cv."""
    return float(np.sqrt(np.log1p(ledger.value(TABLE, f"{axis.outputs()[output].key}.cv") ** 2)))


def read(file: str | Path) -> Visits:
    """Visits of a CSV file. Raises InvalidValue or Faults listing every bad row."""
    path = Path(file)
    if not path.is_file():
        raise InvalidValue("patient file", str(file), "the path of an existing CSV file")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidValue("patient file", path.name, "a CSV table in UTF-8") from None
    return read_text(text, path.name)


def read_text(text: str, name: str) -> Visits:
    """Visits of a CSV text; `name` stands in messages. Raises InvalidValue or Faults listing every bad row."""
    try:
        table = pd.read_csv(io.StringIO(text), dtype=str, skipinitialspace=True)
    except (pd.errors.EmptyDataError, pd.errors.ParserError):
        raise InvalidValue("patient file", name, "a CSV table with the columns day, measure, value, unit") from None
    table.columns = [str(c).strip() for c in table.columns]
    when = next((c for c in ("day", "date") if c in table.columns), None)
    if when is None:
        raise InvalidValue(f"{name}, columns", ", ".join(table.columns), "a column day or date")
    rows = table if "measure" in table.columns else _long(table, when)
    missing = [c for c in ("value", "unit") if c not in rows.columns]
    if missing:
        raise InvalidValue(f"{name}, columns", ", ".join(table.columns), "day (or date), measure, value, unit")
    return _checked(rows.dropna(subset=["value"]), when, name)


def _long(table: pd.DataFrame, when: str) -> pd.DataFrame:
    """Wide form as long form."""
    parts = []
    for column in table.columns.drop(when):
        name, _, unit = column.partition("[")
        part = pd.DataFrame({when: table[when], "measure": name.strip(), "value": table[column]})
        parts.append(part.assign(unit=unit.rstrip("] ")))
    return pd.concat(parts) if parts else pd.DataFrame(columns=[when, "measure", "value", "unit"])


def _checked(rows: pd.DataFrame, when: str, name: str) -> Visits:
    if rows.empty:
        raise InvalidValue(name, "no value", "at least one laboratory value")
    faults: list[str] = []
    seen: set[tuple[str, str]] = set()
    found: list[tuple[str, float, str]] = []
    for row in rows.to_dict("records"):
        try:
            output, value = _value(row)
            day = _day(str(row[when]), when)
            if (day, output) in seen:
                raise InvalidValue(f"{row['measure']} on {when} {day}", "two values", "one a visit: delete one of them")
            seen.add((day, output))
            found.append((output, value, day))
        except BaxisError as e:
            faults.append(str(e))
    if faults:
        raise Faults(name, faults)
    return Visits(tuple(f[0] for f in found), np.array([f[1] for f in found]), tuple(f[2] for f in found))


def _value(row: dict[Any, Any]) -> tuple[str, float]:
    """(observable's model name, multiple of health) of a row."""
    allowed = measures()
    text = str(row["measure"]).strip()
    try:
        seen = observables.find(text)
    except UnknownName:
        raise UnknownName("measure", text, allowed, "clinical scores and treatments are not read") from None
    if seen.key not in allowed:
        raise UnknownName("laboratory measure", text, allowed)
    unit = "" if row["unit"] != row["unit"] else str(row["unit"]).strip()
    if not unit:
        raise InvalidValue(f"unit of {text}", "", f"a unit such as {seen.unit}")
    try:
        value = float(str(row["value"]))
    except ValueError:
        raise InvalidValue(text, row["value"], "a number") from None
    try:
        multiple = value * units.factor(unit, seen.unit) / seen.healthy
    except InvalidValue:
        raise InvalidValue(f"unit of {text}", unit, f"a unit that converts to {seen.unit}") from None
    low, high = (ledger.value(TABLE, f"limit.{k}") for k in ("low", "high"))
    if not low <= multiple <= high:
        span = f"{low * seen.healthy:g} to {high * seen.healthy:g} {seen.unit}"
        raise InvalidValue(text, f"{value:g} {unit}", f"a possible value, {span}", "check the unit")
    return seen.output, multiple


def _day(text: str, when: str) -> str:
    try:
        if when == "day":
            return f"{float(text):g}"
        date = dt.date.fromisoformat(text.strip())
    except ValueError:
        raise InvalidValue(when, text, "a number of days" if when == "day" else "a date as 2024-03-31") from None
    if date > dt.date.today():
        raise InvalidValue("date", text, "a date that is not in the future")
    return text.strip()
