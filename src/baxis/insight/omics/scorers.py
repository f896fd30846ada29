"""Scorers of signatures other than the mean: the linear models and the z-score of decoupler (doi:10.1093/bioadv/vbac016).

`decoupler-ulm` regresses a sample's genes on membership of one signature, `decoupler-mlm` on all signatures at once, so
that genes that two sets share are not counted twice, `decoupler-zscore` compares the signature's mean with the mean of
all genes. Extra: omics.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm, spearmanr, t

from baxis.core.errors import InvalidValue, Unsupported

Array = NDArray[np.float64]
OWN = "mean"
DECOUPLER = ("decoupler-ulm", "decoupler-mlm", "decoupler-zscore")
SCORERS = (OWN, *DECOUPLER)


def known(scorer: str) -> str:
    """The scorer's name. Raises InvalidValue, or Unsupported where decoupler is not installed."""
    if scorer not in SCORERS:
        raise InvalidValue("scorer", scorer, f"one of {', '.join(SCORERS)}")
    if scorer != OWN:
        _decoupler()
    return scorer


def scored(scorer: str, z: pd.DataFrame, sets: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Activities and two-sided p of each sample, both (signatures, samples by place), by a method of decoupler.

    z: standardised expression (genes, samples); sets: rows signature, gene, only of signatures with enough genes. p are
    the method's own, not adjusted; they take the genes as independent, so that they are a screen only.
    """
    name = scorer.removeprefix("decoupler-")
    z = z.set_axis([str(k) for k in range(z.shape[1])], axis=1)  # decoupler orders by names that are text
    net = pd.DataFrame({"source": sets["signature"], "target": sets["gene"], "weight": 1.0})
    score = getattr(_decoupler().mt, name)(z.T, net, tmin=1)[0]
    score = score.reindex(columns=list(dict.fromkeys(sets["signature"])), index=z.columns).T
    free = len(z) - 2 if name == "ulm" else len(z) - 1 - score.shape[0]
    tail = norm.sf(score.abs()) if name == "zscore" else t.sf(score.abs(), free)
    return score, pd.DataFrame(2 * tail, index=score.index, columns=score.columns)


def agreement(samples: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Spearman correlation over samples of each scorer's activity with the mean's, one row a signature.

    samples: scorer -> table with sample, signature, activity; `mean` among them. Not scored: not a number.
    """
    wide = {k: s.pivot(index="sample", columns="signature", values="activity") for k, s in samples.items()}
    own = wide.pop(OWN)
    rows = [
        {"signature": name, **{k: float(spearmanr(own[name], w[name]).statistic) for k, w in wide.items()}}
        for name in dict.fromkeys(samples[OWN]["signature"])
    ]
    return pd.DataFrame(rows)


def _decoupler():  # type: ignore[no-untyped-def]
    try:
        import decoupler
    except ImportError:
        raise Unsupported("the scorers of decoupler need it: pip install 'baxis[omics]'") from None
    return decoupler
