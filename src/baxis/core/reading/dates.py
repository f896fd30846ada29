"""Dates as people type them: one order of day and month for a whole column, or what to type instead."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

from baxis.core.errors import InvalidValue

EARLIEST = 1900
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ISO = re.compile(
    r"(\d{4})([-/.]?)(\d{1,2})\2(\d{1,2})(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s*(?:Z|[+-]\d{2}:?\d{2})?)?",
    re.ASCII,
)
_THREE = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})(?: \d{1,2}:\d{2}(?::\d{2})?)?", re.ASCII)
_SHORT = re.compile(r"\d{1,2}([-/.])\d{1,2}\1\d{2}", re.ASCII)
_DAY_NAMED = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[-. ]*([a-z]{3,9})\.?[-, ]*(\d{4})", re.ASCII)
_MONTH_NAMED = re.compile(r"([a-z]{3,9})\.? *(\d{1,2})(?:st|nd|rd|th)?[-, ]+(\d{4})", re.ASCII)
_NAMES = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
          "november", "december", "sept")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Dates:
    """How a column of dates is read: `order` of day and month in `3/4/2025` (`dm`, `md`, or `?` where nothing tells),
    `why` for the notes."""

    order: str = "?"
    why: str = ""

    @classmethod
    def of(cls, cells: Sequence[str], where: str) -> Dates:
        """The order that the column's own dates tell. InvalidValue where two of them contradict each other."""
        told: dict[str, str] = {}
        for cell in cells:
            match = _THREE.fullmatch(cell.strip())
            if match and match[2] != ".":
                first, second = int(match[1]), int(match[3])
                if first > 12 or second > 12:
                    told.setdefault("dm" if first > 12 else "md", cell.strip())
        if len(told) == 2:
            raise InvalidValue(
                where, f"{told['dm']} and {told['md']}", "one order of day and month", "write 2025-03-31"
            )
        words = {"dm": "day before month", "md": "month before day"}
        return next((cls(k, f"dates read with the {words[k]}, as {v} is") for k, v in told.items()), cls())

    def read(self, text: str, where: str) -> dt.date:
        """One date. InvalidValue, with what to type, for what is none, not one for certain, or in the future."""
        found = self._found(text.strip(), where)
        if found > dt.date.today():
            raise InvalidValue(where, text, "a date that is not in the future")
        if found.year < EARLIEST:
            raise InvalidValue(where, text, f"a date from {EARLIEST} on")
        return found

    def _found(self, text: str, where: str) -> dt.date:
        iso, three = _ISO.fullmatch(text), _THREE.fullmatch(text)
        named = _named(text.casefold())
        if iso and (iso[2] or len(text) == 8):
            return _date(text, where, (int(iso[1]), int(iso[3]), int(iso[4])))
        if named:
            return _date(text, where, named)
        if three:
            first, second, year = int(three[1]), int(three[3]), int(three[4])
            order = "dm" if three[2] == "." else self.order  # countries that write dots put the day first
            if order == "?" and first != second:
                raise InvalidValue(where, text, "a date that can be read in one way only", _either(first, second, year))
            return _date(text, where, (year, second, first) if order == "dm" else (year, first, second))
        raise InvalidValue(where, text, "a date as 2024-03-31", _instead(text))


def written(day: float) -> str:
    """ISO date of a proleptic Gregorian day number (that of 0001-01-01 is 1)."""
    return dt.date.fromordinal(int(day)).isoformat()


def looks_like(text: str) -> bool:
    """Whether a cell is written as a date, right or wrong (numbers of eight digits and spreadsheet days are not)."""
    word = text.strip()
    iso = _ISO.fullmatch(word)
    return bool((iso and iso[2]) or _THREE.fullmatch(word) or _SHORT.fullmatch(word) or _named(word.casefold()))


def _named(text: str) -> tuple[int, int, int] | None:
    """(year, month, day) where the month is written as a word."""
    match = _DAY_NAMED.fullmatch(text)
    day, month, year = match.groups() if match else ("", "", "")
    if not match:
        match = _MONTH_NAMED.fullmatch(text)
        month, day, year = match.groups() if match else ("", "", "")
    if not match or month[:3] not in _MONTHS or not (len(month) == 3 or month in _NAMES):
        return None
    return int(year), _MONTHS.index(month[:3]) + 1, int(day)


def _date(text: str, where: str, parts: tuple[int, int, int]) -> dt.date:
    try:
        return dt.date(*parts)
    except ValueError:
        raise InvalidValue(where, text, "a day of the calendar, as 2024-03-31") from None


def _either(first: int, second: int, year: int) -> str:
    both = [f"{year:04d}-{m:02d}-{d:02d}" for m, d in ((second, first), (first, second)) if m <= 12 and d <= 31]
    return f"write {' or '.join(both)}" if both else "write it as 2024-03-31"


def _instead(text: str) -> str:
    if _SHORT.fullmatch(text):
        return "write the year with four digits"
    if text.isascii() and text.isdigit() and 20_000 < int(text) < 80_000:  # 1954 to 2119 as days since 1899-12-30
        return f"a spreadsheet's number of a day? write {dt.date(1899, 12, 30) + dt.timedelta(days=int(text))}"
    return ""
