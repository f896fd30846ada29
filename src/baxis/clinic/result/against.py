"""Simulated beside published, with difference and ratio, for arms, differences from control and harms of one result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from baxis.clinic.result.trial_record import TrialRecord

COLUMNS = ("table", "arm_id", "endpoint", "week", "scale", "simulated", "pi90", "published", "published_ci", "difference",
           "ratio", "inside")  # fmt: skip


def against_published(result: TrialRecord) -> pd.DataFrame:
    """One row a value that was published: simulated, published, their difference and ratio, and whether the 90 % prediction
    interval holds the published one.

    Proportions are fractions; hazard ratios stand as logarithms, and their ratio is that of the hazard ratios. A ratio is
    NaN where it says nothing: a published value of 0, or two values of opposite sign.
    """
    rows = [_row("arm", r, r["value"], r["kind"]) for r in result.arms.to_dict("records") if _is_number(r["published"])]
    rows += [
        _row("difference", r, r["predicted"], r["scale"])
        for r in result.contrasts.to_dict("records")
        if _is_number(r["published"])
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _row(table: str, r: Any, simulated: float, scale: str) -> dict[str, Any]:
    seen, low_high = float(r["published"]), r["pi90"]
    inside = bool(low_high[0] <= seen <= low_high[1]) if isinstance(low_high, list) else None
    return {
        "table": table, "arm_id": r["arm_id"], "endpoint": r["endpoint"], "week": r["week"], "scale": scale,
        "simulated": simulated, "pi90": low_high, "published": seen, "published_ci": r["published_ci"],
        "difference": simulated - seen, "ratio": _ratio(simulated, seen, scale), "inside": inside,
    }  # fmt: skip


def _ratio(simulated: float, seen: float, scale: str) -> float:
    if scale == "log_hazard_ratio":
        return float(np.exp(simulated - seen))
    return simulated / seen if simulated * seen > 0 else float("nan")


def _is_number(value: Any) -> bool:
    return value is not None and value == value
