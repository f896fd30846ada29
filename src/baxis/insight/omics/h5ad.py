"""Expression in .h5ad files (AnnData in HDF5): looked at before it is read, as a file of others may be anything."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from baxis.core.errors import InvalidValue, Unsupported
from baxis.core.reading.tables import Bare

MOST_NUMBERS = 250_000_000  # samples x genes, written out: 2 GB
WHOLE = "an undamaged .h5ad file (AnnData: samples x genes)"
AGAIN = "write it again with anndata, or give a CSV (genes x samples)"


def read_cells(path: Path) -> pd.DataFrame:
    """(genes x samples) of the file's X. InvalidValue for a damaged, foreign or too large file, or one that reads others."""
    try:
        import anndata
        import h5py
    except ImportError:
        raise Unsupported("reading .h5ad needs anndata: pip install 'baxis[omics]'") from None
    try:
        with h5py.File(path, "r") as file:
            _look(file, path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of old formats, for who wrote the file
            return anndata.read_h5ad(path).to_df().T.astype(float)
    except InvalidValue:
        raise
    except Exception as e:  # h5py and anndata raise many types, in their own words
        if getattr(e, "errno", None):
            raise  # of the system: no right to read it
        raise InvalidValue(path.name, Bare("a file that cannot be read as .h5ad"), WHOLE, AGAIN) from None


def _look(file: Any, path: Path) -> None:
    """Raises InvalidValue for what would read another file, and for more numbers than memory should hold."""
    for name, parent in _links(file):
        if _reads_elsewhere(parent, name):
            raise InvalidValue(path.name, f"{name}, which stands in another file", "a file that holds its own data")
    for name in ("obs", "var", "X"):
        if name not in file:
            raise InvalidValue(path.name, Bare(f"no {name}"), WHOLE, AGAIN)
    x = file["X"]
    shape = [int(n) for n in (x.shape if hasattr(x, "shape") else x.attrs["shape"])]
    if len(shape) != 2:
        raise InvalidValue(path.name, Bare(f"X with {len(shape)} dimensions"), "samples x genes")
    stored = {name: math.prod(d.shape) for name, d in _arrays(file)} | {"X": math.prod(shape)}
    name, size = max(stored.items(), key=lambda pair: pair[1])
    if size > MOST_NUMBERS:
        got = Bare(f"{size:.3g} numbers in {name}")
        raise InvalidValue(path.name, got, f"at most {MOST_NUMBERS:.3g}", "leave out samples, or pool cells by sample")


def _links(group: Any) -> Iterator[tuple[str, Any]]:
    """(name, group that holds it) of every link; a group is entered where it stands in this file, once."""
    import h5py

    waiting, seen = [group], {hash(group.id)}
    while waiting:
        held = waiting.pop()
        for name in held:
            yield name, held
            if not isinstance(held.get(name, getlink=True), h5py.HardLink):
                continue
            inner = held[name]
            if isinstance(inner, h5py.Group) and hash(inner.id) not in seen:
                seen.add(hash(inner.id))
                waiting.append(inner)


def _reads_elsewhere(parent: Any, name: str) -> bool:
    """Whether a name leads to another file: an external link, external storage or a virtual dataset."""
    import h5py

    link = parent.get(name, getlink=True)
    if isinstance(link, h5py.ExternalLink):
        return True
    if not isinstance(link, h5py.HardLink):
        return False
    held = parent[name]
    return isinstance(held, h5py.Dataset) and bool(held.external or held.is_virtual)


def _arrays(file: Any) -> Iterator[tuple[str, Any]]:
    import h5py

    for name, parent in _links(file):
        if isinstance(parent.get(name, getlink=True), h5py.HardLink) and isinstance(parent[name], h5py.Dataset):
            yield name, parent[name]
