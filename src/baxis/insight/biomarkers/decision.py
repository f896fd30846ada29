"""What it is worth to treat by markers: decision curves (Vickers 2007, doi:10.1186/1745-6215-8-14).

A threshold is the gain in the endpoint that would just justify the drug's burden in a patient. Net benefit of a rule is the
mean over patients of the gain above the threshold in those whom the rule treats, against treating all and none. Rules
treat whose predicted gain exceeds the threshold; the prediction comes from parts of the patients that he is not in.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from baxis.clinic.people.population import Population
from baxis.clinic.people.posterior import between_draws
from baxis.insight.biomarkers.markers import FOLDS, predicted, shuffled

Array = NDArray[np.float64]
THRESHOLDS, EDGE = 17, 1.645
ALL, ONE = "all markers", "best marker"


def curves(x: Array, gain: Array, people: Population) -> pd.DataFrame:
    """One row a rule and threshold: share treated, net benefit of the rule and of treating all (none: 0), the rule's lead
    over the better of these with a 90 % interval (patients and posterior draws), and the lead that permuted gains give
    in one of twenty cases. x (n, k) markers; gain (n,) of the endpoint, positive where the patient does better."""
    top = max(2.0 * abs(float(gain.mean())), 0.25 * float(gain.std()), 1e-9)
    grid = np.linspace(0.0, top, THRESHOLDS)
    null = shuffled(gain, people.seed, "decision permutation")
    guesses = {ALL: predicted(x, np.column_stack([gain, null]), people.seed), ONE: _single(x, gain, null, people.seed)}
    rows = []
    for rule, guess in guesses.items():
        for t in grid:
            treated = guess[:, 0] > t
            lead = _lead(gain, treated, t)
            error = np.hypot(lead.std() / np.sqrt(lead.size), between_draws(lead, people.ids, people.disease))
            by_chance = [_lead(y, g > t, t).mean() for g, y in zip(guess[:, 1:].T, null.T, strict=True)]
            row = {"rule": rule, "threshold": float(t), "treated": float(treated.mean())}
            row |= {"net_benefit": float((treated * (gain - t)).mean()), "treat_all": float(gain.mean() - t)}
            row |= {"lead": float(lead.mean()), "ci_low": float(lead.mean() - EDGE * error)}
            row |= {"ci_high": float(lead.mean() + EDGE * error), "null_95": float(np.quantile(by_chance, 0.95))}
            rows.append(row)
    return pd.DataFrame(rows)


def _lead(gain: Array, treated: NDArray[np.bool_], threshold: float) -> Array:
    """(n,): what each patient adds to the net benefit of the rule over that of the better simple rule."""
    above = gain - threshold
    return np.asarray(treated * above - (above if above.mean() > 0 else 0.0))


def _single(x: Array, gain: Array, null: Array, seed: int) -> Array:
    """(n, 1 + m) gain, and permuted gains, predicted from the one marker that correlates best in each training part."""
    from sklearn.model_selection import KFold

    every = np.column_stack([gain, null])
    out = np.empty_like(every)
    for train, test in KFold(FOLDS, shuffle=True, random_state=seed).split(x):
        mean, sd = x[train].mean(axis=0), np.maximum(x[train].std(axis=0), 1e-12)
        z, rest = (x[train] - mean) / sd, (x[test] - mean) / sd
        centre = every[train].mean(axis=0)
        slopes = z.T @ (every[train] - centre) / len(train)
        best = np.abs(slopes).argmax(axis=0)
        out[test] = centre + rest[:, best] * slopes[best, np.arange(every.shape[1])]
    return out


def useful(table: pd.DataFrame, rule: str = ALL) -> tuple[float, float] | None:
    """Lowest and highest threshold at which a rule beats both simple ones beyond its interval and chance; None if nowhere."""
    own = table[(table["rule"] == rule) & (table["ci_low"] > 0) & (table["lead"] > table["null_95"])]
    return (float(own["threshold"].min()), float(own["threshold"].max())) if len(own) else None
