"""Does the network agree with itself? Q by design, design-by-treatment model, direct against indirect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from baxis.evidence.meta.network.data import StudyContrasts
from baxis.evidence.meta.network.pooled import (
    RelativeEffects,
    consistency_columns,
    design_columns,
    heterogeneity,
    q_statistic,
    stacked,
)
from baxis.evidence.meta.pool import critical, two_sided

Vector = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class QRow:
    """A part of Cochran's Q."""

    name: str
    q: float
    df: int
    p_value: float


@dataclass(frozen=True)
class Decomposition:
    """Q of the whole network, within designs (heterogeneity), between designs (inconsistency), by design;
    `random` is the between-designs Q under the design-by-treatment model with its tau2 within designs."""

    total: QRow
    within: QRow
    between: QRow
    by_design: tuple[QRow, ...]
    random: QRow
    tau2_within: float


def decompose(net: RelativeEffects) -> Decomposition:
    """Design-based decomposition of Q (Krahn 2013) and the design-by-treatment test (Higgins 2012)."""
    studies = net.data.studies
    consistent = stacked(studies, consistency_columns(studies, net.treatments, net.reference))
    designs = stacked(studies, design_columns(studies))
    df_within = len(designs.y) - designs.x.shape[1]
    within = _row("within designs", q_statistic(designs, 0.0) if df_within else 0.0, df_within)
    between = _row("between designs", max(net.q - within.q, 0.0), net.q_df - df_within)
    tau2 = heterogeneity(designs, "DL")
    gap = q_statistic(consistent, tau2) - (q_statistic(designs, tau2) if df_within else 0.0)
    random = _row("between designs, random effects", max(gap, 0.0), between.df)
    total = _row("total", net.q, net.q_df)
    return Decomposition(total, within, between, _by_design(studies), random, tau2)


def _row(name: str, q: float, df: int) -> QRow:
    from scipy.special import chdtrc

    return QRow(name, q, df, float(chdtrc(df, q)) if df > 0 else float("nan"))


def _by_design(studies: tuple[StudyContrasts, ...]) -> tuple[QRow, ...]:
    rows = []
    for design in dict.fromkeys(s.design for s in studies):
        same = tuple(s for s in studies if s.design == design)
        if len(same) > 1:
            part = stacked(same, design_columns(same))
            rows.append(_row(" : ".join(design), q_statistic(part, 0.0), len(part.y) - part.x.shape[1]))
    return tuple(rows)


@dataclass(frozen=True)
class Split:
    """Direct and indirect evidence on one comparison (treatment - versus) and the test of their difference."""

    treatment: str
    versus: str
    studies: int
    network: float
    direct: float
    direct_se: float
    indirect: float
    indirect_se: float
    p_value: float


def split(net: RelativeEffects) -> tuple[Split, ...]:
    """Direct against indirect evidence for each comparison made in a study (back-calculation).

    The direct estimate pools the studies that made the comparison at the network's tau2. Where a
    comparison has no indirect evidence, the indirect columns are nan.
    """
    rows = []
    pairs = sorted({(a, b) for s in net.data.studies for i, a in enumerate(s.design) for b in s.design[i + 1 :]})
    for versus, treatment in pairs:
        rows.append(_split_one(net, treatment, versus))
    return tuple(rows)


def _split_one(net: RelativeEffects, treatment: str, versus: str) -> Split:
    found = [_pair(s, treatment, versus) for s in net.data.studies]
    y, v = (np.array(x) for x in zip(*[f for f in found if f is not None], strict=True))
    w = 1 / (v + net.tau2)
    direct, var_d = float(np.sum(w * y) / np.sum(w)), float(1 / np.sum(w))
    i, j = net.treatments.index(treatment), net.treatments.index(versus)
    d, var_n = float(net.effect[i, j]), float(net.se[i, j] ** 2)
    rest = 1 / var_n - 1 / var_d
    if rest <= 1e-9 / var_n:
        return Split(
            treatment=treatment,
            versus=versus,
            studies=len(y),
            network=d,
            direct=direct,
            direct_se=var_d**0.5,
            indirect=np.nan,
            indirect_se=np.nan,
            p_value=np.nan,
        )
    indirect = (d / var_n - direct / var_d) / rest
    z = (direct - indirect) / np.sqrt(var_d + 1 / rest)
    p = float(two_sided(np.array([z]), np.inf)[0])
    return Split(
        treatment=treatment,
        versus=versus,
        studies=len(y),
        network=d,
        direct=direct,
        direct_se=var_d**0.5,
        indirect=indirect,
        indirect_se=rest**-0.5,
        p_value=p,
    )


def _pair(study: StudyContrasts, treatment: str, versus: str) -> tuple[float, float] | None:
    if treatment not in study.treatments or versus not in study.treatments:
        return None
    weights = np.zeros(len(study.y))
    for name, sign in ((treatment, 1.0), (versus, -1.0)):
        at = study.treatments.index(name)
        if at:
            weights[at - 1] += sign
    return float(weights @ study.y), float(weights @ study.cov @ weights)


def league(net: RelativeEffects) -> list[list[tuple[float, float, float] | None]]:
    """League table: row against column, (estimate, lower, upper); None on the diagonal.

    Order of rows and columns: `net.treatments`.
    """
    crit = critical(np.inf, net.level)
    table: list[list[tuple[float, float, float] | None]] = []
    for i in range(len(net.treatments)):
        row: list[tuple[float, float, float] | None] = []
        for j in range(len(net.treatments)):
            d, s = float(net.effect[i, j]), float(net.se[i, j])
            row.append(None if i == j else (d, d - crit * s, d + crit * s))
        table.append(row)
    return table
