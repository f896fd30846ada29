"""Rows of a large table as Parquet files, one a block: written whole or not at all, found again by hashes in the name."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from baxis.core.storing.store import Blocks
from baxis.engine.tables.columns import column_names
from baxis.engine.tables.user_model import Simulated

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow


class RowFiles:
    """Parquet files of a folder. `keys` names the blocks in order: a hash of all that their rows depend on."""

    def __init__(self, folder: Path, keys: list[str], block: int) -> None:
        self.folder, self.blocks = folder, Blocks(folder)
        self.stems = [f"rows-{k * block:09d}-{key}" for k, key in enumerate(keys)]
        self.files: list[Path] = [folder] * len(keys)  # known once a block is found or put

    def open(self) -> None:
        """Look at the place. InvalidValue when it is a file."""
        self.blocks.open()

    def found(self, k: int) -> bool | None:
        """Is block k there and whole? None: it was damaged, and is removed."""
        damaged = len(self.blocks.again)
        file = self.blocks.find(self.stems[k])
        if file is not None and not _is_table(file):
            self.blocks.drop(file)
            file = None
        if file is None:
            return None if len(self.blocks.again) > damaged else False
        self.files[k] = file
        return True

    def put(self, k: int, data: bytes) -> None:
        """Block k in place, whole or not at all."""
        self.files[k] = self.blocks.put(self.stems[k], data)

    def failures(self) -> dict[int, str]:
        """Row -> why it did not finish. Files without a failure are passed over by their statistics."""
        import pyarrow.compute as compute
        import pyarrow.parquet as parquet

        told: dict[int, str] = {}
        for file in self.files:
            bad = parquet.read_table(file, columns=["row", "status"], filters=compute.field("status") != "")
            told |= dict(zip(bad["row"].to_pylist(), bad["status"].to_pylist(), strict=True))
        return told

    def to_frame(self) -> pd.DataFrame:
        """All rows: row, time, one column an output, status."""
        import pandas as pd

        return pd.concat([pd.read_parquet(f) for f in self.files], ignore_index=True)


def _is_table(file: Path) -> bool:
    """Whether a file can be read as a block: a name that fits its bytes does not say so."""
    import pyarrow as arrow
    import pyarrow.parquet as parquet

    try:
        found = parquet.read_table(file)
    except (arrow.ArrowException, OSError, ValueError):
        return False
    names = found.schema.names
    status = names and names[-1] == "status" and arrow.types.is_string(found.schema.types[-1])
    return bool(names[:2] == ["row", "time"] and status and all(map(_is_number, found.schema.types[:-1])))


def _is_number(kind: pyarrow.DataType) -> bool:
    import pyarrow as arrow

    return bool(arrow.types.is_integer(kind) or arrow.types.is_floating(kind))


def reasons(found: Simulated) -> dict[int, str]:
    """Failures of a block by its own row numbers, which the sentences do not repeat."""
    return {row: re.sub(r"^patient \d+, ", "", text) for row, text in found.failures.items()}


def parquet_of(found: Simulated, first: int) -> bytes:
    """Parquet table of a block's rows, numbered from `first`.

    Only the columns that repeat are held as dictionaries: numbers that do not would be hashed for nothing.
    """
    import pyarrow as arrow
    import pyarrow.parquet as parquet

    n, t, _ = found.values.shape
    columns: dict[str, object] = {"row": np.repeat(np.arange(first, first + n), t), "time": np.tile(found.times, n)}
    columns |= {name: found.values[:, :, k].ravel() for k, name in enumerate(column_names(found.outputs))}
    columns["status"] = _statuses(reasons(found), n, t)
    out = io.BytesIO()
    parquet.write_table(arrow.table(columns), out, use_dictionary=["row", "time", "status"])
    return out.getvalue()


def _statuses(why: dict[int, str], n: int, t: int) -> pyarrow.Array:
    """(n * t,) texts, empty where a row finished."""
    import pyarrow as arrow

    codes = np.zeros(n, np.int32)
    codes[list(why)] = np.arange(1, len(why) + 1)
    return arrow.DictionaryArray.from_arrays(np.repeat(codes, t), ["", *why.values()]).dictionary_decode()
