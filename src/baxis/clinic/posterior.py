"""Posterior draws of the disease-level weights of the tissue arms: what the calibration trials say of them.

`library/posterior/weights.csv` holds draws by disease (columns disease, draw, one a weight); the command that remakes
it is `python scripts/calibrate_weights.py --write`. A disease without draws keeps the weights of its own table. Patient
i carries draw i modulo the number of draws, so that patients and draws are sampled together.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .. import axis
from ..core import library
from ..core.errors import UnknownName

Array = NDArray[np.float64]
TABLE = "posterior/weights"


@lru_cache(maxsize=16)
def weights(disease: str) -> Array | None:
    """Draws (D, k) of the weights in the order of `axis.weight_names()`, each summing to 1; None when there are none."""
    try:
        rows = library.read_table(TABLE)
    except UnknownName:
        return None
    names = axis.weight_names()
    own = [[float(row[name]) for name in names] for row in rows if row["disease"] == disease]
    return np.array(own) if own else None


library.on_change(weights.cache_clear)


def draw_of(ids: NDArray[np.int64], disease: str) -> NDArray[np.int64]:
    """Which draw each patient carries, (n,); all zero when the disease has none."""
    found = weights(disease)
    return ids % len(found) if found is not None else np.zeros_like(ids)


def explained(y: Array, draws: Array, carried: NDArray[np.int64]) -> float:
    """Standard deviation over the draws (D, k) of the linear fit of y (m,) on the draw that each value carries."""
    centred = draws - draws.mean(axis=0)
    x = centred[carried] - centred[carried].mean(axis=0)
    slope, _, rank, _ = np.linalg.lstsq(x, y - y.mean(), rcond=1e-8)
    if y.size <= rank + 1:
        return 0.0
    noise = float(((y - y.mean() - x @ slope) ** 2).sum()) / (y.size - rank - 1)
    own = noise * float(np.trace(np.linalg.pinv(x.T @ x, rcond=1e-8) @ centred.T @ centred)) / len(draws)
    return float(np.sqrt(max(float(np.mean((centred @ slope) ** 2)) - own, 0.0)))


def between_draws(values: Array, ids: NDArray[np.int64], disease: str) -> float:
    """Standard deviation of the patients' mean value between posterior draws; 0 for a disease without draws.

    values (m,) of patients ids (m,): regressed on the weights of the draw that each carries, the regression's own noise
    taken off. With some ten patients a draw this is several times sharper than a variance between draws.
    """
    draws = weights(disease)
    return 0.0 if draws is None else explained(values, draws, draw_of(ids, disease))
