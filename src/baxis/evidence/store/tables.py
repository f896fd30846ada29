"""The evidence as data frames: shipped tables, with a user's folders laid over them.

Text columns hold str ('' = unknown), number columns float64 (NaN = unknown). `load` is cached; every frame handed
out is a copy, so that no caller can change what another sees.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from baxis.core import library
from baxis.core.errors import Faults
from baxis.evidence.store import schema
from baxis.evidence.store.reading import RawTable, read_raw

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Evidence:
    """All evidence tables by name; `digest` names the exact bytes, `overlays` the folders laid over the library."""

    frames: dict[str, pd.DataFrame] = field(repr=False)
    digest: str
    overlays: tuple[str, ...] = ()

    def __getattr__(self, name: str) -> pd.DataFrame:
        frames = self.__dict__.get("frames", {})
        if name in frames:
            return frames[name].copy()
        raise AttributeError(f"evidence has no table {name!r}; tables: {', '.join(sorted(frames))}")

    def table(self, name: str) -> pd.DataFrame:
        """One table by name (copy); UnknownName with the nearest."""
        schema.table(name)
        return self.frames[name].copy()

    def rows(self, name: str) -> list[dict[str, Any]]:
        """Rows of one table as dictionaries (fresh)."""
        schema.table(name)
        return [{str(k): v for k, v in row.items()} for row in self.frames[name].to_dict("records")]

    def __hash__(self) -> int:
        return hash(self.digest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Evidence) and other.digest == self.digest


def shipped() -> dict[str, RawTable]:
    """The library's own tables as text."""
    return dict(_shipped(library.roots()))


@lru_cache(maxsize=2)
def _shipped(roots: tuple[Path, ...]) -> tuple[tuple[str, RawTable], ...]:
    read = [(name, read_raw(library.path(f"evidence/{name}.csv"), name)) for name in schema.tables()]
    faults = [f.text for _, raw in read for f in raw.faults]
    if faults:
        raise Faults("library", faults)
    return tuple(read)


def merge(base: list[dict[str, str]], new: list[dict[str, str]], table: schema.TableColumns) -> list[dict[str, str]]:
    """Rows of `base` with `new` laid over by key: an overriding row changes the columns that its file has."""

    over = {table.key_of(r): r for r in new}
    kept = [{**r, **over.pop(table.key_of(r), {})} for r in base]
    return kept + list(over.values())


def frame(table: schema.TableColumns, rows: list[dict[str, str]]) -> pd.DataFrame:
    """Typed data frame of text rows."""
    import pandas as pd

    columns: dict[str, Any] = {}
    for name, column in table.columns.items():
        cells = [row.get(name, "") for row in rows]
        if column.numeric:
            columns[name] = pd.Series([float(c) if c else float("nan") for c in cells], dtype="float64")
        else:
            columns[name] = pd.Series(cells, dtype=str)
    return pd.DataFrame(columns)


def external(trials: pd.DataFrame, touched: set[str]) -> pd.DataFrame:
    """Role `external` for trials that a user's folder gives or touches; their own role stays in `role_given`."""
    trials["role_given"] = trials["role"]
    trials.loc[trials["trial_id"].isin(list(touched)), "role"] = "external"
    return trials
