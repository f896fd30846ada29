"""Meta-analysis: effect sizes, pooling, meta-regression, funnel asymmetry and networks."""

from typing import Any

from baxis.core.names import newer
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
from baxis.evidence.meta.network.contrasts import Contrast, from_contrasts
from baxis.evidence.meta.network.data import ArmCount, ArmMean, from_counts, from_means
from baxis.evidence.meta.network.inconsistency import Decomposition, Split, decompose, league, split
from baxis.evidence.meta.network.pooled import RelativeEffects, network, p_scores
from baxis.evidence.meta.network.study import NetworkData, StudyContrasts
from baxis.evidence.meta.pool import Pooled, Pooling, PredictedEffect, Subgroups, pool, subgroups, variance_explained
from baxis.evidence.meta.tables import TablePool, mantel_haenszel, peto

__all__ = [
    "SCALES", "ArmCount", "ArmMean", "Contrast", "Counts", "Decomposition", "Effects", "Egger", "LeftOut",
    "NetworkData", "Pooled", "Pooling", "PredictedEffect", "RelativeEffects", "Split", "StudyContrasts", "Subgroups",
    "TablePool", "binary", "decompose", "egger", "from_contrasts", "from_counts", "from_means", "generic", "league",
    "mantel_haenszel", "mean_difference", "network", "p_scores", "peto", "pool", "ratio", "split", "subgroups",
    "variance_explained",
]  # fmt: skip
_RENAMED = {
    "Network": "RelativeEffects",
    "Options": "Pooling",
    "Prediction": "PredictedEffect",
    "Study": "StudyContrasts",
}  # old name: name now


def __getattr__(name: str) -> Any:
    now = newer(__name__, name, _RENAMED)
    if now not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return globals()[now]
