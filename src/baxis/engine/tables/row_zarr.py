"""Rows of a large table as one Zarr group (extra `arrays`): a variable an output, a chunk a block, found again by hashes.

A block's chunks are written first and its entry in `block` last: its key, and a hash of its contents. Killed between
the two, the block counts as not there; a chunk that was damaged or lost since does not agree with the hash.
"""

from __future__ import annotations

import hashlib
import json
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from baxis.core.errors import InvalidValue, Unsupported
from baxis.core.storing import files
from baxis.engine.tables.columns import column_names
from baxis.engine.tables.row_files import reasons
from baxis.engine.tables.user_model import Simulated

if TYPE_CHECKING:
    import pandas as pd

LONGEST = 200  # characters of a status
Rows = tuple[np.ndarray, np.ndarray, tuple[str, ...], dict[int, str]]  # values (n, T, K), times (T,), outputs, failures


class RowZarr:
    """A Zarr group: outputs (row, time), coordinates row and time, `status` (row), `block` (blocks)."""

    def __init__(self, folder: Path, keys: list[str], block: int, rows: int) -> None:
        if find_spec("zarr") is None:
            raise Unsupported("Zarr needs a package that is not installed: pip install 'baxis[arrays]'")
        self.folder, self.keys, self.block, self.rows = folder, keys, block, rows
        self.files = [folder]
        self._group: Any = None

    def open(self) -> None:
        """Look at what is there. InvalidValue for a file, or a folder that holds anything but such a table."""
        import zarr

        if not self.folder.exists() or (self.folder.is_dir() and not any(self.folder.iterdir())):
            return
        try:
            self._group = zarr.open_group(self.folder, mode="r+", zarr_format=2)
            said = (self._group.attrs["rows"], self._group.attrs["rows in a block"])
            whole = said[:2] != (self.rows, self.block) or self._whole()
        except Exception:  # whatever damaged or foreign descriptions make the reader raise
            said, whole = None, False
        if said is not None and not whole:
            raise InvalidValue(
                str(self.folder), "a damaged description of its arrays", "a whole table, or a new folder",
                "name another folder, or move this one away",
            )  # fmt: skip
        if said != (self.rows, self.block):
            got = "something else" if said is None else f"{said[0]} rows in blocks of {said[1]}"
            allowed = f"a new folder, or {self.rows} rows in blocks of {self.block}"
            raise InvalidValue(str(self.folder), got, allowed, "name another folder, or move this one away")

    def _whole(self) -> bool:
        """Whether every array is there, of the shape, chunks and type that it was made with."""
        outputs, times = self._outputs(), self._group["time"].shape
        if not (all(isinstance(n, str) for n in outputs) and len(times) == 1):
            return False
        along = min(self.block, self.rows)
        shapes = {"row": ((self.rows,), (self.rows,), "<i8"), "time": (times, times, "<f8")}
        shapes |= dict.fromkeys(outputs, ((self.rows, *times), (along, *times), "<f8"))
        shapes |= {"status": ((self.rows,), (along,), f"<U{LONGEST}"), "block": ((len(self.keys),), (1,), "<U40")}
        arrays = {n: self._group[n] for n in shapes}
        finite = np.isfinite(self._group["time"][:]).all()
        return bool(finite) and all((a.shape, a.chunks, a.dtype.str) == shapes[n] for n, a in arrays.items())

    def found(self, k: int) -> bool | None:
        """Is block k there and whole? None: it was damaged."""
        if self._group is None:
            return False
        try:
            key, _, content = str(self._group["block"][k]).partition(" ")
            if key != self.keys[k]:
                return False
            return content == self._content(k) or None
        except Exception:  # whatever a damaged chunk makes the reader raise
            return None

    def put(self, k: int, data: Rows) -> None:
        """Block k in place; its entry in `block` last."""
        values, times, outputs, why = data
        if self._group is None:
            self._group = self._made(times, outputs)
        group, span = self._group, self._span(k)
        if self._outputs() != list(outputs) or not np.array_equal(group["time"][:], times):
            raise InvalidValue(
                str(self.folder), "other outputs or times", "a new folder", "name another folder, or move this one away"
            )
        group["block"][k] = ""
        for i, name in enumerate(outputs):
            group[name][span] = values[:, :, i]
        status = np.full(len(values), "", f"<U{LONGEST}")
        for row, text in why.items():
            status[row] = text[:LONGEST]
        group["status"][span] = status
        group["block"][k] = f"{self.keys[k]} {self._content(k)}"

    def failures(self) -> dict[int, str]:
        """Row -> why it did not finish."""
        status = self._group["status"][:]
        return {int(k): str(status[k]) for k in np.flatnonzero(status != "")}

    def to_frame(self) -> pd.DataFrame:
        """All rows: row, time, one column an output, status."""
        import pandas as pd

        group, times = self._group, self._group["time"][:]
        columns: dict[str, np.ndarray] = {"row": np.repeat(np.arange(self.rows), len(times))}
        columns["time"] = np.tile(times, self.rows)
        columns |= {name: group[name][:].ravel() for name in self._outputs()}
        return pd.DataFrame(columns | {"status": np.repeat(group["status"][:].astype(object), len(times))})

    def _outputs(self) -> list[str]:
        return list(self._group.attrs["outputs"])

    def _span(self, k: int) -> slice:
        return slice(k * self.block, min((k + 1) * self.block, self.rows))

    def _content(self, k: int) -> str:
        """Hash of what the chunks of a block hold."""
        h = hashlib.sha256(json.dumps(self._outputs()).encode())
        for name in (*self._outputs(), "status"):
            h.update(np.ascontiguousarray(self._group[name][self._span(k)]).tobytes())
        return h.hexdigest()[:16]

    def _made(self, times: np.ndarray, outputs: tuple[str, ...]) -> Any:
        """An empty group, in place whole or not at all."""
        import zarr

        files.clear(self.folder)
        part = self.folder.with_name(files.part_name(self.folder.name))
        attributes: Any = {"rows": self.rows, "rows in a block": self.block, "outputs": list(outputs)}
        group = zarr.open_group(part, mode="w", zarr_format=2, attributes=attributes)

        def array(name: str, dims: tuple[str, ...], like: Any, fill: Any, shape: tuple[tuple[int, int], ...]) -> Any:
            sizes, chunks = zip(*shape, strict=True)
            options: dict[str, Any] = {"shape": sizes, "chunks": chunks, "dtype": like, "fill_value": fill}
            return group.create_array(name, **options, attributes={"_ARRAY_DIMENSIONS": list(dims)})

        along, at = (self.rows, min(self.block, self.rows)), (len(times), len(times))
        array("row", ("row",), "i8", -1, ((self.rows, self.rows),))[:] = np.arange(self.rows)
        array("time", ("time",), "f8", np.nan, (at,))[:] = times
        for name in outputs:
            array(name, ("row", "time"), "f8", np.nan, (along, at))
        array("status", ("row",), f"<U{LONGEST}", "", (along,))
        array("block", ("blocks",), "<U40", "", ((len(self.keys), 1),))
        if self.folder.is_dir():
            self.folder.rmdir()  # it is empty
        part.replace(self.folder)
        return zarr.open_group(self.folder, mode="r+", zarr_format=2)


def arrays_of(found: Simulated) -> Rows:
    """What a worker sends back of a block: plain arrays, which travel without a copy."""
    return found.values, found.times, column_names(found.outputs), reasons(found)
