"""What a trial published, beside which a simulation is printed. Read from the evidence tables, never from the model."""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import Any

import pandas as pd

from baxis import evidence
from baxis.clinic.design.design import Design, Endpoint
from baxis.clinic.statistics.intervals import newcombe, wilson

PROPORTION, MEAN, HAZARD_RATIO = "proportion", "mean_change", "hazard_ratio"
READ = (PROPORTION, MEAN, HAZARD_RATIO)


@dataclass(frozen=True)
class Published:
    """One published value of an arm: value, 95 % interval or None, denominator or None, provenance."""

    value: float
    ci: tuple[float, float] | None
    n: float | None
    provenance: str


Key = tuple[str, str, float, str]
Table = dict[Key, Published]


def of_trial(design: Design, tables: evidence.Evidence) -> Table:
    """Published values by (arm_id, endpoint, week, statistic), whole population only (no subgroup rows)."""
    rows = tables.outcomes
    rows = rows[(rows.trial_id == design.trial_id) & (rows.subgroup == "") & (rows.arm_id != "")]
    sizes = {a.arm_id: a.n for a in design.arms}
    out: Table = {}
    for row in rows.itertuples():
        if row.statistic not in READ or pd.isna(row.value) or pd.isna(row.week):
            continue
        n = float(row.n) if not pd.isna(row.n) else sizes.get(row.arm_id)
        out.setdefault((row.arm_id, row.endpoint, float(row.week), row.statistic), _published(row, n))
    return out


def _published(row: Any, n: float | None) -> Published:
    value, low, high = (float(getattr(row, c)) for c in ("value", "ci_low", "ci_high"))
    ci = (low, high) if not (pd.isna(low) or pd.isna(high)) else None
    if ci is None and n and row.statistic == PROPORTION:
        ci = wilson(value, n)
    return Published(value, ci, n, str(row.provenance))


def arm(seen: Table, arm_id: str, endpoint: Endpoint) -> dict[str, Any]:
    """Published value and 95 % interval of one arm, None where nothing was published."""
    for statistic in (PROPORTION, MEAN):
        found = seen.get((arm_id, endpoint.name, endpoint.week, statistic))
        if found:
            return {"published": found.value, "published_ci": list(found.ci) if found.ci else None}
    return {"published": None, "published_ci": None}


def difference(seen: Table, arms: tuple[str, str], endpoint: Endpoint, binary: bool) -> dict[str, Any]:
    """Published difference of two arms (active, control), 95 % interval by Newcombe where sizes are known."""
    statistic = PROPORTION if binary else MEAN
    active, control = (seen.get((a, endpoint.name, endpoint.week, statistic)) for a in arms)
    if not (active and control):
        return {"published": None, "published_ci": None}
    ci = None
    if binary and active.n and control.n:
        ci = list(newcombe(active.value, active.n, control.value, control.n))
    return {"published": active.value - control.value, "published_ci": ci}


def log_hazard_ratio(seen: Table, arm_id: str, endpoint: Endpoint) -> dict[str, Any]:
    """Published hazard ratio of an arm against control, as its logarithm with the interval printed."""
    found = seen.get((arm_id, endpoint.name, endpoint.week, HAZARD_RATIO))
    if found is None:
        return {"published": None, "published_ci": None}
    return {"published": log(found.value), "published_ci": [log(v) for v in found.ci] if found.ci else None}
