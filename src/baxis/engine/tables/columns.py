"""Names of the columns of a table of rows, where a model may have quantities called `time` or `row`."""

from __future__ import annotations

from collections.abc import Sequence

OWN = ("row", "time", "status", "block")  # what baxis itself writes in some kind of table


def column_names(outputs: Sequence[str]) -> tuple[str, ...]:
    """A column an output: its own name, or `time (model)` for a name that baxis uses. No SBML id holds a blank."""
    return tuple(f"{name} (model)" if name in OWN else name for name in outputs)


def renamed(outputs: Sequence[str]) -> str:
    """One sentence on the columns that bear another name than their output; empty where there is none."""
    pairs = [f"{n!r} is the column {c!r}" for n, c in zip(outputs, column_names(outputs), strict=True) if n != c]
    return f"The model's {', '.join(pairs)} in tables: the plain name is baxis' own." if pairs else ""
