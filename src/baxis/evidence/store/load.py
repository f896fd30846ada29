"""Evidence of the library with the folders of a user laid over it."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from baxis.core import library
from baxis.core.errors import Faults
from baxis.evidence.store import schema
from baxis.evidence.store.reading import folder_tables, table_files
from baxis.evidence.store.tables import Evidence, external, frame, merge, shipped

if TYPE_CHECKING:
    pass


def load(*overlays: str | Path) -> Evidence:
    """Evidence of the library with the given folders laid over it, later ones last.

    A row of a folder overrides the row with its key, or is added. Trials that a folder gives or touches have the
    role `external` (their own word stays in `role_given`). Raises Faults with everything wrong in the folders; nothing
    is half-loaded.
    """
    return _load(library.roots(), tuple(str(Path(o).resolve()) for o in overlays), _stamp(overlays))


def _stamp(overlays: tuple[str | Path, ...]) -> tuple[tuple[str, int, int], ...]:
    """Names, times and sizes of a folder's files: a changed folder is read anew."""
    files = [f for o in overlays for f in table_files(Path(o)) if f.is_file()]
    return tuple((str(f), f.stat().st_mtime_ns, f.stat().st_size) for f in files)


@lru_cache(maxsize=4)
def _load(roots: tuple[Path, ...], overlays: tuple[str, ...], stamp: object) -> Evidence:
    base = shipped()
    rows = {name: list(raw.rows) for name, raw in base.items()}
    touched: set[str] = set()
    data = [raw.data for raw in base.values()]
    for folder in overlays:
        from baxis.evidence.store.checks import folder_faults

        found, stray = folder_tables(Path(folder))
        faults = stray + folder_faults(found, rows)
        if faults:
            more = len(faults) > 20
            raise Faults(folder, [f.text for f in faults], "`baxis evidence check DIR` lists all" if more else "")
        for name, raw in found.items():
            rows[name] = merge(rows[name], raw.rows, schema.table(name))
            data.append(raw.data)
            touched |= {r["trial_id"] for r in raw.rows if r.get("trial_id")}
    frames = {name: frame(table, rows[name]) for name, table in schema.tables().items()}
    frames["trials"] = external(frames["trials"], touched)
    digest = hashlib.sha256(b"\0".join(data)).hexdigest()[:16]
    return Evidence(frames, digest, overlays)
