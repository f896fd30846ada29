"""Parts of a sheet: sections of facts, of rows, and of the sources that they cite."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

Cell = str


@dataclass(frozen=True, slots=True)
class Section:
    """A titled table of text cells."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def text(value: Any) -> str:
    """A cell as text; unknown is empty, a number has no needless digits."""
    if isinstance(value, float):
        return "" if value != value else f"{value:.6g}"
    return str(value)


def facts(title: str, row: dict[str, Any], leave: Iterable[str] = ()) -> Section:
    """Filled fields of a row, one a line."""
    hidden = {"source", "source_url", *leave}
    rows = [(k, text(v)) for k, v in row.items() if k not in hidden and text(v)]
    return Section(title, ("field", "value"), tuple(rows))


def listed(title: str, rows: list[dict[str, Any]], columns: tuple[str, ...]) -> Section:
    """Chosen columns of rows; a column that is empty throughout is left out."""
    cells = [[text(r.get(c, "")) for c in columns] for r in rows]
    used = [i for i in range(len(columns)) if any(line[i] for line in cells)]
    picked = tuple(tuple(line[i] for i in used) for line in cells)
    return Section(title, tuple(columns[i] for i in used), picked)


def cited(rows: list[dict[str, Any]]) -> Section:
    """The citations behind rows, numbered; each row gets its number as `ref`."""
    from baxis.core import sources

    known = sources.load()
    texts: dict[str, str] = {}
    for row in rows:
        key, printed = row.get("source"), row.get("reference", "")
        if key:
            source = known.get(key)
            bare = source is None or not (source.author or source.title)
            text = source.text if source else key
            texts.setdefault(key, f"{printed}, {text}" if bare and printed and printed not in text else text)
            row["ref"] = f"[{list(texts).index(key) + 1}]"
        elif printed:
            row["ref"] = printed
    lines = ((f"[{n}]", text, key) for n, (key, text) in enumerate(texts.items(), 1))
    return Section("Sources", ("ref", "citation", "key"), tuple(lines))
