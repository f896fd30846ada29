"""Expression in .h5ad: damaged, foreign, huge, or reading other files; each is told before its numbers are read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

anndata = pytest.importorskip("anndata")
h5py = pytest.importorskip("h5py")
from baxis.core.errors import InvalidValue  # noqa: E402
from baxis.insight.omics import (  # noqa: E402
    expression,
    h5ad,
)

TELLS = pytest.mark.promise(
    "What people give", "A spoilt input is read or refused in words: no traceback, no hang, nothing left behind."
)
GENES = sorted(set(expression.signatures()["gene"]))[:40]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    values = np.random.default_rng(0).uniform(2, 12, (3, len(GENES)))
    table = pd.DataFrame(values, index=["s1", "s2", "s3"], columns=GENES)
    anndata.AnnData(table).write_h5ad(tmp_path / "x.h5ad")
    return tmp_path / "x.h5ad"


def test_a_right_file_is_genes_by_samples(file: Path) -> None:
    found = h5ad.read_cells(file)
    assert (list(found.index), list(found.columns)) == (GENES, ["s1", "s2", "s3"])
    assert pytest.approx(np.random.default_rng(0).uniform(2, 12, (3, len(GENES)))) == found.to_numpy().T


@TELLS
def test_damaged_bytes_are_told(file: Path) -> None:
    data = file.read_bytes()
    for bad in (b"", b"words", data[:100], data[: len(data) // 2], bytes(len(data)), b"\x89HDF\r\n\x1a\n" + bytes(90)):
        file.write_bytes(bad)
        with pytest.raises(InvalidValue, match=r"cannot be read as \.h5ad.*undamaged"):
            h5ad.read_cells(file)


def _move(held: Any, name: str, link: object) -> None:
    del held[name]
    held[name] = link


CHANGES: dict[str, tuple[Callable[[Any], object], str]] = {
    "no X": (lambda f: f.__delitem__("X"), "no X"),
    "no obs": (lambda f: f.__delitem__("obs"), "no obs"),
    "a number as obs": (lambda f: _move(f, "obs", 7), "cannot be read"),
    "words as X": (lambda f: _move(f, "X", np.array([[b"a"] * 40] * 3)), "cannot be read"),
    "three dimensions": (lambda f: _move(f, "X", np.zeros((3, 40, 2))), "3 dimensions"),
    "other size": (lambda f: _move(f, "X", np.zeros((5, 7))), "cannot be read"),
    "no index": (lambda f: f["var"].attrs.__delitem__("_index"), "cannot be read"),
    "odd encoding": (lambda f: f["X"].attrs.__setitem__("encoding-type", "x"), "cannot be read"),
    "another file": (lambda f: _move(f, "X", h5py.ExternalLink("other.h5", "/X")), "another file.*holds its own data"),
    "another file below": (lambda f: f["obs"].__setitem__("y", h5py.ExternalLink("o.h5", "/X")), "y.*another file"),
    "a link to nothing": (lambda f: _move(f, "X", h5py.SoftLink("/nowhere")), "no X|cannot be read"),
    "in a circle": (lambda f: f["uns"].__setitem__("up", f["/"]), "cannot be read"),
}  # fmt: skip


@TELLS
@pytest.mark.parametrize("name", CHANGES)
def test_what_was_changed_is_told(file: Path, name: str) -> None:
    change, says = CHANGES[name]
    with h5py.File(file, "r+") as held:
        change(held)
    with pytest.raises(InvalidValue, match=says):
        h5ad.read_cells(file)


@pytest.mark.promise(
    "What people give", "Files, nests, formulas and answers beyond a limit are refused with the limit."
)
@pytest.mark.parametrize("name", ["X", "obs/extra", "layers/big"])
def test_numbers_beyond_memory_are_refused_unread(file: Path, name: str) -> None:
    """A file of some kB can declare 160 GB."""
    with h5py.File(file, "r+") as held:
        if name in held:
            del held[name]
        held.create_dataset(name, (200_000, 100_000), "f8", chunks=(100, 100))
    assert file.stat().st_size < 1_000_000
    with pytest.raises(InvalidValue, match=r"2e\+10 numbers.*at most 2.5e\+08"):
        h5ad.read_cells(file)


@TELLS
def test_external_storage_and_virtual_datasets_are_refused(file: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(bytes(960))
    with h5py.File(file, "r+") as held:
        held["layers"].create_dataset("outside", (3, 40), "f8", external=[(str(tmp_path / "secret"), 0, 960)])
    with pytest.raises(InvalidValue, match="outside, which stands in another file"):
        h5ad.read_cells(file)
    with h5py.File(file, "r+") as held:
        del held["layers/outside"]
        layout = h5py.VirtualLayout((3, 40), "f8")
        layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "X", (3, 40))
        held.create_virtual_dataset("layers/seen", layout)
    with pytest.raises(InvalidValue, match="seen, which stands in another file"):
        h5ad.read_cells(file)
