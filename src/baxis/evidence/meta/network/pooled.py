"""Network meta-analysis: contrast-based generalised least squares with correct multi-arm covariance.

Consistency model y = X d + study effects, cov = S + tau2 * 0.5 (I + J) within a study (Higgins & Whitehead
1996); tau2 by the method of moments (Jackson 2012, as netmeta does), restricted likelihood or none.
Inconsistency: decomposition of Q by design (Krahn 2013; Higgins 2012), direct against indirect evidence
(back-calculation, Dias 2010). Ranking: P-scores (Ruecker & Schwarzer 2015).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from baxis.core import names
from baxis.core.errors import InvalidValue, UnknownName
from baxis.evidence.meta.effects import LeftOut
from baxis.evidence.meta.network.data import NetworkData, StudyContrasts
from baxis.evidence.meta.pool import FIXED, critical

Vector = NDArray[np.floating[Any]]
MODELS = ("DL", "REML", "FE")


@dataclass(frozen=True, eq=False)
class JointContrasts:
    """All contrasts (m,), block covariance (m, m), heterogeneity structure (m, m) and design matrix (m, p)."""

    y: Vector
    cov: Vector
    shape: Vector
    x: Vector


@dataclass(frozen=True, eq=False)
class RelativeEffects:
    """Fitted network. `effect[i, j]` is treatment i - treatment j, `se` its standard error, both (t, t)."""

    scale: str
    model: str
    level: float
    treatments: tuple[str, ...]
    reference: str
    effect: Vector
    se: Vector
    tau2: float
    q: float
    q_df: int
    q_p: float
    data: NetworkData
    left_out: tuple[LeftOut, ...]

    @property
    def i2(self) -> float:
        """Share of variability beyond chance in per cent, from Q."""
        return max(0.0, 100 * (self.q - self.q_df) / self.q) if self.q > 0 else 0.0

    def row(self, treatment: str, versus: str | None = None) -> tuple[float, float, float]:
        """Estimate and interval of treatment against `versus` (default: the reference)."""
        i, j = self._at(treatment), self._at(versus or self.reference)
        half = critical(np.inf, self.level) * self.se[i, j]
        return float(self.effect[i, j]), float(self.effect[i, j] - half), float(self.effect[i, j] + half)

    def _at(self, treatment: str) -> int:
        if treatment not in self.treatments:
            raise UnknownName("treatment of the network", treatment, self.treatments)
        return self.treatments.index(treatment)


def known_model(model: str) -> str:
    """The name of a network model, or `UnknownName`."""
    return names.known("network model", model, MODELS, FIXED, "fixed effect: FE; random effects: DL or REML")


def network(
    data: NetworkData, model: str = "DL", *, reference: str | None = None, level: float = 0.95
) -> RelativeEffects:
    """Fit the consistency model. A network in several pieces is refused unless `reference` picks its piece;
    studies of the other pieces are then left out by name."""
    from scipy.special import chdtrc

    known_model(model)
    data = connected(data, reference)
    treatments = tuple(sorted({t for s in data.studies for t in s.treatments}))
    reference = reference or most_connected(data)
    stack = stacked(data.studies, consistency_columns(data.studies, treatments, reference))
    tau2 = heterogeneity(stack, model)
    beta, cov = gls(stack, tau2)
    effect, se = _all_pairs(treatments, reference, beta, cov)
    q, df = q_statistic(stack, 0.0), len(stack.y) - stack.x.shape[1]
    p = float(chdtrc(df, q)) if df else float("nan")
    return RelativeEffects(
        scale=data.scale,
        model=model,
        level=level,
        treatments=treatments,
        reference=reference,
        effect=effect,
        se=se,
        tau2=tau2,
        q=q,
        q_df=df,
        q_p=p,
        data=data,
        left_out=data.left_out,
    )


def connected(data: NetworkData, reference: str | None) -> NetworkData:
    """The piece of the network that holds `reference`; the rest is named in `left_out`."""
    import networkx as nx

    if not data.studies:
        why = "; ".join(f"{x.label}: {x.reason}" for x in data.left_out[:6])
        raise InvalidValue("network", "no study", "two or more treatments compared in a study", why)
    graph = nx.Graph()
    for s in data.studies:
        nx.add_path(graph, s.treatments)
    pieces = sorted(nx.connected_components(graph), key=lambda c: (-len(c), sorted(c)))
    if reference is not None and reference not in graph:
        raise UnknownName("reference treatment", reference, graph.nodes)
    if len(pieces) == 1:
        return data
    listed = " | ".join(", ".join(sorted(c)) for c in pieces)
    if reference is None:
        raise InvalidValue("network", f"{len(pieces)} pieces: {listed}", "one piece", "name a reference")
    keep = next(c for c in pieces if reference in c)
    dropped = [LeftOut(s.label, f"not connected with {reference}") for s in data.studies if s.treatments[0] not in keep]
    inside = tuple(s for s in data.studies if s.treatments[0] in keep)
    return NetworkData(inside, data.scale, (*data.left_out, *dropped), data.notes)


def most_connected(data: NetworkData) -> str:
    """Placebo where there is one, else the treatment of most studies (first by name)."""
    count: dict[str, int] = {}
    for s in data.studies:
        for t in s.treatments:
            count[t] = count.get(t, 0) + 1
    placebo = [t for t in count if t.casefold().startswith("placebo")]
    return min(placebo or count, key=lambda t: (-count[t], t))


def consistency_columns(studies: tuple[StudyContrasts, ...], treatments: tuple[str, ...], reference: str) -> Vector:
    """Rows: contrasts; columns: treatments other than the reference."""
    columns = {t: i for i, t in enumerate(x for x in treatments if x != reference)}
    rows = []
    for s in studies:
        for t in s.treatments[1:]:
            row = np.zeros(len(columns))
            for name, sign in ((t, 1.0), (s.treatments[0], -1.0)):
                if name in columns:
                    row[columns[name]] += sign
            rows.append(row)
    return np.array(rows)


def design_columns(studies: tuple[StudyContrasts, ...]) -> Vector:
    """Design-by-treatment model: each design has contrasts of its own."""
    columns: dict[tuple[tuple[str, ...], str], int] = {}
    for s in studies:
        for t in s.design[1:]:
            columns.setdefault((s.design, t), len(columns))
    rows = []
    for s in studies:
        for t in s.treatments[1:]:
            row = np.zeros(len(columns))
            for name, sign in ((t, 1.0), (s.treatments[0], -1.0)):
                if name != s.design[0]:
                    row[columns[s.design, name]] += sign
            rows.append(row)
    return np.array(rows)


def stacked(studies: tuple[StudyContrasts, ...], x: Vector) -> JointContrasts:
    """Contrasts of all studies one under another."""
    m = sum(len(s.y) for s in studies)
    y, cov, shape = np.concatenate([s.y for s in studies]), np.zeros((m, m)), np.zeros((m, m))
    at = 0
    for s in studies:
        block = slice(at, at + len(s.y))
        cov[block, block] = s.cov
        shape[block, block] = 0.5 * (np.eye(len(s.y)) + 1)
        at += len(s.y)
    return JointContrasts(y, cov, shape, x)


def gls(stack: JointContrasts, tau2: float) -> tuple[Vector, Vector]:
    """Coefficients and their covariance."""
    w = np.linalg.inv(stack.cov + tau2 * stack.shape)
    cov = np.linalg.inv(stack.x.T @ w @ stack.x)
    return cov @ (stack.x.T @ (w @ stack.y)), cov


def q_statistic(stack: JointContrasts, tau2: float) -> float:
    """Generalised Q: weighted residual sum of squares."""
    beta, _ = gls(stack, tau2)
    r = stack.y - stack.x @ beta
    return float(r @ np.linalg.solve(stack.cov + tau2 * stack.shape, r))


def heterogeneity(stack: JointContrasts, model: str) -> float:
    """tau2 of the stacked contrasts; 0 when no degree of freedom is left."""
    df = len(stack.y) - stack.x.shape[1]
    if model == "FE" or df <= 0:
        return 0.0
    w = np.linalg.inv(stack.cov)
    wx = w @ stack.x
    p = w - wx @ np.linalg.solve(stack.x.T @ wx, wx.T)
    moment = max(0.0, (q_statistic(stack, 0.0) - df) / float(np.trace(p @ stack.shape)))
    return moment if model == "DL" else _reml(stack, moment)


def _reml(stack: JointContrasts, start: float) -> float:
    from scipy.optimize import minimize_scalar

    def loss(tau2: float) -> float:
        v = stack.cov + tau2 * stack.shape
        xtx = stack.x.T @ np.linalg.solve(v, stack.x)
        logs = np.linalg.slogdet(v)[1] + np.linalg.slogdet(xtx)[1]
        return float(logs + q_statistic(stack, tau2))

    high = 10 * max(start, float(np.var(stack.y)), 1e-6)
    grid = np.concatenate([[0.0], np.geomspace(high * 1e-7, high, 60)])
    values = [loss(t) for t in grid]
    best = int(np.argmin(values))
    if best == 0:
        return 0.0
    ends = (grid[best - 1], grid[min(best + 1, len(grid) - 1)])
    found = minimize_scalar(loss, bounds=ends, method="bounded", options={"xatol": 1e-10 * high})
    return float(found.x) if found.fun < values[0] else 0.0


def _all_pairs(treatments: tuple[str, ...], reference: str, beta: Vector, cov: Vector) -> tuple[Vector, Vector]:
    keep = [i for i, t in enumerate(treatments) if t != reference]
    t = len(treatments)
    d, full = np.zeros(t), np.zeros((t, t))
    d[keep], full[np.ix_(keep, keep)] = beta, cov
    var = np.diag(full)[:, None] + np.diag(full)[None, :] - 2 * full
    return d[:, None] - d[None, :], np.sqrt(np.maximum(var, 0.0))


def p_scores(net: RelativeEffects, small_is_good: bool = False) -> Mapping[str, float]:
    """Mean certainty that a treatment beats another one (0 to 1), best first."""
    from scipy.special import ndtr

    t = len(net.treatments)
    off = ~np.eye(t, dtype=bool)
    z = np.divide(net.effect, net.se, out=np.zeros((t, t)), where=off)
    beats = ndtr(-z if small_is_good else z)
    score = np.where(off, beats, 0.0).sum(axis=1) / (t - 1)
    order = sorted(range(t), key=lambda i: (-score[i], net.treatments[i]))
    return {net.treatments[i]: float(score[i]) for i in order}
