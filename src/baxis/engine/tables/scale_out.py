"""A user's own model for a table too large for one process: blocks of rows, here or on a Dask cluster, into files.

A block bears a hash of everything that its rows depend on: a second call reads what is there and computes the rest, and
a changed model, table or tolerance never meets old rows. Neither the block size nor who computes changes a bit.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from baxis.core.cluster import Client, each_on, open_client
from baxis.core.errors import InvalidValue
from baxis.engine.cache import source_digest
from baxis.engine.run.options import Options
from baxis.engine.tables.row_files import RowFiles, parquet_of
from baxis.engine.tables.row_zarr import RowZarr, arrays_of
from baxis.engine.tables.user_model import Dose, simulate_model

if TYPE_CHECKING:
    import pandas as pd

ZARR = ".zarr"  # ending of a folder that is a Zarr group
BLOCK = 1024
Values = dict[str, np.ndarray]


@dataclass(frozen=True)
class Study:
    """What every row is asked: SBML text, output times, doses, outputs (None: every state), tolerances."""

    sbml: str
    times: tuple[float, ...]
    doses: tuple[Dose, ...] = ()
    outputs: tuple[str, ...] | None = None
    rtol: float = 1e-6
    atol: float | None = None

    def key(self, values: Values, first: int) -> str:
        """Hash of all that the rows of a block depend on, the engine's own code included."""
        said = [source_digest(), self.sbml, self.times, self.doses, self.outputs, self.rtol, self.atol, first]
        h = hashlib.sha256(json.dumps(said).encode())
        for name in sorted(values):
            h.update(name.encode() + b"\0" + np.ascontiguousarray(values[name], float).tobytes())
        return h.hexdigest()[:16]


@dataclass
class Scaled:
    """Blocks of a table in a folder. `made` and `found` count blocks computed now and read from before.

    failures: row -> why it did not finish (its values are NaN from there on). again: damaged blocks made anew.
    """

    store: RowFiles | RowZarr
    rows: int
    made: int = 0
    found: int = 0
    failures: dict[int, str] = field(default_factory=dict)
    again: list[str] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        """Where the rows are."""
        return self.store.folder

    @property
    def files(self) -> list[Path]:
        """Parquet files in order; the group, for Zarr."""
        return self.store.files

    def to_frame(self) -> pd.DataFrame:
        """All rows: row, time, one column an output, status (empty, or why the row did not finish)."""
        return self.store.to_frame()


def simulate_to_folder(
    study: Study,
    values: Mapping[str, Any],
    folder: str | Path,
    *,
    block: int = BLOCK,
    client: Client | str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Scaled:
    """Simulate a row for each of the (n,) numbers in `values` (name of a parameter or a state), block by block.

    folder: Parquet files, one a block; named *.zarr a Zarr group, a chunk a block (extra `arrays`). client: a Dask client
    or the address of a scheduler (extra `cluster`); None computes here. progress is told (rows done, rows). Interrupted,
    it goes on from what is in `folder`. Raises InvalidValue for columns of unequal length, a block below 1, a folder
    that holds something else or a scheduler that does not answer; BaxisError when workers die on a block.
    """
    table = {k: np.atleast_1d(np.asarray(v, float)) for k, v in values.items()}
    rows = max((len(v) for v in table.values()), default=1)
    _check(table, rows, block)
    table = {k: np.broadcast_to(v, (rows,)) for k, v in table.items()}
    parts = [{k: v[first : first + block] for k, v in table.items()} for first in range(0, rows, block)]
    keys = [study.key(part, k * block) for k, part in enumerate(parts)]
    where, arrays = Path(folder), Path(folder).suffix == ZARR
    store: RowZarr | RowFiles = RowZarr(where, keys, block, rows) if arrays else RowFiles(where, keys, block)
    store.open()
    out, missing = Scaled(store, rows), list[int]()
    for k in range(len(parts)):
        there = store.found(k)
        if there is None:
            out.again.append(f"block {k}" if isinstance(store, RowZarr) else store.stems[k])
        if not there:
            missing.append(k)
    out.found = len(parts) - len(missing)
    with open_client(client) as workers:
        done = min(out.found * block, rows)
        ask = [(study, parts[k], k * block, None if workers is None else 1, arrays) for k in missing]
        for i, data in _each(ask, workers):
            store.put(missing[i], data)
            out.made += 1
            done += min(block, rows - missing[i] * block)
            if progress:
                progress(done, rows)
    out.failures = store.failures()
    return out


def _check(table: Values, rows: int, block: int) -> None:
    if any(len(v) not in (1, rows) for v in table.values()):
        raise InvalidValue("values", {k: len(v) for k, v in table.items()}, f"one number or {rows} numbers each")
    if block < 1:
        raise InvalidValue("block", block, "a whole number of at least 1")


def _each(ask: list[tuple[Any, ...]], workers: Client | None) -> Iterator[tuple[int, Any]]:
    """(place in the list, data of the store) of every block as it is done, here or on the workers."""
    if workers is not None:
        yield from each_on(workers, rows_of_block, ask)
        return
    for k, words in enumerate(ask):
        yield k, rows_of_block(*words)


def rows_of_block(study: Study, values: Values, first: int, threads: int | None = None, arrays: bool = False) -> Any:
    """A block's rows, numbered from `first`: bytes of a Parquet table, or what `RowZarr.put` takes."""
    options = Options(rtol=study.rtol, atol=study.atol, threads=threads)
    asked: dict[str, Any] = {"doses": study.doses, "outputs": study.outputs, "options": options}
    found = simulate_model(study.sbml, np.array(study.times), values=values, **asked)
    return arrays_of(found) if arrays else parquet_of(found, first)
