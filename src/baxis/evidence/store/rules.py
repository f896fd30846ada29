"""Rules across the cells of a row, and across rows, that a schema of single columns cannot say."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from baxis.evidence.intervals import said_level
from baxis.evidence.store.schema import NUMBER

Row = dict[str, str]
Rows = Iterable[tuple[int, Row]]

GROUP = "analysis group: "  # how the label of a group that is no arm begins, in an imported record
RATIOS = {"hazard_ratio", "odds_ratio", "rate_ratio", "risk_ratio", "relative_risk_ratio"}
FRACTIONS = {"proportion"}


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing wrong: where it stands, what was got, what is allowed."""

    file: str
    row: int
    column: str
    value: str
    allowed: str

    @property
    def text(self) -> str:
        """The fault as one sentence."""
        place = f"{self.file} row {self.row}" if self.row else self.file
        if not self.column:
            return f"{place}: got {self.value}; allowed: {self.allowed}"
        value = self.value if len(self.value) <= 120 else f"{self.value[:120]}…"
        return f"{place}, column {self.column}: got {value!r}; allowed: {self.allowed}"


def number(row: Row, column: str) -> float | None:
    """Cell as a finite number, or None when empty or not one (the schema reports the latter)."""
    cell = row.get(column, "")
    return float(cell) if NUMBER.fullmatch(cell) and math.isfinite(float(cell)) else None


def outcome_faults(file: str, rows: Rows, arm_n: dict[tuple[str, str], str]) -> Iterator[Violation]:
    """Faults inside outcome rows: proportions, intervals, ratios, sizes, comparators."""
    for line, row in rows:
        yield from interval_faults(file, line, row)
        yield from level_faults(file, line, row)
        value, statistic = number(row, "value"), row.get("statistic", "")
        if value is None:
            continue
        text = row["value"]
        if statistic in FRACTIONS and not 0 <= value <= 1:
            yield Violation(file, line, "value", text, f"a proportion from 0 to 1{hint(value)}")
        if statistic in RATIOS and value <= 0:
            yield Violation(file, line, "value", text, "a ratio above 0")
        low = number(row, "ci_low")
        if statistic in RATIOS and low is not None and low < 0:
            yield Violation(file, line, "ci_low", row["ci_low"], "a limit of a ratio, not below 0")
        if statistic in FRACTIONS and row.get("unit") not in ("", "fraction", None):
            yield Violation(file, line, "unit", row["unit"], "fraction (a proportion has no other unit)")
        elif row.get("unit") == "fraction":
            yield from fraction_faults(file, line, row)
        if row.get("versus") and row["versus"] == row.get("arm_id"):
            yield Violation(file, line, "versus", row["versus"], "another arm than the row's own")
        yield from size_faults(file, line, row, arm_n)


def fraction_faults(file: str, line: int, row: Row) -> Iterator[Violation]:
    """What is said in fractions may be no percentage: a difference, an interval, a standard error."""
    proportion = row.get("statistic") in FRACTIONS
    for column in ("ci_low", "ci_high", "se") if proportion else ("value", "ci_low", "ci_high", "se"):
        x = number(row, column)
        if x is not None and not (0 if proportion else -1) <= x <= 1 and not (column == "se" and x < 0):
            allowed = f"a fraction from {0 if proportion else -1} to 1{hint(x)}"
            yield Violation(file, line, column, row[column], allowed)


def hint(value: float) -> str:
    """What a percentage should have been."""
    return f"; write {value / 100:g} for {value:g} %" if 1 < abs(value) <= 100 else ""


def interval_faults(file: str, line: int, row: Row) -> Iterator[Violation]:
    """The interval must be in order and hold the value."""
    low, high, value = number(row, "ci_low"), number(row, "ci_high"), number(row, "value")
    if low is not None and high is not None and low > high:
        yield Violation(file, line, "ci_low", row["ci_low"], f"no more than ci_high ({row['ci_high']})")
    elif low is not None and value is not None and value < low:
        yield Violation(file, line, "ci_low", row["ci_low"], f"no more than the value ({row['value']})")
    elif high is not None and value is not None and value > high:
        yield Violation(file, line, "ci_high", row["ci_high"], f"no less than the value ({row['value']})")


def level_faults(file: str, line: int, row: Row) -> Iterator[Violation]:
    """`ci_level` says what the words of the row say."""
    level = number(row, "ci_level")
    for column in ("unit", "detail"):
        said = said_level(row.get(column) or "")
        if level is not None and said == said and abs(level - said) > 1e-9:
            yield Violation(file, line, "ci_level", row["ci_level"], f"{said:g}, the level that the {column} names")


def size_faults(file: str, line: int, row: Row, arm_n: dict[tuple[str, str], str]) -> Iterator[Violation]:
    """A whole-arm denominator may not exceed its arm (a subgroup's may: crossover exposure counts people again)."""
    n, size = number(row, "n"), arm_n.get((row.get("trial_id", ""), row.get("arm_id", "")), "")
    if n == 0:
        yield Violation(file, line, "n", row["n"], "a number above 0 (nobody was measured, so there is no value)")
    whole_arm = not (row.get("versus") or row.get("subgroup"))
    if whole_arm and n is not None and size and n > float(size):
        yield Violation(file, line, "n", row["n"], f"at most the arm's n ({size})")


def unit_faults(file: str, rows: Rows, kept: Iterable[Row] = ()) -> Iterator[Violation]:
    """One unit for one endpoint, statistic and instrument of a trial; `kept` are rows of the library beside these."""
    first: dict[tuple[str, ...], tuple[int, str]] = {}
    for row in kept:
        first.setdefault(unit_key(row), (0, row.get("unit", "")))
    for line, row in rows:
        unit = row.get("unit", "")
        at, seen = first.setdefault(unit_key(row), (line, unit))
        if unit != seen:
            place = f"on row {at}" if at else "in the library"
            yield Violation(file, line, "unit", unit, f"{seen!r}, the unit of the same endpoint {place} (mixed units)")


def unit_key(row: Row) -> tuple[str, ...]:
    """What must have one unit."""
    return tuple(row.get(c, "") for c in ("trial_id", "endpoint", "statistic", "instrument"))


def arm_faults(file: str, rows: Rows, kept: Iterable[Row]) -> Iterator[Violation]:
    """An arm may not shrink below the whole-arm denominators that the library's outcomes keep."""
    most: dict[tuple[str, str], float] = {}
    for row in kept:
        n = number(row, "n")
        if n is not None and not (row.get("versus") or row.get("subgroup")):
            key = (row["trial_id"], row["arm_id"])
            most[key] = max(n, most.get(key, 0.0))
    for line, row in rows:
        size, least = number(row, "n"), most.get((row.get("trial_id", ""), row.get("arm_id", "")), 0.0)
        if size is not None and 0 <= size < least:
            yield Violation(file, line, "n", row["n"], f"at least {least:g}, the denominator of an outcome of this arm")


def baseline_faults(file: str, rows: Rows) -> Iterator[Violation]:
    """Fractions in 0..1 and spans in order."""
    for line, row in rows:
        value, low, high = number(row, "value"), number(row, "low"), number(row, "high")
        fraction = row.get("unit") == "fraction" or row.get("characteristic", "").endswith("_frac")
        if fraction and value is not None and not 0 <= value <= 1:
            yield Violation(file, line, "value", row["value"], f"a fraction from 0 to 1{hint(value)}")
        if low is not None and high is not None and low > high:
            yield Violation(file, line, "low", row["low"], f"no more than high ({row['high']})")


def trial_faults(file: str, rows: Rows, arm_n: dict[tuple[str, str], str], whole: bool) -> Iterator[Violation]:
    """Sizes that agree: no arm larger than its trial; a trial of the whole set has at least one arm."""
    largest: dict[str, float] = {}
    for (trial, _), size in arm_n.items():
        largest[trial] = max(largest.get(trial, 0.0), float(size) if size else 0.0)
    for line, row in rows:
        trial, n = row.get("trial_id", ""), number(row, "n_randomised")
        if n is not None and largest.get(trial, 0.0) > n:
            allowed = f"at least the largest arm's n ({largest[trial]:g})"
            yield Violation(file, line, "n_randomised", row["n_randomised"], allowed)
        if whole and trial and trial not in largest:
            yield Violation(file, line, "trial_id", trial, "a trial with at least one row in arms.csv")
