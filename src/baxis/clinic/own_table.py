"""A table of patients (CSV or Parquet) as values in the model's units; every fault of the table is told at once."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..core import units
from ..core.errors import BaxisError, Faults, InvalidValue, UnknownName
from .own_population import BOUNDS, SEX

Array = NDArray[np.float64]
Allowed = dict[str, tuple[str, float, float]]
IGNORED = ("patient", "patient_id")


def read_table(path: Path, allowed: Allowed) -> dict[str, Array]:
    """Columns are `NAME` in the model's unit or `NAME [unit]`, as `weight_kg [lb]`; every row is one patient."""
    frame = _frame(path)
    columns: dict[str, Array] = {}
    faults: list[str] = []
    for column in map(str, frame.columns):
        if column in IGNORED:
            continue
        try:
            name, values = _column(column, frame[column], allowed)
            if name in columns:
                raise InvalidValue("column", column, "each variable once")
            columns[name] = values
        except BaxisError as e:
            faults.append(str(e))
    if not len(frame) or not (columns or faults):
        faults.append("no patients, or no column that a population may set")
    if faults:
        raise Faults(str(path), faults)
    return columns


def _frame(path: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(path) if path.suffix.lower() == ".parquet" else pd.read_csv(path)
    except Exception as e:  # pandas and pyarrow raise many types
        raise InvalidValue(str(path), str(e).splitlines()[0], "a readable table with a header line") from None


def _column(column: str, cells: Any, allowed: Allowed) -> tuple[str, Array]:
    match = re.fullmatch(r"\s*([^\[\]]+?)\s*(?:\[([^\]]*)\])?\s*", column)
    name = match.group(1) if match else column
    if name not in allowed:
        raise UnknownName(
            "column", name, [*allowed, *IGNORED], "a measure of the instrument is an outcome of the model"
        )
    unit, low, high = allowed[name]
    scale = units.factor(match.group(2), unit) if match and match.group(2) else 1.0
    values = pd.to_numeric(cells, errors="coerce").to_numpy(dtype=float) * scale
    good = np.isfinite(values) & (values >= low) & (values <= high)
    if name == SEX:
        good &= (values == 0) | (values == 1)
    elif name not in BOUNDS:
        good &= values > 0
    if not good.all():
        row = int(np.flatnonzero(~good)[0])
        wanted = "0 or 1" if name == SEX else f"a number from {low:g} to {high:g} {unit}"
        raise InvalidValue(f"{column}, row {row + 1} ({(~good).sum()} such rows)", cells.iloc[row], wanted)
    return name, values
