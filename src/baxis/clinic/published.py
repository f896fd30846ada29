"""What a trial published, beside which a simulation is printed. Read from the evidence tables, never from the model."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from .. import evidence
from .design import Design
from .intervals import newcombe, wilson

BINARY_STATISTIC = "proportion"


@dataclass(frozen=True)
class Published:
    """One published value of an arm: value, 95 % interval or None, denominator or None, provenance."""

    value: float
    ci: tuple[float, float] | None
    n: float | None
    provenance: str


def of_trial(design: Design, tables: evidence.Evidence) -> dict[tuple[str, str, float], Published]:
    """Published values by (arm_id, endpoint, week), whole population only (no subgroup rows)."""
    rows = tables.outcomes
    rows = rows[(rows.trial_id == design.trial_id) & (rows.subgroup == "") & (rows.arm_id != "")]
    sizes = {a.arm_id: a.n for a in design.arms}
    out: dict[tuple[str, str, float], Published] = {}
    for row in rows.itertuples():
        if row.statistic not in {BINARY_STATISTIC, "mean_change"} or pd.isna(row.value) or pd.isna(row.week):
            continue
        n = float(row.n) if not pd.isna(row.n) else sizes.get(row.arm_id)
        out.setdefault((row.arm_id, row.endpoint, float(row.week)), _published(row, n))
    return out


def _published(row: object, n: float | None) -> Published:
    value, low, high = (float(getattr(row, c)) for c in ("value", "ci_low", "ci_high"))
    ci = (low, high) if not (pd.isna(low) or pd.isna(high)) else None
    if ci is None and n and row.statistic == BINARY_STATISTIC:  # type: ignore[attr-defined]
        ci = wilson(value, n)
    return Published(value, ci, n, str(row.provenance))  # type: ignore[attr-defined]


def difference(active: Published, control: Published, binary: bool) -> tuple[float, tuple[float, float] | None]:
    """Published difference and its 95 % interval (Newcombe from n; None for a continuous endpoint without spread)."""
    value = active.value - control.value
    if binary and active.n and control.n:
        return value, newcombe(active.value, active.n, control.value, control.n)
    return value, None
