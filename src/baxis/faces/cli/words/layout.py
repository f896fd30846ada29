"""Text tables that stay readable in a narrow terminal: what is the same in all rows is said once, prose goes below."""

from __future__ import annotations

import re
import shutil
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

GAP = 2
INDENT = "    "
NUMBER = re.compile(r"[-+<>]?[\d.,]+(e[-+]?\d+)?( ?%| pp|(\.\.| to )-?[\d.,]+(e[-+]?\d+)?)?|-", re.I)
LEAST, USUAL = 40, 100
LEAST_LAST = 24  # room that a wrapped last column needs


def width() -> int:
    """Columns to write in: the terminal's, or 100 when the output goes elsewhere (COLUMNS overrides)."""
    return max(LEAST, shutil.get_terminal_size((USUAL, 24)).columns)


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], room: int | None = None) -> list[str]:
    """Lines of a table in `room` columns: header, rows, and under a row what does not fit beside the rest.

    When it is one column that does not fit, it goes last and is wrapped in the room that is left.
    """
    room = room or width()
    rows = [[" ".join(str(c).split()) for c in row] for row in rows]
    filled = [i for i in range(len(columns)) if not rows or any(r[i] for r in rows)]
    same: list[int] = []
    if needed(columns, rows, filled) > room and len(rows) > 1:
        same = [i for i in filled[1:] if all(r[i] == rows[0][i] for r in rows)]
    beside = [i for i in filled if i not in same]
    below: list[int] = []
    while needed(columns, rows, beside) > room and len(beside) > 1:
        widest = max(beside[1:], key=lambda i: (extent(columns, rows, i), i))
        beside.remove(widest)
        below = sorted([*below, widest])
    last = below[0] if len(below) == 1 and room - needed(columns, rows, beside) - GAP >= LEAST_LAST else -1
    lines = wrapped("in all: " + "; ".join(f"{columns[i]} {rows[0][i]}" for i in same), room) if same else []
    sizes = {i: min(extent(columns, rows, i), room) for i in beside}
    if rows:
        lines += beside_text(joined(columns, sizes, set()), columns[last] if last >= 0 else "", sizes, room)
    right = {i for i in beside if all(NUMBER.fullmatch(r[i]) for r in rows if r[i])}
    for row in rows:
        lines += beside_text(joined(row, sizes, right), row[last] if last >= 0 else "", sizes, room)
        more = [f"{columns[i]}: {sentence(row[i])}" for i in below if row[i] and last < 0]
        lines += wrapped("; ".join(more), room, INDENT) if more else []
    return lines


def sentence(text: str) -> str:
    """A text without its full stop, to stand before a semicolon (an ellipsis stays)."""
    return text if text.endswith("..") else text.removesuffix(".")


def beside_text(line: str, text: str, sizes: dict[int, int], room: int) -> list[str]:
    """A line with a text in the room that is left at its right, wrapped under itself."""
    start = sum(n + GAP for n in sizes.values())
    parts = textwrap.wrap(text, room - start, break_on_hyphens=False) if text else []
    if not parts:
        return wrapped(line, room)
    return [line.ljust(start) + parts[0], *(" " * start + part for part in parts[1:])]


def extent(columns: Sequence[str], rows: Sequence[Sequence[str]], i: int) -> int:
    """Width of a column as it stands."""
    return max([len(columns[i]), *(len(r[i]) for r in rows)])


def needed(columns: Sequence[str], rows: Sequence[Sequence[str]], used: Sequence[int]) -> int:
    """Width of a table of the used columns."""
    return sum(extent(columns, rows, i) + GAP for i in used) - GAP


def joined(cells: Sequence[str], sizes: dict[int, int], right: set[int]) -> str:
    """One line of cells, numbers to the right."""
    parts = [cells[i].rjust(n) if i in right else cells[i].ljust(n) for i, n in sizes.items()]
    return (" " * GAP).join(parts).rstrip()


def wrapped(text: str, room: int, indent: str = "") -> list[str]:
    """Lines of a text; what goes on stands two deeper."""
    if len(indent + text) <= room:
        return [indent + text]
    return textwrap.wrap(text, room, initial_indent=indent, subsequent_indent=indent + "  ", break_on_hyphens=False)


def noted(remarks: Sequence[str], room: int | None = None) -> list[str]:
    """One line or more for each thing that a reader must know of what was asked."""
    return [line for text in remarks for line in wrapped(f"Note: {text}", room or width())]


def told(recipe: Mapping[str, Any], room: int | None = None) -> list[str]:
    """Heading of a result: what was asked for beyond its design, and the remarks."""
    from baxis.clinic.result.asked import sentence

    said = sentence(dict(recipe))
    return [*(wrapped(said, room or width()) if said else []), *noted(recipe.get("remarks", ()), room)]


def facts(pairs: Sequence[tuple[str, str]], room: int | None = None) -> list[str]:
    """Lines `name  value`, values aligned and wrapped under each other."""
    room = room or width()
    column = min(max((len(k) for k, _ in pairs), default=0), 24) + 2 * GAP
    lines = []
    for key, value in pairs:
        head = (" " * GAP + key).ljust(column)
        head += "" if head.endswith(" ") else "  "
        body = textwrap.wrap(" ".join(value.split()), max(room - len(head), 20), break_on_hyphens=False)
        lines += [(head if n == 0 else " " * len(head)) + part for n, part in enumerate(body or [""])]
    return lines
