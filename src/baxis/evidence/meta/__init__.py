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
from baxis.evidence.meta.network.contrasts import Contrast, from_contrasts
from baxis.evidence.meta.network.data import ArmCount, ArmMean, from_counts, from_means
from baxis.evidence.meta.network.inconsistency import Decomposition, Split, decompose, league, split
from baxis.evidence.meta.network.pooled import Network, network, p_scores
from baxis.evidence.meta.network.study import NetworkData, Study
from baxis.evidence.meta.pool import Options, Pooled, Prediction, Subgroups, pool, subgroups, variance_explained
from baxis.evidence.meta.tables import TablePool, mantel_haenszel, peto

__all__ = [
    "SCALES", "ArmCount", "ArmMean", "Contrast", "Counts", "Decomposition", "Effects", "Egger", "LeftOut",
    "Network", "NetworkData", "Options", "Pooled", "Prediction", "Split", "Study", "Subgroups", "TablePool",
    "binary", "decompose", "egger", "from_contrasts", "from_counts", "from_means", "generic", "league",
    "mantel_haenszel", "mean_difference", "network", "p_scores", "peto", "pool", "ratio", "split", "subgroups",
    "variance_explained",
]  # fmt: skip
