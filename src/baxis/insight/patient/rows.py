"""Rows of a patient's file, whatever its form: a day, what was measured or given, its value and unit, as text.

Long form: columns day (or date, or week), measure, value, unit, and for treatments route and schedule if wished. Wide
form: day (or date) and one column a measure, its unit in brackets: `C3 [g/L]`. Names of columns in any case, and a few
that people use in their place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from baxis.core import units
from baxis.core.errors import InvalidValue
from baxis.core.reading import dates, headers, numbers, tables

COLUMNS = "day (or date), measure, value, unit"
NAMES = {
    "day": ("day", "days", "study day", "visit day", "tag"),
    "week": ("week", "weeks", "study week", "woche"),
    "date": ("date", "datum", "visit date", "date of visit", "sample date", "collection date", "sampling date"),
    "measure": ("measure", "measurement", "test", "analyte", "parameter", "item", "variable", "lab"),
    "value": ("value", "result", "wert", "amount"),
    "unit": ("unit", "units", "einheit"),
    "route": ("route", "via", "route of administration"),
    "schedule": ("schedule", "frequency", "regimen"),
    "patient": ("patient", "patient id", "subject", "subject id", "id"),
}
WHEN = ("day", "date", "week")
_BY_NAME = {name: key for key, names in NAMES.items() for name in names}
DAYS = 36_525.0  # a century before or after the file's day 0: no visit of the same person
LONGEST = 14_610.0  # days from the first row to the last: forty years is longer than any course that is simulated


@dataclass(frozen=True, slots=True)
class WrittenValue:
    """One value as text. where: its place for messages; column: where its number stands; when: its day as written."""

    where: str
    row: int
    column: str
    when: str
    day: float
    measure: str
    value: str
    unit: str
    route: str = ""
    schedule: str = ""


@dataclass(frozen=True, eq=False)
class Found:
    """Rows with a value, whether days are dates, the table (for numbers), what to say of it, and what is wrong."""

    lines: tuple[WrittenValue, ...]
    dated: bool
    table: tables.Table
    notes: tuple[str, ...]
    faults: tuple[str, ...]


def find(table: tables.Table) -> Found:
    """The rows of a table. Raises InvalidValue for columns that are none of a patient's file."""
    columns, notes = _columns(table)
    when = [k for k in WHEN if k in columns]
    if len(when) != 1:
        hint = "one of them is enough" if when else "every value has its day"
        got = ", ".join(columns[k] for k in when) or ", ".join(table.header)
        raise InvalidValue(f"{table.name}, columns", got, "a column day or date", hint)
    notes += _one_patient(table, columns.get("patient"))
    how = _Days.of(table, columns[when[0]], when[0])
    is_long = "measure" in columns or {"value", "unit"} <= set(columns)
    lines, faults = [], []
    for line in _long(table, columns, notes) if is_long else _wide(table, columns):
        if numbers.missing(line.value):
            lines.append(line)
            continue
        try:
            lines.append(replace(line, day=how.read(line.when, line.row)))
        except InvalidValue as e:
            faults.append(str(e))
    notes += how.notes
    days = [x.day for x in lines if not numbers.missing(x.value)]
    if days and not faults and max(days) - min(days) > LONGEST:
        got = f"{(max(days) - min(days)) / 365.25:.0f} years from the first row to the last"
        raise InvalidValue(
            table.name, tables.Bare(got), f"at most {LONGEST / 365.25:.0f} years", "is a day or year mistyped?"
        )
    return Found(tuple(lines), how.dated, table, (*table.notes, *notes), tuple(dict.fromkeys(faults)))


def _columns(table: tables.Table) -> tuple[dict[str, str], list[str]]:
    """Column of the table by what it means, and what to say of names that were taken for another."""
    out: dict[str, str] = {}
    said = []
    for header in table.header:
        name = headers.split(header)[0]
        key = _BY_NAME.get(" ".join(name.casefold().replace("_", " ").split()))
        if key is None:
            continue
        if key in out:
            raise InvalidValue(f"{table.name}, row 1", f"{out[key]} and {header}", f"one column for the {key}")
        out[key] = header
        if name.casefold() != key:
            said.append(f"column {header!r} taken as {key}")
    return out, said


def _one_patient(table: tables.Table, column: str | None) -> list[str]:
    if column is None:
        return []
    people = list(dict.fromkeys(c for c in table.cells(column) if not numbers.missing(c)))
    if len(people) > 1:
        got = f"{len(people)} patients ({', '.join(people[:4])}{', ...' if len(people) > 4 else ''})"
        raise InvalidValue(
            tables.place(table.name, 0, column), tables.Bare(got), "one patient a file", "split the file"
        )
    return []


@dataclass(frozen=True, eq=False)
class _Days:
    """How the column of days is read."""

    table: tables.Table
    column: str
    factor: float
    dated: bool
    dates: dates.Dates
    notes: tuple[str, ...]

    @classmethod
    def of(cls, table: tables.Table, column: str, key: str) -> _Days:
        cells = [c for c in table.cells(column) if not numbers.missing(c)]
        unit = headers.split(column)[1]
        dated = key == "date" or any(dates.looks_like(c) for c in cells)
        order = dates.Dates.of(cells, tables.place(table.name, 0, column)) if dated else dates.Dates()
        notes = [order.why] if order.why else []
        factor = 1.0
        if dated and key != "date":
            notes.append(f"column {column!r} holds dates")
        elif key == "week" or unit is not None:
            factor = units.factor("week" if key == "week" and unit is None else unit or "day", "day")
            notes += [f"column {column!r} read as days, times {factor:g}"] if factor != 1.0 else []
        return cls(table, column, factor, dated, order, tuple(notes))

    def read(self, text: str, row: int) -> float:
        """Day of a cell; of a date its number in the calendar."""
        where = tables.place(self.table.name, row, self.column)
        if numbers.missing(text):
            got = text or tables.Bare("an empty cell")
            allowed = "a date as 2024-03-31" if self.dated else "a number of days"
            raise InvalidValue(where, got, allowed, "every value has its day: write it, or delete the row")
        if self.dated:
            return float(self.dates.read(text, where).toordinal())
        day = self.factor * self.table.number(text, row, self.column, "a number of days")
        if abs(day) > DAYS:
            hint = "for dates name the column date and write them as 2024-03-31"
            raise InvalidValue(where, text, f"a day from {-DAYS:g} to {DAYS:g}", hint)
        return day


def _long(table: tables.Table, columns: dict[str, str], notes: list[str]) -> Iterator[WrittenValue]:
    """Long form as it stands. InvalidValue where a column is missing."""
    value = columns.get("value")
    told = headers.split(value)[1] if value else None
    lacking = [k for k in ("measure", "value", "unit") if k not in columns and not (k == "unit" and told)]
    if lacking:
        got = f"no {' and no '.join(lacking)} among {', '.join(table.header)}"
        raise InvalidValue(f"{table.name}, columns", tables.Bare(got), COLUMNS)
    rest = [h for h in table.header if h not in columns.values()]
    if rest:
        notes.append(f"columns not used: {', '.join(rest)}")
    when = next(columns[k] for k in WHEN if k in columns)
    for row, cells in table.records():
        read = {k: "" if numbers.missing(cells[h]) else cells[h] for k, h in columns.items() if k != "value"}
        yield WrittenValue(
            where=tables.place(table.name, row), row=row, column=columns["value"], when=cells[when], day=0.0, measure=read["measure"], value=cells[columns["value"]],
            unit=read.get("unit", "") or (told or ""), route=read.get("route", ""), schedule=read.get("schedule", ""),
        )  # fmt: skip


def _wide(table: tables.Table, columns: dict[str, str]) -> Iterator[WrittenValue]:
    """Wide form as long form: every other column is a measure."""
    when = next(columns[k] for k in WHEN if k in columns)
    for header in table.header:
        if header in columns.values():
            continue
        name, unit = headers.split(header)
        for row, cell, day in zip(table.lines, table.cells(header), table.cells(when), strict=True):
            yield WrittenValue(
                where=tables.place(table.name, row),
                row=row,
                column=header,
                when=day,
                day=0.0,
                measure=name,
                value=cell,
                unit=unit or "",
            )


def split_limit(text: str) -> tuple[str, str]:
    """(sign, number) of a cell: `<` for `<1`, `<=1`, `≤ 1`, `>` likewise; `<` and no number for `<LLOQ`, `BLQ` and the like."""
    word = text.strip(numbers.BLANKS)
    if "".join(c for c in word.casefold() if c.isalpha()) in BELOW and not any(c.isdigit() for c in word):
        return "<", ""
    for mark, sign in (("<=", "<"), ("≤", "<"), ("<", "<"), (">=", ">"), ("≥", ">"), (">", ">")):
        if word.startswith(mark):
            return sign, word[len(mark) :].strip(numbers.BLANKS)
    return "", word


# Words for a value below what the assay measures.
BELOW = frozenset(
    {"lloq", "loq", "blq", "bloq", "blloq", "bql", "lod", "llod", "bdl", "bld", "lld", "notdetected", "notdetectable", "undetectable",
     "undetected", "nd", "belowdetection", "belowlloq", "belowlod"}
)  # fmt: skip
