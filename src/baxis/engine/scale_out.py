"""A user's own model for a table too large for one process: blocks of rows, here or on a Dask cluster, into Parquet files.

A block's file name holds a hash of everything that its rows depend on: a second call reads what is there and computes the
rest, and a changed model, table or tolerance never meets old rows. Neither the block size nor who computes changes a bit.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from baxis.core.cluster import Client, each_on, open_client
from baxis.core.errors import InvalidValue
from baxis.engine.cache import source_digest
from baxis.engine.options import Options
from baxis.engine.user_model import Dose, simulate_model

if TYPE_CHECKING:
    import pandas as pd

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
    atol: float = 1e-9

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

    failures: row -> why it did not finish (its values are NaN from there on). again: damaged files made anew.
    """

    folder: Path
    rows: int
    files: list[Path] = field(default_factory=list)
    made: int = 0
    found: int = 0
    failures: dict[int, str] = field(default_factory=dict)
    again: list[str] = field(default_factory=list)

    def to_frame(self) -> pd.DataFrame:
        """All rows: row, time, one column an output, status (empty, or why the row did not finish)."""
        import pandas as pd

        return pd.concat([pd.read_parquet(f) for f in self.files], ignore_index=True)


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

    client: a Dask client or the address of a scheduler (extra `cluster`); None computes here. progress is told (rows
    done, rows). Interrupted, it goes on from the files in `folder`. Raises InvalidValue for columns of unequal length, a
    block below 1, a folder that is a file or a scheduler that does not answer; BaxisError when workers die on a block.
    """
    table = {k: np.atleast_1d(np.asarray(v, float)) for k, v in values.items()}
    rows = max((len(v) for v in table.values()), default=1)
    _check(table, rows, block, Path(folder))
    table = {k: np.broadcast_to(v, (rows,)) for k, v in table.items()}
    Path(folder).mkdir(parents=True, exist_ok=True)
    out, missing = Scaled(Path(folder), rows), list[tuple[int, Path, Values]]()
    for first in range(0, rows, block):
        part = {k: v[first : first + block] for k, v in table.items()}
        file = out.folder / f"rows-{first:09d}-{study.key(part, first)}.parquet"
        out.files.append(file)
        if not _readable(file, out):
            missing.append((first, file, part))
    out.found = len(out.files) - len(missing)
    with open_client(client) as workers:
        done = min(out.found * block, rows)
        for k, data in _each(study, missing, workers):
            first, file, part = missing[k]
            _write(file, data)
            out.made += 1
            done += min(block, rows - first)
            if progress:
                progress(done, rows)
    for file in out.files:
        out.failures |= _failed(file)
    return out


def _check(table: Values, rows: int, block: int, folder: Path) -> None:
    if any(len(v) not in (1, rows) for v in table.values()):
        raise InvalidValue("values", {k: len(v) for k, v in table.items()}, f"one number or {rows} numbers each")
    if block < 1:
        raise InvalidValue("block", block, "a whole number of at least 1")
    if folder.exists() and not folder.is_dir():
        raise InvalidValue("folder", str(folder), "a folder, not a file")


def _readable(file: Path, out: Scaled) -> bool:
    """Is the block there and whole? A damaged file is noted and removed."""
    import pyarrow.parquet as parquet

    if not file.is_file():
        return False
    try:
        parquet.read_table(file, columns=["row"])
        return True
    except Exception:  # whatever a damaged file makes the reader raise
        out.again.append(file.name)
        file.unlink()
        return False


def _write(file: Path, data: bytes) -> None:
    """In place whole or not at all."""
    part = file.with_suffix(".part")
    part.write_bytes(data)
    part.replace(file)


def _failed(file: Path) -> dict[int, str]:
    import pandas as pd

    told = pd.read_parquet(file, columns=["row", "status"])
    told = told[told.status != ""].drop_duplicates("row")
    return dict(zip(told.row.astype(int), told.status, strict=True))


def _each(study: Study, missing: list[tuple[int, Path, Values]], workers: Client | None) -> Iterator[tuple[int, bytes]]:
    """(place in the list, Parquet bytes) of every block as it is done, here or on the workers."""
    ask = [(study, part, first, None if workers is None else 1) for first, _, part in missing]
    if workers is not None:
        yield from each_on(workers, rows_of_block, ask)
        return
    for k, words in enumerate(ask):
        yield k, rows_of_block(*words)


def rows_of_block(study: Study, values: Values, first: int, threads: int | None = None) -> bytes:
    """Parquet table of a block's rows, numbered from `first`."""
    options = Options(rtol=study.rtol, atol=study.atol, threads=threads)
    asked: dict[str, Any] = {"doses": study.doses, "outputs": study.outputs, "options": options}
    found = simulate_model(study.sbml, np.array(study.times), values=values, **asked)
    frame = found.to_frame()
    why = {
        row: re.sub(r"^patient \d+, ", "", text) for row, text in found.failures.items()
    }  # its number is the block's
    frame["status"] = frame.row.map(lambda row: why.get(row, ""))
    frame["row"] += first
    out = io.BytesIO()
    frame.to_parquet(out, index=False)
    return out.getvalue()
