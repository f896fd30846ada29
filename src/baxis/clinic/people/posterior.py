"""Posterior draws: what the calibration trials say of shared constants of immunity and tissue, and of disease weights.

`library/posterior/draws.csv` holds draws by disease (columns disease, draw, one a parameter); the command that remakes
it is `python scripts/calibrate_posterior.py --write`. Draw i of every disease holds the same shared constants. A disease
without draws keeps the numbers of its own table. Patient i carries draw i modulo the number of draws, so that patients
and draws are sampled together.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from baxis import axis
from baxis.core import library
from baxis.core.errors import UnknownName

Array = NDArray[np.float64]
TABLE = "posterior/draws"
LEFT_OUT = "posterior/left_out"  # change of a calibration trial's own contrasts when it is left out of the fit
PATIENTS_A_DIRECTION = 4  # fewer patients than this tell nothing of one more direction of the draws
CENTRAL = -1  # index of the disease's own table among the draws


@dataclass(frozen=True, eq=False)
class Draws:
    """Draws of one disease: values (D, m) of the model parameters `names`; their typical patients' vectors and rest."""

    names: tuple[str, ...]
    values: Array
    parameters: Array
    rest: Array


@lru_cache(maxsize=16)
def draws(disease: str) -> Draws | None:
    """Draws of a disease with the typical patient of each; None when there are none."""
    try:
        rows = [r for r in library.read_table(TABLE) if r["disease"] == disease]
    except UnknownName:
        return None
    if not rows:
        return None
    names = tuple(n for n in rows[0] if n not in ("disease", "draw") and rows[0][n] != "")
    values = np.array([[float(row[n]) for n in names] for row in rows])
    weight = [i for i, n in enumerate(names) if n in axis.weight_names()]
    values[:, weight] /= values[:, weight].sum(axis=1, keepdims=True)
    return Draws(names, values, *axis.variants(disease, names, values))


library.on_change(draws.cache_clear)


def weights(disease: str) -> Array | None:
    """Draws (D, k) of the tissue weights in the order of `axis.weight_names()`, each summing to 1; None without draws."""
    found = draws(disease)
    return None if found is None else found.parameters[:, [axis.index(n)[0] for n in axis.weight_names()]]


def draw_of(ids: NDArray[np.int64], disease: str) -> NDArray[np.int64]:
    """Which draw each patient carries, (n,); CENTRAL for all when the disease has none."""
    found = draws(disease)
    return ids % len(found.values) if found is not None else np.full(ids.shape, CENTRAL, dtype=np.int64)


def explained(y: Array, values: Array, carried: NDArray[np.int64]) -> float:
    """Standard deviation over the draws (D, m) of the linear fit of y (n,) on the draw that each value carries.

    Directions of the draws are taken by their spread (principal components) and penalised to what the data can bear
    (ridge, its strength by generalised cross-validation), and the fit's own noise is taken off.
    """
    centred = values - values.mean(axis=0)
    scale = centred.std(axis=0)
    centred = centred[:, scale > 0] / scale[scale > 0]
    if y.size <= 2:
        return 0.0
    # only the sum of y by draw enters: a million patients cost no more than their draws
    count = np.bincount(carried, minlength=len(values)).astype(float)
    x = np.sqrt(count)[:, None] * (centred - count @ centred / y.size)
    deviation = y - y.mean()
    by_draw = np.bincount(carried, weights=deviation, minlength=len(values)) / np.sqrt(np.maximum(count, 1.0))
    u, s, vt = np.linalg.svd(x, full_matrices=False)
    keep = s > 1e-8 * s.max(initial=0.0)
    if not keep.any():
        return 0.0
    u, s, vt = u[:, keep], s[keep], vt[keep]
    z = u.T @ by_draw
    rest = float((deviation**2).sum() - (z**2).sum())
    best: tuple[float, Array, float] | None = None
    for strength in np.geomspace(1e-3, 1e6, 40) * float((s**2).mean()) / 10:
        shrink = s**2 / (s**2 + strength)
        error, free = rest + float((((1 - shrink) * z) ** 2).sum()), y.size - 1 - float(shrink.sum())
        if free > 1 and shrink.sum() <= y.size / PATIENTS_A_DIRECTION and (best is None or error / free**2 < best[0]):
            best = (error / free**2, shrink, error / free)
    if best is None:
        return 0.0
    _, shrink, noise = best
    back = centred @ vt.T * (shrink / s)
    own = noise * float(np.mean((back**2).sum(axis=1)))
    return float(np.sqrt(max(float(np.mean((back @ z) ** 2)) - own, 0.0)))


def between_draws(values: Array, ids: NDArray[np.int64], disease: str) -> float:
    """Standard deviation of the patients' mean value between posterior draws; 0 for a disease without draws.

    values (n,) of patients ids (n,): regressed on the draw that each carries, the regression's own noise taken off.
    With some ten patients a draw this is several times sharper than a variance between draws.
    """
    found = draws(disease)
    return 0.0 if found is None else explained(values, found.values, draw_of(ids, disease))
