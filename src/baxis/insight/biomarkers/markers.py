"""Markers as a laboratory reports them, their ranking with nulls, and what all of them tell together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from baxis import axis
from baxis.clinic.people.labs import levels
from baxis.clinic.people.population import Population
from baxis.core import library, streams

Array = NDArray[np.float64]
PERMUTATIONS, NULLS, FOLDS = 2000, 40, 5
NOISE = "pure noise (null)"
# The composite of belimumab's EU label (active disease with positive anti-dsDNA and low complement), as a score; source: EPAR product information of Benlysta.
SEROLOGY = ("serology", "autoantibody high, complement low (EMA)")
_SIGNS = {"aas": 1.0, "c3": -1.0, "c4": -1.0}


@dataclass(frozen=True, eq=False)
class Benefits:
    """Of each patient (n,): benefit, inflammation without the drug; endpoint with and without (2, n); seed."""

    benefit: Array
    outcome: Array
    ends: Array
    seed: int


def measured(people: Population, exact: bool = False) -> tuple[list[tuple[str, str]], Array]:
    """(marker, label) of each column, and what the laboratory reports (n, k): log of the model's value times the person's
    own level of that measure, with assay noise.

    The last two columns are a composite of the measured ones and pure noise. exact: without assay noise.
    """
    labels, columns, own = [], [], levels(people.seed, people.ids)
    for row in library.read_table("biomarkers/assays"):
        name = axis.outputs()[row["marker"]].output
        error = 0.0 if exact else noise(people, f"assay {name}", float(row["cv"]))
        columns.append(np.log(np.maximum(people.outputs[name], 1e-6)) + own.get(name, 0.0) + error)
        labels.append((name, row["label"]))
    at = {name: i for i, (name, _) in enumerate(labels)}
    parts = [sign * _standard(columns[at[name]][:, None])[:, 0] for name, sign in _SIGNS.items()]
    columns += [np.mean(parts, axis=0), streams.normal(people.seed, "assay of nothing", people.ids)[:, 0]]
    return [*labels, SEROLOGY, ("noise", NOISE)], np.stack(columns, axis=1)


def noise(people: Population, purpose: str, cv: float) -> Array:
    """Error (n,) of one assay on the log scale."""
    return np.asarray(np.sqrt(np.log1p(cv**2)) * streams.normal(people.seed, purpose, people.ids)[:, 0])


def ranked(labels: list[tuple[str, str]], x: Array, judged: Benefits) -> pd.DataFrame:
    """Table of markers x (n, k), best first: rank correlation with benefit, permutation p, false-discovery rate q."""
    from scipy.stats import rankdata
    from statsmodels.stats.multitest import multipletests

    ranks = _standard(rankdata(x, axis=0))
    benefit, outcome = (_standard(rankdata(y)[:, None])[:, 0] for y in (judged.benefit, judged.outcome))
    n, ends = len(x), judged.ends
    value, prognosis = ranks.T @ benefit / n, ranks.T @ outcome / n
    order = np.argsort(streams.uniform(judged.seed, "biomarker permutation", np.arange(PERMUTATIONS), n), axis=1)
    null = np.abs(benefit[order] @ ranks / n)
    p = (1 + (null >= np.abs(value) - 1e-12).sum(axis=0)) / (1 + PERMUTATIONS)
    q = multipletests(p, method="fdr_bh")[1]
    gain = ends[0] - ends[1]
    rows = []
    for j, (name, label) in enumerate(labels):
        high = x[:, j] > np.median(x[:, j])
        halves = float(gain[high].mean()), float(gain[~high].mean())
        error = [np.var(ends[a][half]) for a in (0, 1) for half in (high, ~high)]
        rows.append((name, label, value[j], p[j], q[j], prognosis[j], *halves, float(np.sqrt(2 * sum(error)))))
    names = ["marker", "label", "with_benefit", "p", "q", "with_outcome", "gain_high", "gain_low", "error_of_one"]
    return pd.DataFrame(rows, columns=names).sort_values("with_benefit", key=np.abs, ascending=False, ignore_index=True)


def _standard(ranks: Array) -> Array:
    """Columns with mean 0 and variance 1 (a constant column becomes 0)."""
    sd = ranks.std(axis=0)
    return np.asarray((ranks - ranks.mean(axis=0)) / np.where(sd > 0, sd, 1.0))


def power(table: pd.DataFrame, n: int, alpha: float = 0.05) -> Array:
    """Power (k,) of a parallel trial with n patients an arm to see each marker's interaction, cut at the median."""
    from scipy.stats import norm

    shift = (table["gain_high"] - table["gain_low"]) / np.maximum(table["error_of_one"] / np.sqrt(n), 1e-12)
    edge = norm.ppf(1 - alpha / 2)
    return np.asarray(norm.cdf(shift - edge) + norm.cdf(-shift - edge))


def predicted(x: Array, y: Array, seed: int) -> Array:
    """y (n,) or its permutations (n, m) predicted from x (n, k), each patient by parts that he is not in.

    Ridge regression whose penalty is chosen inside each training part (nested cross-validation, five parts).
    """
    from sklearn.linear_model import RidgeCV
    from sklearn.model_selection import KFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), RidgeCV(np.logspace(-2, 4, 7), alpha_per_target=y.ndim > 1))
    return np.asarray(cross_val_predict(model, x, y, cv=KFold(FOLDS, shuffle=True, random_state=seed)))


def shuffled(y: Array, seed: int, purpose: str, m: int = NULLS) -> Array:
    """m permutations of y (n,) as columns (n, m)."""
    return np.asarray(y[np.argsort(streams.uniform(seed, purpose, np.arange(m), len(y)), axis=1)].T)


def combined(x: Array, benefit: Array, seed: int) -> tuple[float, float]:
    """Rank correlation of benefit with its prediction from all markers, and the 95th percentile with permuted benefit."""
    from scipy.stats import spearmanr

    if np.ptp(benefit) == 0:
        return 0.0, 0.0
    null = shuffled(benefit, seed, "composite permutation")
    guess = predicted(x, np.column_stack([benefit, null]), seed)
    scores = [float(spearmanr(guess[:, j], y).statistic) for j, y in enumerate((benefit, *null.T))]
    return scores[0], float(np.nanquantile(scores[1:], 0.95))
