"""Activities of the axis' signatures in expression data: mean standardised expression of each gene set, with nulls.

Expression is put on a log2 scale (counts become log2 counts per million plus one), each gene is standardised,
and a sample's activity is the mean over the signature's genes (a case's own: by the reference's mean and spread), or the
score of a method of decoupler. Cases against a reference: difference of the mean activities, null by permuting who is a
case, which keeps the genes' correlation. One sample: null of random gene sets of the same size among genes of like
expression (decoupler: its own), which does not keep it and is therefore a screen only.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from baxis.core import streams
from baxis.core.errors import InvalidValue
from baxis.insight.omics import scorers as omics_scorers
from baxis.insight.omics.expression import read, signatures

Array = NDArray[np.float64]
PERMUTATIONS, LEAST_GENES, LEAST_SAMPLES, BINS = 2000, 5, 3, 10
NOTICE = "For research use only: not for decisions about a patient."


@dataclass(frozen=True, eq=False)
class Activities:
    """table: one row a signature (genes found, difference from the reference, p, q); samples: activity of each sample."""

    table: pd.DataFrame
    samples: pd.DataFrame
    recipe: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Plain data; what was not scored becomes null."""
        clean = {n: getattr(self, n).astype(object).where(getattr(self, n).notna(), None) for n in ("table", "samples")}
        return {n: t.to_dict("records") for n, t in clean.items()} | {"recipe": self.recipe}


def omics(
    file: str | Path, reference: str | Path | None = None, seed: int = 1, scorer: str = omics_scorers.OWN
) -> Activities:
    """Activities of expression in a CSV (genes x samples, first column HGNC symbols) or .h5ad (samples x genes).

    reference: a second file of healthy or untreated samples, measured alike. scorer: `mean`, or a method of decoupler
    (`omics_scorers`), whose own p stands for the single samples. Raises InvalidValue or Unsupported.
    """
    omics_scorers.known(scorer)
    if seed < 0:
        raise InvalidValue("seed", seed, "a whole number of at least 0")
    cases, scale, notes = read(Path(file))
    controls = None
    if reference is not None:
        controls, other, more_notes = read(Path(reference))
        notes += more_notes
        if other != scale:
            raise InvalidValue("reference", other, f"the scale of the cases ({scale})")
        cases, controls = cases.align(controls, join="inner", axis=0)
    both = cases if controls is None else pd.concat([cases, controls], axis=1)
    if both.shape[1] < LEAST_SAMPLES or (
        controls is not None and min(cases.shape[1], controls.shape[1]) < LEAST_SAMPLES
    ):
        raise InvalidValue("samples", both.shape[1], f"at least {LEAST_SAMPLES} in each group")
    base = both if controls is None else controls
    both = both[(both.std(axis=1) > 0) & (base.std(axis=1) > 0)]
    groups = Groups(both, cases.shape[1], base.loc[both.index], (seed, scorer))
    rows: list[dict[str, Any]] = []
    samples: list[dict[str, Any]] = []
    for _, part in signatures().groupby("signature", sort=False):
        groups.score(part, rows, samples)
    table = pd.DataFrame(rows)
    table["q"] = adjusted(table["p"].to_numpy(dtype=np.float64))
    recipe = {"genes": len(both), "cases": cases.shape[1], "reference": both.shape[1] - cases.shape[1]}
    more = {
        "scale": scale,
        "scorer": scorer,
        "permutations": PERMUTATIONS,
        "seed": seed,
        "notice": NOTICE,
        "read": list(notes),
    }
    return Activities(table, pd.DataFrame(samples), recipe | more)


def compared(file: str | Path, reference: str | Path | None = None, seed: int = 1) -> pd.DataFrame:
    """Rank correlation over samples of decoupler's scorers with the mean, one row a signature. Raises as `omics`."""
    return omics_scorers.agreement({s: omics(file, reference, seed, s).samples for s in omics_scorers.SCORERS})


class Groups:
    """Standardised expression: pooled (genes, samples) for the groups, by the base samples (genes, cases) for each case."""

    def __init__(self, both: pd.DataFrame, cases: int, base: pd.DataFrame, more: tuple[int, str]) -> None:
        self.genes, self.names = both.index, list(both.columns[:cases])
        self.seed, self.scorer = more
        self.is_case = np.arange(both.shape[1]) < cases
        self.level = both.mean(axis=1).to_numpy()
        self.pooled = both.sub(both.mean(axis=1), axis=0).div(both.std(axis=1), axis=0).to_numpy()
        own = both.iloc[:, :cases].sub(base.mean(axis=1), axis=0)
        self.single = own.div(base.std(axis=1), axis=0).to_numpy()

    def found(self, part: pd.DataFrame) -> NDArray[np.intp]:
        """Places of a signature's genes."""
        where = self.genes.get_indexer(pd.Index(part["gene"]))
        return where[where >= 0]

    def score(self, part: pd.DataFrame, rows: list[dict[str, Any]], samples: list[dict[str, Any]]) -> None:
        """Add one signature's row, and one row for each case."""
        name = str(part["signature"].iloc[0])
        where = self.found(part)
        row = {"signature": name, "label": part["label"].iloc[0], "genes": where.size, "of": len(part)}
        group, own = np.full(self.is_case.size, np.nan), np.full(len(self.names), np.nan)
        p = own
        if _enough(where.size, len(part)):
            group, own, p = self._mean(where, name) if self.scorer == omics_scorers.OWN else self._other[name]
        rows.append(row | against(group, self.is_case, (self.seed, name)))
        each = zip(self.names, own, p, strict=True)
        samples += [{"sample": s, "signature": name, "activity": float(a), "p": float(q)} for s, a, q in each]

    def _mean(self, where: NDArray[np.intp], name: str) -> tuple[Array, Array, Array]:
        """Activity of all samples, of each case, and p of the latter."""
        p = alone(self.single, self.level, where, (self.seed, name))
        return self.pooled[where].mean(axis=0), self.single[where].mean(axis=0), p

    @cached_property
    def _other(self) -> dict[str, tuple[Array, Array, Array]]:
        """The same by a method of decoupler, for every signature with enough genes."""
        parts = [p for _, p in signatures().groupby("signature", sort=False) if _enough(self.found(p).size, len(p))]
        if not parts:
            return {}
        sets = pd.concat(parts)
        group, _ = omics_scorers.scored(self.scorer, pd.DataFrame(self.pooled, index=self.genes), sets)
        own, p = omics_scorers.scored(self.scorer, pd.DataFrame(self.single, index=self.genes), sets)
        return {str(n): (group.loc[n].to_numpy(), own.loc[n].to_numpy(), p.loc[n].to_numpy()) for n in group.index}


def _enough(found: int, of: int) -> bool:
    return found >= max(LEAST_GENES, of / 2)


def against(activity: Array, is_case: NDArray[np.bool_], stream: tuple[int, str]) -> dict[str, float]:
    """Difference of mean activity between cases and reference, and its two-sided p by permuted labels."""
    if is_case.all() or not np.isfinite(activity).all():
        return {"difference": np.nan, "p": np.nan}
    source = streams.generator(stream[0], f"omics labels {stream[1]}")
    order = source.permuted(np.tile(is_case, (PERMUTATIONS, 1)), axis=1)
    k, m = int(is_case.sum()), int((~is_case).sum())
    null = (order @ activity) / k - (~order @ activity) / m
    seen = float(activity[is_case].mean() - activity[~is_case].mean())
    extreme = int((np.abs(null) >= abs(seen) - 1e-12).sum())
    return {"difference": seen, "p": (1 + extreme) / (1 + PERMUTATIONS)}


def alone(z: Array, level: Array, where: NDArray[np.int64], stream: tuple[int, str]) -> Array:
    """Two-sided p of each sample (n,) for genes `where`, against random sets from the same tenths of expression."""
    source = streams.generator(stream[0], f"omics genes {stream[1]}")
    tenth = np.argsort(np.argsort(level, kind="stable"), kind="stable") * BINS // level.size
    picks = np.stack([source.choice(np.flatnonzero(tenth == tenth[g]), PERMUTATIONS) for g in where])
    null = sum((z[row] for row in picks), np.zeros((PERMUTATIONS, z.shape[1]))) / where.size
    seen = z[where].mean(axis=0)
    return np.asarray((1.0 + (np.abs(null) >= np.abs(seen)).sum(axis=0)) / (1.0 + PERMUTATIONS))


def adjusted(p: Array) -> Array:
    """Benjamini-Hochberg q of the values that are numbers (doi:10.1111/j.2517-6161.1995.tb02031.x)."""
    from scipy.stats import false_discovery_control

    out, known = np.full(p.size, np.nan), np.isfinite(p)
    out[known] = false_discovery_control(p[known]) if known.any() else []
    return out
