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


def between_draws(values: Array, draws: NDArray[np.int64]) -> float:
    """Standard deviation of an arm's mean between draws, the sampling noise within draws taken off.

    values (m,), draws (m,): one-way random effects by the method of moments; 0 for fewer than two draws.
    """
    labels, group, size = np.unique(draws, return_inverse=True, return_counts=True)
    k, m = len(labels), values.size
    if k < 2 or m <= k:
        return 0.0
    means = np.bincount(group, values) / size
    within = float(((values - means[group]) ** 2).sum()) / (m - k)
    between = float((size * (means - values.mean()) ** 2).sum()) / (k - 1)
    each = (m - float((size**2).sum()) / m) / (k - 1)
    return float(np.sqrt(max(between - within, 0.0) / each))
