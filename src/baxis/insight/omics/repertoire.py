"""Summary of a B-cell receptor repertoire from an AIRR-C rearrangement table (https://docs.airr-community.org)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from baxis.core.errors import InvalidValue
from baxis.core.reading import numbers, tables

NEEDED = ("clone_id", "v_identity", "c_call")
COUNT = "duplicate_count"
LEAST = 20
LARGEST = 1_000_000_000  # bytes: only the columns that are needed are kept


@dataclass(frozen=True)
class Repertoire:
    """shannon in nats and clonality (1 - evenness) and gini over clones weighted by `duplicate_count` (1 when absent);
    isotypes: share of each constant gene's class; mutation: mean percent of V bases changed."""

    sequences: int
    clones: int
    shannon: float
    clonality: float
    gini: float
    isotypes: dict[str, float]
    mutation: float
    dropped: int

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return dict(vars(self))


def repertoire(file: str | Path) -> Repertoire:
    """Summary of an AIRR-C table. Rows that lack a needed value are dropped and counted. Raises InvalidValue or Faults."""
    path = Path(file)
    form = tables.Form(only=(*NEEDED, COUNT))
    read = tables.read(path, "rearrangement file", form, LARGEST)
    missing = [c for c in NEEDED if c not in read.header]
    if missing:
        raise InvalidValue(f"{path.name}, columns", f"no {', '.join(missing)}", f"AIRR-C columns {', '.join(NEEDED)}")
    table = pd.DataFrame(read.rows, columns=list(read.header))
    identity = _numbers(read, "v_identity")
    kept = identity.notna() & ~table["clone_id"].map(numbers.missing)
    if kept.sum() < LEAST:
        raise InvalidValue(path.name, f"{int(kept.sum())} usable sequences", f"at least {LEAST}")
    top = float(identity[kept].max())
    if float(identity[kept].min()) < 0 or top > 100:
        raise InvalidValue("v_identity", f"up to {top:g}", "fractions 0 to 1 or percent 0 to 100")
    percent = 100.0 - identity[kept] * (100.0 if top <= 1 else 1.0)
    counts = pd.Series(1.0, index=table.index)
    if COUNT in table.columns:
        counts = _numbers(read, COUNT).fillna(1.0)
    if (counts[kept] <= 0).any():
        raise InvalidValue(COUNT, float(counts[kept].min()), "numbers above 0")
    sizes = counts[kept].groupby(table["clone_id"][kept]).sum().to_numpy(dtype=np.float64)
    shannon, clonality, gini = diversity(np.asarray(sizes, dtype=np.float64))
    classes = table["c_call"][kept].str.extract(r"^(IG[HKL][MDGAE]?\d?|IG[KL]C)", expand=False).fillna("unknown")
    shares = counts[kept].groupby(classes).sum() / counts[kept].sum()
    isotypes = {str(k): float(v) for k, v in shares.sort_values(ascending=False).items()}
    mutation = float(np.average(percent, weights=counts[kept]))
    return Repertoire(
        sequences=int(kept.sum()),
        clones=sizes.size,
        shannon=shannon,
        clonality=clonality,
        gini=gini,
        isotypes=isotypes,
        mutation=mutation,
        dropped=int((~kept).sum()),
    )


def _numbers(table: tables.Table, column: str) -> pd.Series:
    """A column as numbers, NaN where a cell says that there is none. InvalidValue for anything else."""
    plain = table.plain(table.cells(column))
    if plain is not None:
        return pd.Series(plain, dtype=float)
    cells = zip(table.cells(column), table.lines, strict=True)
    return pd.Series(
        [np.nan if numbers.missing(c) else table.number(c, line, column) for c, line in cells], dtype=float
    )


def diversity(sizes: NDArray[np.float64]) -> tuple[float, float, float]:
    """(Shannon entropy in nats, clonality 1 - H/log(n), Gini coefficient) of clone sizes (n,); one clone: 0, 1, 0."""
    p = np.sort(sizes / sizes.sum())
    n = p.size
    shannon = float(-np.sum(p * np.log(p)))
    gini = float(np.sum((2 * np.arange(1, n + 1) - n - 1) * p) / n)
    return shannon, 1.0 - shannon / float(np.log(n)) if n > 1 else 1.0, gini
