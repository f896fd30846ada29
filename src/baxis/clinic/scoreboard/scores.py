"""Scores of predictors over a set of contrasts, all with the same contrasts for every predictor.

Mean absolute error, bias towards benefit, interval coverage with an exact binomial test, continuous ranked probability
score and its skill against a rival (trials resampled as clusters), Brier score of trial success.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from baxis.clinic.scoreboard.prediction import COMBINED
from baxis.core import streams

if TYPE_CHECKING:
    from baxis.clinic.scoreboard.scored import Scored

Array = NDArray[np.float64]
LEVELS = (0.5, 0.8, 0.9, 0.95)
RESAMPLES = 4000
SCALES = ("risk_difference", "mean_difference", "standardised_difference", "log_hazard_ratio")


def metrics(rows: Sequence[Scored], name: str) -> dict[str, Any]:
    """Scores of one predictor; `bias` is counted towards benefit. Rows without an interval are out of coverage."""
    error = np.array([r.predictions[name].mean - r.value for r in rows])
    sign = np.array([r.sign for r in rows])
    held = [r for r in rows if r.ci is not None]
    inside = [r.predictions[name].covers(r.value, 0.9) for r in held]
    brier = [(r.predictions[name].success(r.sign, r.sampling_sd) - r.success) ** 2 for r in held]
    return {
        "contrasts": len(rows),
        "trials": len({r.row["trial_id"] for r in rows}),
        "mae": float(np.mean(np.abs(error))),
        "bias": float(np.mean(sign * error)),
        "sign_right": float(np.mean([np.sign(r.predictions[name].mean) == np.sign(r.value) for r in rows])),
        "coverage90": float(np.mean(inside)) if held else None,
        "coverage90_n": len(held),
        "coverage90_p": binomial(sum(inside), len(held), 0.9) if held else None,
        "coverage": {f"{level:g}": coverage(held, name, level) for level in LEVELS},
        "crps": float(np.mean([r.crps[name] for r in rows])),
        "brier": float(np.mean(brier)) if held else None,
    }


def coverage(rows: Sequence[Scored], name: str, level: float) -> float | None:
    """Share of observed values inside the central interval of this level."""
    inside = [r.predictions[name].covers(r.value, level) for r in rows]
    return float(np.mean(inside)) if inside else None


def binomial(k: int, n: int, p: float) -> float:
    """Exact two-sided p value of k of n against a share p (outcomes no likelier than the one seen)."""
    from scipy.stats import binomtest

    return float(binomtest(k, n, p).pvalue)


def skill(rows: Sequence[Scored], name: str, rival: str, scaled: bool = False) -> dict[str, float]:
    """1 - CRPS(name) / CRPS(rival) with a 95 % interval over resampled trials; positive is better than the rival.

    scaled: each CRPS in units of the trial's own sampling error, so that scales can be pooled.
    """
    unit = np.array([r.sampling_sd if scaled else 1.0 for r in rows])
    mine = np.array([r.crps[name] for r in rows]) / unit
    theirs = np.array([r.crps[rival] for r in rows]) / unit
    trials = sorted({r.row["trial_id"] for r in rows})
    index = np.array([trials.index(r.row["trial_id"]) for r in rows])
    sums = np.stack([np.bincount(index, weights=v, minlength=len(trials)) for v in (mine, theirs)])
    u = streams.uniform(0, f"bootstrap of {len(trials)} trials", np.arange(RESAMPLES), len(trials))
    drawn = sums[:, np.minimum((u * len(trials)).astype(int), len(trials) - 1)].sum(axis=2)
    low, high = np.quantile(1.0 - drawn[0] / drawn[1], [0.025, 0.975])
    return {"skill": float(1.0 - mine.sum() / theirs.sum()), "low": float(low), "high": float(high)}


def table(rows: Sequence[Scored], names: Sequence[str], first: str) -> dict[str, Any]:
    """Scores of every predictor; skill of `first`, and of the mechanism with its discrepancy, against the others."""
    return {
        "predictors": {name: metrics(rows, name) for name in names},
        "skill": {name: skill(rows, first, name) for name in names if name != first},
        "skill_combined": {
            name: skill(rows, COMBINED, name) for name in names if COMBINED in names and name != COMBINED
        },
    }


def strata(rows: Sequence[Scored], names: Sequence[str], first: str, key: str) -> dict[str, dict[str, dict[str, Any]]]:
    """Tables by a property of the contrast (`role`, `novelty`, `disease`) and by scale."""
    out: dict[str, dict[str, dict[str, Any]]] = {}
    for value in sorted({str(r.row[key]) for r in rows}):
        for scale in SCALES:
            mine = [r for r in rows if str(r.row[key]) == value and r.row["scale"] == scale]
            if mine:
                out.setdefault(value, {})[scale] = table(mine, names, first)
    return out
