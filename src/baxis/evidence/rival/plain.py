"""The plainest predictors: no effect, the grand mean, and a shrunken class-by-disease mean.

They learn from the same calibration contrasts as the rival, each on the scale of the contrast, benefit up
(`benefit_sign` x value): proportions, log hazard ratios, and mean differences in standard deviations of patients.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from baxis.evidence.meta.classes import base_class
from baxis.evidence.rival.data import check_roles, endpoint_sd, own_sd

if TYPE_CHECKING:
    from baxis.evidence import Evidence

PREDICTORS = ("no_effect", "grand_mean", "shrunken_mean")


@dataclass(frozen=True)
class Normal:
    """Predicted contrast: normal with mean and standard deviation of what a trial would report."""

    mean: float
    sd: float


@dataclass(frozen=True)
class Plain:
    """Moments learned from calibration contrasts: by scale, and by scale, class and disease."""

    grand: dict[str, tuple[float, float]]
    cells: dict[tuple[str, str, str], tuple[float, int]]
    between: dict[str, float]
    sd: dict[str, float]

    def predict(self, predictor: str, row: dict[str, Any]) -> Normal:
        """Prediction for a row of the contrasts table, whose value and interval are not read."""
        scale, sign = row["scale"], int(row["benefit_sign"])
        unit = self.sd.get(row["endpoint"], float(np.median(list(self.sd.values()) or [1.0])))
        unit = unit if scale == "mean_difference" else 1.0
        noise = sampling_sd(row, unit)
        mean, spread = self.grand.get(scale, (0.0, 0.0))
        if predictor == "no_effect":
            return Normal(0.0, noise)
        if predictor == "shrunken_mean":
            cell, k = self.cells.get((scale, base_class(row["class"]), row["disease"]), (mean, 0))
            tau2 = self.between.get(scale, 0.0)
            weight = tau2 / (tau2 + spread**2 / k) if k and tau2 > 0 else 0.0
            mean = weight * cell + (1 - weight) * mean
        return Normal(sign * mean * unit, float(np.hypot(noise, spread * unit)))


def sampling_sd(row: dict[str, Any], unit: float) -> float:
    """Sampling standard deviation that the design alone gives (sizes; 100 an arm where unknown)."""
    n1, n0 = (float(row[k]) if row[k] == row[k] and row[k] else 100.0 for k in ("n1", "n0"))
    total = 1 / n1 + 1 / n0
    per_patient = {"risk_difference": 0.25, "log_hazard_ratio": 2.0}.get(row["scale"], unit**2)
    return float(np.sqrt(per_patient * total))


def learn(evidence: Evidence, leave_out: tuple[str, ...] = ()) -> Plain:
    """Moments of the calibration contrasts (one value a trial and class, so that doses do not count twice)."""
    from baxis import evidence as ev

    table = ev.contrasts(evidence)
    rows = table[(table["role"] == "calibration") & ~table["trial_id"].isin(list(leave_out))].to_dict("records")
    roles = dict(zip(evidence.frames["trials"]["trial_id"], evidence.frames["trials"]["role"], strict=True))
    check_roles(roles, {r["trial_id"] for r in rows})
    sd = endpoint_sd(rows, evidence)
    values: dict[tuple[str, str, str], dict[str, list[float]]] = {}
    for r in rows:
        unit = 1.0
        if r["scale"] == "mean_difference":
            known = r["se"] == r["se"] and r["n1"] > 0 and r["n0"] > 0
            unit = own_sd(r) if known else sd.get(r["endpoint"], float("nan"))
        benefit = r["benefit_sign"] * r["value"] / unit
        if benefit == benefit:
            key = (r["scale"], base_class(r["class"]), r["disease"])
            values.setdefault(key, {}).setdefault(r["trial_id"], []).append(benefit)
    trial_means = {k: [float(np.mean(v)) for v in t.values()] for k, t in values.items()}
    return _moments(trial_means, sd)


def _moments(cells: dict[tuple[str, str, str], list[float]], sd: dict[str, float]) -> Plain:
    grand, between = {}, {}
    for scale in sorted({k[0] for k in cells}):
        mine = [v for k, v in cells.items() if k[0] == scale]
        every = np.concatenate([np.array(v) for v in mine])
        grand[scale] = (float(every.mean()), float(every.std(ddof=1)) if len(every) > 1 else 0.0)
        within = [(np.var(v, ddof=1), len(v) - 1) for v in mine if len(v) > 1]
        inside = sum(v * d for v, d in within) / max(1, sum(d for _, d in within)) if within else 0.0
        between[scale] = float(max(0.0, grand[scale][1] ** 2 - inside))
    return Plain(grand, {k: (float(np.mean(v)), len(v)) for k, v in cells.items()}, between, sd)
