"""The evidence as data frames: shipped tables, with a user's folders laid over them.

Text columns hold str ('' = unknown), number columns float64 (NaN = unknown). `load` is cached; every frame handed
out is a copy, so that no caller can change what another sees.
"""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core import library
from ..core.errors import Faults, InvalidValue, UnknownName
from . import schema

if TYPE_CHECKING:
    import pandas as pd

# Tables a user's folder may hold; the rest (schedules, gene terms, ...) belong to the library.
OVERLAID = (
    "trials", "arms", "outcomes", "baseline", "claims", "experiments", "kinetics", "drugs", "pk", "pd",
    "pd_observed", "targets_turnover", "published_models", "agents", "contrast_map",
)  # fmt: skip


@dataclass(frozen=True)
class RawTable:
    """Rows of one file as text, with the line each stands on (header = 1)."""

    name: str
    file: str
    header: list[str]
    rows: list[dict[str, str]]
    lines: list[int]
    data: bytes = b""


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


def read_raw(file: Path, name: str) -> RawTable:
    """Parse one CSV file; text that is not UTF-8, an empty file or a ragged row is an InvalidValue with its row."""
    data = file.read_bytes()
    try:
        reader = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
        header = [h.strip() for h in next(reader, [])]
        rows, lines = [], []
        for cells in reader:
            if not any(c.strip() for c in cells):
                continue
            if len(cells) != len(header):
                raise InvalidValue(f"{file.name} row {reader.line_num}", len(cells), f"{len(header)} cells")
            rows.append(dict(zip(header, map(str.strip, cells), strict=True)))
            lines.append(reader.line_num)
    except (UnicodeDecodeError, csv.Error) as e:
        raise InvalidValue(str(file), str(e), "a CSV file in UTF-8 with a header row") from None
    if not header:
        raise InvalidValue(str(file), "an empty file", "a CSV file with a header row")
    return RawTable(name, file.name, header, rows, lines, data)


def shipped() -> dict[str, RawTable]:
    """The library's own tables as text."""
    return dict(_shipped(library.roots()))


@lru_cache(maxsize=2)
def _shipped(roots: tuple[Path, ...]) -> tuple[tuple[str, RawTable], ...]:
    return tuple((name, read_raw(library.path(f"evidence/{name}.csv"), name)) for name in schema.tables())


def folder_tables(folder: Path) -> dict[str, RawTable]:
    """Tables found in a user's folder; a CSV of another name is an error, so that none is ignored in silence."""
    if not folder.is_dir():
        raise InvalidValue(
            "--evidence", str(folder), "a folder with evidence tables (trials.csv, outcomes.csv, ...)"
        )
    found = {}
    for file in sorted(folder.glob("*.csv")):
        if file.stem not in OVERLAID:
            raise UnknownName("evidence table", file.name, [f"{t}.csv" for t in OVERLAID])
        found[file.stem] = read_raw(file, file.stem)
    if not found:
        raise InvalidValue(
            "--evidence", str(folder), "a folder that holds " + ", ".join(f"{t}.csv" for t in OVERLAID)
        )
    return found


def load(*overlays: str | Path) -> Evidence:
    """Evidence of the library with the given folders laid over it, later ones last.

    A row of a folder overrides the row with its key, or is added. Trials that a folder gives or touches have the
    role `external` (their own word stays in `role_given`). Raises Faults with everything wrong in the folders; nothing
    is half-loaded.
    """
    return _load(library.roots(), tuple(str(Path(o).resolve()) for o in overlays), _stamp(overlays))


def _stamp(overlays: tuple[str | Path, ...]) -> tuple[tuple[str, int, int], ...]:
    """Names, times and sizes of a folder's files: a changed folder is read anew."""
    files = [f for o in overlays for f in sorted(Path(o).glob("*.csv"))]
    return tuple((str(f), f.stat().st_mtime_ns, f.stat().st_size) for f in files)


@lru_cache(maxsize=4)
def _load(roots: tuple[Path, ...], overlays: tuple[str, ...], stamp: object) -> Evidence:
    base = dict(_shipped(roots))
    rows = {name: list(raw.rows) for name, raw in base.items()}
    touched: set[str] = set()
    data = [raw.data for raw in base.values()]
    for folder in overlays:
        from .checks import folder_faults

        found = folder_tables(Path(folder))
        faults = folder_faults(found, rows)
        if faults:
            raise Faults(folder, [f.text for f in faults])
        for name, raw in found.items():
            rows[name] = merge(rows[name], raw.rows, schema.table(name))
            data.append(raw.data)
            touched |= {r["trial_id"] for r in raw.rows if r.get("trial_id")}
    frames = {name: frame(table, rows[name]) for name, table in schema.tables().items()}
    frames["trials"] = external(frames["trials"], touched)
    digest = hashlib.sha256(b"\0".join(data)).hexdigest()[:16]
    return Evidence(frames, digest, overlays)


def merge(base: list[dict[str, str]], new: list[dict[str, str]], table: schema.Table) -> list[dict[str, str]]:
    """Rows of `base` with `new` laid over by key: an overriding row changes the columns that its file has."""

    def key(row: dict[str, str]) -> tuple[str, ...]:
        return tuple(row.get(k, "") for k in table.key)

    over = {key(r): r for r in new}
    kept = [{**r, **over.pop(key(r), {})} for r in base]
    return kept + list(over.values())


def frame(table: schema.Table, rows: list[dict[str, str]]) -> pd.DataFrame:
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
