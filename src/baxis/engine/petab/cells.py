"""What the cells of PEtab tables may hold, checked by column before anything is computed: file, row, column, what is allowed."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping

from baxis.core.errors import InvalidValue, UnknownName
from baxis.core.reading.numbers import number
from baxis.engine.formula.mathml import Tree
from baxis.engine.petab.files import ProblemFiles, Row, TableFile, raise_all
from baxis.engine.petab.formula import formula_tree

NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
WITHOUT = ("", "nan", "na", "n/a", "null", "none", "#n/a", "<na>")  # what PEtab's library takes for an empty cell
ENDLESS = {"inf": math.inf, "+inf": math.inf, "infinity": math.inf, "-inf": -math.inf, "-infinity": -math.inf}
Check = Callable[[str, str], object]  # (where, cell); raises InvalidValue


def time(where: str, cell: str) -> float:
    """A time of a measurement: a number, or inf for a steady state."""
    return math.inf if ENDLESS.get(cell.lower()) == math.inf else number(where, cell, "a number, or inf")


def start(where: str, cell: str) -> float:
    """The start of a period: a number, or -inf for a steady state before it."""
    return -math.inf if ENDLESS.get(cell.lower()) == -math.inf else number(where, cell, "a number, or -inf")


def bound(where: str, cell: str) -> float:
    """A bound: a number, or infinity."""
    return ENDLESS[cell.lower()] if cell.lower() in ENDLESS else number(where, cell)


def name(where: str, cell: str) -> str:
    """An identifier."""
    if cell.lower() in WITHOUT:
        allowed = "an identifier" if not cell else "another identifier: this one is read as an empty cell"
        raise InvalidValue(where, cell, allowed)
    if not NAME.fullmatch(cell):
        raise InvalidValue(where, cell, "an identifier: letters, digits and _, no digit first")
    return cell


def parts(where: str, cell: str) -> list[str]:
    """Values of placeholders: numbers or identifiers, separated by semicolons."""
    found = [p.strip() for p in cell.split(";")]
    for part in found:
        if not NAME.fullmatch(part):
            number(where, part)
    return found


def setting(where: str, cell: str) -> str:
    """A cell of a condition (version 1): a number or an identifier."""
    if not NAME.fullmatch(cell):
        number(where, cell)
    return cell


def optional(check: Check) -> Check:
    """The same, or an empty cell."""
    return lambda where, cell: None if cell.lower() in WITHOUT[:2] else check(where, cell)


def one_of(*words: str) -> Check:
    """One of some words, or empty for the first."""

    def check(where: str, cell: str) -> str:
        if cell and cell not in words:
            raise UnknownName(f"value in {where}:", cell, words)
        return cell or words[0]

    return check


def formula(where: str, cell: str) -> Tree:
    """A formula in PEtab's notation."""
    return formula_tree(cell, where)


_NOISE: dict[str, Check] = {"observableParameters": optional(parts), "noiseParameters": optional(parts)}
_BOUNDS: dict[str, Check] = {"lowerBound": optional(bound), "upperBound": optional(bound)}
FIRST: dict[str, dict[str, Check]] = {
    "parameter": {
        "parameterId": name, "nominalValue": optional(number), **_BOUNDS,
        "parameterScale": one_of("lin", "log", "log10"), "estimate": one_of("1", "0", "1.0", "0.0"),
    },
    "condition": {"conditionId": name},
    "measurement": {
        "observableId": name, "simulationConditionId": name, "measurement": number, "time": time,
        "preequilibrationConditionId": optional(name), **_NOISE,
    },
    "observable": {
        "observableId": name, "observableFormula": formula, "noiseFormula": formula,
        "observableTransformation": one_of("lin", "log", "log10"), "noiseDistribution": one_of("normal", "laplace"),
    },
}  # fmt: skip
DISTRIBUTIONS = ("normal", "laplace", "log-normal", "log-laplace")
SECOND: dict[str, dict[str, Check]] = {
    "parameter": {
        "parameterId": name, "nominalValue": optional(number), **_BOUNDS,
        "estimate": lambda where, cell: one_of("true", "false")(where, cell.lower()),
    },
    "condition": {"conditionId": name, "targetId": name, "targetValue": formula},
    "experiment": {"experimentId": name, "time": start, "conditionId": optional(name)},
    "measurement": {
        "observableId": name, "measurement": number, "time": time, "experimentId": optional(name),
        "modelId": optional(name), **_NOISE,
    },
    "observable": {
        "observableId": name, "observableFormula": formula, "noiseFormula": formula,
        "noiseDistribution": one_of(*DISTRIBUTIONS),
    },
}  # fmt: skip
OPTIONAL = {
    "preequilibrationConditionId",
    "modelId",
    "observableTransformation",
    "noiseDistribution",
    *_NOISE,
    *_BOUNDS,
}
ONCE = {"parameter": "parameterId", "observable": "observableId"}


def check_cells(files: ProblemFiles) -> None:
    """Every cell of every table by its column. Raises BaxisError or Faults with file, row and column."""
    columns = FIRST if files.version == 1 else SECOND
    faults: list[str] = []
    for kind, checks in columns.items():
        for table in files.tables.get(kind, []):
            faults += _faults(table, checks, kind)
        if kind in ONCE or (kind == "condition" and files.version == 1):
            faults += _twice(list(files.rows(kind)), ONCE.get(kind, "conditionId"))
    raise_all(f"PEtab problem {files.path.name}", faults)


def _faults(table: TableFile, checks: Mapping[str, Check], kind: str) -> list[str]:
    lacking = [c for c in checks if c not in OPTIONAL and c not in table.columns]
    if lacking:
        return [str(UnknownName(f"column of {table.name} (a {kind} table lacks it)", lacking[0], table.columns))]
    wide = kind == "condition" and "targetId" not in checks
    found = []
    for row in table.rows:
        for column, cell in row.cells.items():
            check = checks.get(column)
            if check is None and wide and column != "conditionName":
                check = optional(setting)
            try:
                if check is not None:
                    check(f"{row.where}, column {column!r}", cell)
            except (InvalidValue, UnknownName) as problem:
                found.append(str(problem))
    return found


def _twice(rows: list[Row], column: str) -> list[str]:
    seen: dict[str, str] = {}
    found = []
    for row in rows:
        key = row.get(column)
        if key in seen:
            found.append(f"{row.where}: {column} {key!r} a second time, after {seen[key]}")
        seen.setdefault(key, row.where)
    return found
