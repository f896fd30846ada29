"""What the mechanism would say of each calibration trial had the trial not been fitted, for `calibrate_posterior.py`.

At the maximum of the posterior the contrasts are linear in the coordinates. Without a trial's rows the maximum moves by
one Gauss-Newton step, and the trial's own contrasts with it. Structure and tables are not left out: they were chosen
with these trials in sight, so the error of what is written here is a lower bound of the error on a new trial.
"""

from __future__ import annotations

import csv
from typing import Any

import numpy as np

from baxis.clinic.people import posterior
from baxis.core import library


def shifts(target: Any, x: np.ndarray) -> np.ndarray:
    """Change (contrasts,) of each prediction at the maximum x when its trial is left out of the fit."""
    slope, freedom = target.jacobian(x), target.freedom
    r = (target.predict(x[None])[0] - target.value) / target.error
    weight, scaled = (freedom + 1) / (freedom + r**2), slope / target.error[:, None]
    precision = 1 / target.at.sd**2
    trial, out = np.array([c.trial for c in target.all]), np.zeros(len(r))
    for name in set(trial):
        kept, gone = trial != name, trial == name
        hessian = scaled[kept].T @ (weight[kept, None] * scaled[kept]) + np.diag(precision)
        gradient = scaled[kept].T @ (weight[kept] * r[kept]) + precision * x
        out[gone] = -slope[gone] @ np.linalg.solve(hessian, gradient)
    return out


def write(target: Any, x: np.ndarray) -> None:
    """The shipped table, and the error with and without the own trial by scale."""
    moved = shifts(target, x)
    here = target.predict(x[None])[0]
    for scale in sorted({c.scale for c in target.all}):
        mine = np.array([c.scale == scale for c in target.all])
        own, other = (np.abs(p - target.value)[mine].mean() for p in (here, here + moved))
        print(f"{scale}: mean absolute error {own:.4f} fitted, {other:.4f} with the own trial left out", flush=True)
    with (library.SHIPPED / f"{posterior.LEFT_OUT}.csv").open("w", encoding="utf-8", newline="") as f:
        out = csv.writer(f, lineterminator="\n")
        out.writerow(("trial_id", "arm_id", "versus", "endpoint", "week", "shift"))
        for c, s in zip(target.all, moved, strict=True):
            out.writerow((c.trial, c.arms[1], c.arms[0], c.endpoint, c.week, f"{s:.5f}"))
