"""A table of patients (CSV or Parquet) as values in the model's units; every fault of the table is told at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from baxis.clinic.people.bounds import BOUNDS, SEX
from baxis.core import units
from baxis.core.errors import BaxisError, Faults, InvalidValue, UnknownName
from baxis.core.reading import headers, numbers, possible, tables

Array = NDArray[np.float64]
Allowed = dict[str, tuple[str, float, float]]
IGNORED = ("patient", "patient_id")
ALIASES = {"age": "age_y", "weight": "weight_kg", "bodyweight": "weight_kg", "height": "height_cm", "sex": SEX}
NAMED = {"age_y": "year"}  # columns whose other name needs no unit: an age is in years
SEXES = {"f": 1.0, "female": 1.0, "w": 1.0, "m": 0.0, "male": 0.0}


def read_table(path: Path, allowed: Allowed) -> tuple[dict[str, Array], tuple[str, ...]]:
    """Columns by name (every row is one patient), and how the table was read.

    A column is `NAME` in the model's unit or `NAME [unit]`, as `weight_kg [lb]`; `age`, `weight [kg]`, `height [m]` and
    `sex` (F, M) are taken too. Raises InvalidValue, or Faults that list every bad cell.
    """
    table = _table(path)
    columns: dict[str, Array] = {}
    notes = list(table.notes)
    faults: list[str] = []
    for header in table.header:
        if header.casefold() in IGNORED:
            continue
        try:
            name, unit, said = _named(header, allowed)
            if name in columns:
                raise InvalidValue(tables.place(table.name, 1, header), f"{name} twice", "each variable once")
            columns[name], bad = _column(table, header, (name, unit), allowed[name])
            notes, faults = notes + said, faults + bad
        except BaxisError as e:
            faults.append(str(e))
    if not (columns or faults):
        faults.append(f"no column that a population may set: {', '.join([*list(allowed)[:6], '...'])}")
    if faults:
        raise Faults(str(path), faults)
    return columns, tuple(notes)


def _table(path: Path) -> tables.Table:
    if path.suffix.lower() != ".parquet":
        return tables.read(path, "population")
    try:
        frame = pd.read_parquet(path)
    except Exception:  # pyarrow raises many types
        raise InvalidValue(
            str(path), tables.Bare("a file that is no Parquet table"), "a table in Parquet or CSV"
        ) from None
    if not len(frame):
        raise InvalidValue(path.name, tables.Bare("no rows"), "one row a patient")
    header = tuple(map(str, frame.columns))
    rows = [list(map(_text, row)) for row in frame.itertuples(index=False)]
    return tables.Table(path.name, header, rows, range(1, len(rows) + 1), ",")


def _text(cell: object) -> str:
    """A typed cell as it would be typed."""
    if isinstance(cell, bool | np.bool_):
        return str(int(cell))
    missing = pd.api.types.is_scalar(cell) and pd.isna(cell)  # a cell may also hold a list, which is no number
    return "" if missing else str(cell)


def _named(header: str, allowed: Allowed) -> tuple[str, str, list[str]]:
    """(variable, unit, what to say of another name or unit)."""
    given, unit = headers.split(header)
    by_fold = {n.casefold(): n for n in allowed}
    name = by_fold.get(given.casefold()) or ALIASES.get(given.casefold(), given)
    if name not in allowed:
        hint = "a measure of the instrument is an outcome of the model"
        raise UnknownName("column", given, [*allowed, *IGNORED, *ALIASES], hint)
    own = allowed[name][0]
    if given.casefold() in ALIASES and unit is None and name not in NAMED and name != SEX:
        raise InvalidValue("column", header, f"{name}, or {given} with its unit, as '{given} [{own}]'")
    said = [f"{header} taken as {name}"] if given != name else []
    if unit is not None and units.factor_at(f"unit of column {header!r}", unit, own) != 1.0:
        said.append(f"{name} converted from {unit} to {own}")
    return name, own if unit is None else unit, said


def _column(
    table: tables.Table, header: str, what: tuple[str, str], limits: tuple[str, float, float]
) -> tuple[Array, list[str]]:
    """Values (n,) in the model's unit, and what is wrong with the cells. what: name and unit of the column."""
    name, unit = what
    check = _sex if name == SEX else _checked(name, unit, limits)
    values, faults = np.full(len(table.rows), np.nan), []
    for i, (cell, line) in enumerate(zip(table.cells(header), table.lines, strict=True)):
        try:
            where = tables.place(table.name, line, header)
            if numbers.missing(cell):
                got = cell or tables.Bare("an empty cell")
                raise InvalidValue(where, got, "a value for every patient", "fill it, or leave the patient out")
            values[i] = check(table, cell, line, header)
        except InvalidValue as e:
            faults.append(str(e))
    return values, faults


Check = Callable[[tables.Table, str, int, str], float]


def _sex(table: tables.Table, cell: str, line: int, header: str) -> float:
    value = SEXES.get(cell.casefold(), numbers.plain(cell))
    if value not in (0.0, 1.0):
        raise InvalidValue(tables.place(table.name, line, header), cell, "0 or 1 (1 = female), or F or M")
    return value


def _checked(name: str, unit: str, limits: tuple[str, float, float]) -> Check:
    own, low, high = limits
    scale = units.factor(unit, own)

    def check(table: tables.Table, cell: str, line: int, header: str) -> float:
        typed = table.number(cell, line, header)
        value = typed * scale
        if not low <= value <= high or (name not in BOUNDS and value <= 0):
            span = f"a number from {low:g} to {high:g} {own}" if np.isfinite(high) else f"a number above {low:g} {own}"
            hint = possible.meant(typed, unit, possible.Range(name, own, low, high)) if np.isfinite(high) else ""
            raise InvalidValue(tables.place(table.name, line, header), f"{typed:g} {unit}", span, hint)
        return value

    return check
