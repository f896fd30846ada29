"""Virtual patients chosen so that their baseline is the trial's: calibration weights over eligible candidates, then a draw.

Weights are those of entropy balancing with a tolerance (Hainmueller 2012, doi:10.1093/pan/mpr025; Zhao and Percival 2017,
doi:10.1515/jci-2016-0010): as near to equal as the published means and sds allow. They are found for one characteristic
after the other; one that would cost more effective sample than rule C26 allows (20 % of the candidates or 300) is left
out and flagged. Patients are then taken in the proportion of their weights by systematic sampling, so that every later
statistic is a plain one. Nothing here reads an outcome.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import scipy
from numpy.typing import NDArray

from baxis.clinic.people.matched import LEAST, LEAST_SHARE
from baxis.core import streams

if TYPE_CHECKING:
    from baxis.clinic.people.matched import Characteristic

Array = NDArray[np.float64]
POOL = 3  # eligible candidates for each patient wanted
MEAN_TOLERANCE, SD_TOLERANCE = 0.02, 0.1  # in sds of the published table; of the variance
STEEPEST = 50.0


def effective_size(weights: Array) -> float:
    """Kish's effective sample size of weights (n,)."""
    return float(weights.sum() ** 2 / (weights**2).sum())


def weigh(values: dict[str, Array], wanted: list[Characteristic]) -> tuple[Array, tuple[str, ...], tuple[str, ...]]:
    """Weights (n,) that sum to 1, what they match and what was left out. values: (n,) of each candidate by measure."""
    n = next(iter(values.values())).size
    floor = min(LEAST_SHARE * n, LEAST)
    weights, columns = np.full(n, 1.0 / n), np.empty((n, 0))
    tolerance: list[float] = []
    done, out = [], []
    for name, column, allowed in _constraints(values, wanted):
        if column is None:
            out.append(name)
            continue
        trial = np.column_stack([columns, column])
        found = balance(trial, np.array([*tolerance, allowed]))
        if found is None or effective_size(found) < floor:
            out.append(name)
            continue
        weights, columns = found, trial
        tolerance.append(allowed)
        done.append(name)
    return weights, tuple(done), tuple(out)


def _constraints(values: dict[str, Array], wanted: list[Characteristic]) -> list[tuple[str, Array | None, float]]:
    """Means of everything first, then sds: (name, what must average 0 (n,), tolerance)."""
    means: list[tuple[str, Array | None, float]] = []
    sds: list[tuple[str, Array | None, float]] = []
    for t in wanted:
        x = values.get(t.measure)
        scale = 0.0 if x is None else float(x.std()) if np.isnan(t.sd) or t.share else t.sd
        if x is None or scale <= 0:
            means.append((t.characteristic, None, 0.0))
            continue
        z = (x - t.mean) / scale
        means.append((t.characteristic, z, MEAN_TOLERANCE))
        if not t.share and not np.isnan(t.sd):
            sds.append((f"sd of {t.characteristic}", z**2 - 1.0, SD_TOLERANCE))
    return means + sds


def balance(columns: Array, tolerance: Array) -> Array | None:
    """Weights (n,) nearest to equal whose weighted means of columns (n, k) lie within the tolerances (k,) of 0.

    None where no weights do so. The dual is minimised: log-sum-exp with an absolute penalty of the tolerance.
    """
    k = columns.shape[1]

    def dual(x: Array) -> tuple[float, Array]:
        score = columns @ (x[:k] - x[k:])
        total = float(scipy.special.logsumexp(score))
        mean = columns.T @ np.exp(score - total)
        return total + float(tolerance @ (x[:k] + x[k:])), np.concatenate([mean + tolerance, tolerance - mean])

    bounds = [(0.0, STEEPEST)] * (2 * k)
    found = scipy.optimize.minimize(
        dual, np.zeros(2 * k), jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 2000}
    )
    score = columns @ (found.x[:k] - found.x[k:])
    weights = np.exp(score - scipy.special.logsumexp(score))
    reached = np.abs(weights @ columns) <= tolerance + 1e-3
    return np.asarray(weights) if reached.all() else None


def choose(weights: Array, wanted: int, seed: int) -> NDArray[np.int64]:
    """Positions of `wanted` different patients, taken in proportion to weights (n,) by systematic sampling, in order."""
    share = weights / weights.sum() * wanted
    for _ in range(100):  # nobody can be taken twice: what is over 1 goes to the others
        over = share >= 1.0
        free = wanted - int(over.sum())
        rest = share[~over].sum()
        share = np.where(over, 1.0, share * (free / rest if rest > 0 else 0.0))
        if not (share > 1.0 + 1e-12).any():
            break
    order = np.argsort(weights, kind="stable")  # neighbours are alike, which makes the draw steadier
    ends = np.cumsum(share[order])
    start = float(streams.uniform(seed, "matched patients", np.zeros(1, dtype=np.int64))[0, 0])
    marks = (np.arange(wanted) + start) * (ends[-1] / wanted)
    taken = np.zeros(weights.size, dtype=bool)
    taken[order[np.minimum(np.searchsorted(ends, marks, side="right"), weights.size - 1)]] = True
    for k in np.argsort(-share, kind="stable"):  # rounding may have hit somebody twice
        if taken.sum() >= wanted:
            break
        taken[k] = True
    return np.flatnonzero(taken).astype(np.int64)
