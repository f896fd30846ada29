"""Meta-analysis: effect sizes, pooling, meta-regression, funnel asymmetry and networks."""

from baxis.evidence.meta.bias import Egger, egger
from baxis.evidence.meta.effects import (
    SCALES,
    Counts,
    Effects,
    LeftOut,
    binary,
    generic,
    mean_difference,
    ratio,
)
from baxis.evidence.meta.pool import Options, Pooled, Prediction, Subgroups, pool, subgroups, variance_explained
from baxis.evidence.meta.tables import TablePool, mantel_haenszel, peto

__all__ = [
    "SCALES", "Counts", "Effects", "Egger", "LeftOut", "Options", "Pooled", "Prediction", "Subgroups",
    "TablePool", "binary", "egger", "generic", "mantel_haenszel", "mean_difference", "peto", "pool", "ratio",
    "subgroups", "variance_explained",
]  # fmt: skip
