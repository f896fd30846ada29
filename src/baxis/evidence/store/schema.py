"""The declared schema of the evidence tables (`library/evidence/schema.toml`): columns, types, ranges, keys, links."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from baxis.core import library
from baxis.core.errors import UnknownName
from baxis.core.storing.written import UNSEEN

NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", re.ASCII)
PATTERNS = {
    "id": re.compile(r"[^\W_][\w.+-]{0,79}"),
    "doi": re.compile(r"10\.\d{4,9}/\S+"),
    "pmid": re.compile(r"\d{5,9}", re.ASCII),
    "url": re.compile(r"https?://\S+"),
    "int": re.compile(r"[-+]?\d+", re.ASCII),
    "number": NUMBER,
}
SAY = {
    "id": "an identifier: letters, digits and _ . + -, a letter or digit first, at most 80",
    "doi": "a DOI such as 10.1002/art.41811",
    "pmid": "a PubMed number",
    "url": "a web address starting with http",
    "int": "a whole number",
    "number": "a plain number",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its type, what a filled cell may hold, and the column of another table it must point to."""

    name: str
    type: str
    required: bool = False
    low: float | None = None
    high: float | None = None
    allowed: tuple[str, ...] = ()
    pattern: str = ""
    ref: str = ""
    sep: str = ""
    within: str = ""
    also: tuple[str, ...] = ()
    doc: str = ""

    @property
    def numeric(self) -> bool:
        """True when cells are read as float64 (an empty cell is NaN)."""
        return self.type in ("int", "number")

    def fault(self, cell: str) -> str | None:
        """What would have been allowed when `cell` is not; None when it is fine. Links are checked elsewhere."""
        if not cell:
            return "a value (the column may not be empty)" if self.required else None
        if unseen := UNSEEN.search(cell):
            return f"text without control characters (it has U+{ord(unseen[0]):04X})"
        if self.type in PATTERNS and not PATTERNS[self.type].fullmatch(cell):
            return SAY[self.type]
        if self.numeric and not math.isfinite(float(cell)):
            return "a number that a computer can hold"
        if self.numeric and not self._in_range(float(cell)):
            return f"a number {self._range()}"
        if self.allowed and cell not in self.allowed:
            return ", ".join(self.allowed)
        if self.pattern and not re.fullmatch(self.pattern, cell):
            return f"text of the form {self.pattern}"
        return None

    def _in_range(self, x: float) -> bool:
        return (self.low is None or x >= self.low) and (self.high is None or x <= self.high)

    def _range(self) -> str:
        if self.low is not None and self.high is not None:
            return f"from {self.low:g} to {self.high:g}"
        return f"of at least {self.low:g}" if self.low is not None else f"of at most {self.high:g}"


@dataclass(frozen=True, slots=True)
class TableColumns:
    """One table: columns in file order, key columns, and the column that holds its number (if it has one)."""

    name: str
    title: str
    key: tuple[str, ...]
    columns: dict[str, Column]
    number: str = ""

    @property
    def file(self) -> str:
        return f"{self.name}.csv"

    def key_of(self, row: dict[str, str]) -> tuple[str, ...]:
        """Key of a row; a column that is not there counts as empty."""
        return tuple(row.get(k, "") for k in self.key)


@lru_cache(maxsize=1)
def tables() -> dict[str, TableColumns]:
    """Every declared table by name."""
    raw = library.read_toml("evidence", "schema")
    return {name: _table(name, spec) for name, spec in raw.items()}


def table(name: str) -> TableColumns:
    """One declared table; UnknownName with the nearest."""
    known = tables()
    if name not in known:
        raise UnknownName("evidence table", name, known)
    return known[name]


def _table(name: str, spec: dict[str, Any]) -> TableColumns:
    columns = {c: _column(c, s) for c, s in spec["columns"].items()}
    return TableColumns(name, spec["title"], tuple(spec["key"]), columns, spec.get("number", ""))


def _column(name: str, spec: dict[str, Any]) -> Column:
    fields: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in spec.items()}
    return Column(name, **fields)
