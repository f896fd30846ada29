"""Numbers as people type them: read whole or not at all, and what to type instead when they are not one."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from baxis.core.errors import InvalidValue

MISSING = frozenset({"", ".", "-", "--", "na", "n/a", "n.a.", "nan", "#n/a", "null", "none", "missing"})
_PLAIN = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_COMMA = re.compile(r"[+-]?\d*,\d+(?:[eE][+-]?\d+)?", re.ASCII)
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(?:[,.'’\s][0-9]{3})+(?:[.,][0-9]+)?")  # \s: any blank of any script
_WITH_UNIT = re.compile(r"[+-]?[0-9][0-9.,]*\s*(?:[A-Za-zµμ%][\w%]*(?:/[\w%.^]+)*|%)")
_SURELY_POINT = re.compile(r"[+-]?(?:0?\.\d+|\d+\.(?!\d{3}$)\d*|\d{4,}\.\d+|0+\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_SURELY_COMMA = re.compile(r"[+-]?(?:0?,\d+|\d+,(?!\d{3}$)\d+|\d{4,},\d+|0+,\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_SIGNS = frozenset("0123456789+-.eE")
BLANKS = " \t\r\n\v\f\xa0\u2007\u2009\u202f\u200b\ufeff"


def missing(cell: str) -> bool:
    """Whether a cell says that there is no value: empty, `NA`, `.`, `nan` and the like."""
    return cell.strip(BLANKS).casefold() in MISSING


def plain(text: str) -> float | None:
    """A number written whole in plain digits with a decimal point (`1_000`, `True`, other digits: None; `1e999` too)."""
    stripped = text.strip(BLANKS)
    if not _PLAIN.fullmatch(stripped):
        return None
    value = float(stripped)
    return value if math.isfinite(value) else None


def all_plain(cells: Sequence[str]) -> list[float] | None:
    """The cells as numbers where every one is plain and finite, else None: quick for long columns."""
    if not set("".join(cells)) <= _SIGNS:
        return None
    try:
        values = [float(cell) for cell in cells]
    except ValueError:
        return None
    return values if all(map(math.isfinite, values)) else None


def number(where: str, text: str, allowed: str = "a number") -> float:
    """A finite number. InvalidValue, with what to type where that is clear, for anything else."""
    value = plain(text)
    if value is None:
        raise InvalidValue(where, text.strip(BLANKS), allowed, instead(text))
    return value


def decimal_mark(text: str) -> str:
    """`.` or `,` where a number can only be meant with that decimal mark; `?` for `1,234`; empty for any other text."""
    stripped = text.strip(BLANKS)
    if _SURELY_COMMA.fullmatch(stripped):
        return ","
    if _SURELY_POINT.fullmatch(stripped):
        return "."
    return "?" if _COMMA.fullmatch(stripped) else ""


def nearly(text: str) -> bool:
    """Whether a text looks like a number, with whatever marks, or a limit such as `<0,5`."""
    stripped = text.strip(BLANKS).lstrip("<>≤≥= ")
    return any(p.fullmatch(stripped) for p in (_PLAIN, _COMMA, _GROUPED))


def with_point(text: str) -> str:
    """A number with a decimal comma as one with a decimal point."""
    return text.replace(",", ".") if _COMMA.fullmatch(text.strip(BLANKS)) else text


def instead(text: str) -> str:
    """What to type in place of a text that is nearly a number; empty where that is anybody's guess."""
    word = text.strip(BLANKS)
    bare = word.lstrip("+-").casefold()
    if bare in ("inf", "infinity", "∞", "1e999") or (_PLAIN.fullmatch(word) and not math.isfinite(float(word))):
        return "a finite number is needed"
    if bare in ("true", "false"):
        return "write 1 for true, 0 for false"
    if word[:1] in "−–" and plain("-" + word[1:]) is not None:
        return f"write -{word[1:].strip(BLANKS)}, with a plain minus sign"
    if _GROUPED.fullmatch(word):
        return _ungrouped(word)
    if _COMMA.fullmatch(word):
        return f"write {with_point(word)}, with a decimal point"
    if _WITH_UNIT.fullmatch(word):
        return "write the number alone: its unit stands in the header or in a column of its own"
    return _digits(word)


def _ungrouped(word: str) -> str:
    """`1,234`, `1.234,5`, `1 234`: thousands marks are not read."""
    marks = [c for c in word if not c.isdigit() and c not in "+-"]
    whole, last = word, ""
    if len(marks) > 1 and marks[-1] in ".," and marks[-1] != marks[-2]:
        whole, _, last = word.rpartition(marks[-1])
    joined = re.sub(r"[^\d+-]", "", whole) + (f".{last}" if last else "")
    if len(marks) == 1 and marks[0] == ",":
        return (
            f"write {joined} if the comma stands between thousands, {word.replace(',', '.')} if it is a decimal comma"
        )
    return f"write {joined}, without marks between thousands"


def _digits(word: str) -> str:
    """Underscores and digits of other scripts."""
    other = "".join(str(int(c)) if c.isdecimal() else c for c in word).replace("_", "")
    return f"write {other}" if other != word and plain(other) is not None else ""
