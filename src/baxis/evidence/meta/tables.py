"""Pooling of 2 x 2 tables without a continuity correction: Mantel-Haenszel and Peto.

Mantel & Haenszel 1959; variances: Robins, Breslow & Greenland 1986 (odds ratio), Greenland & Robins 1985
(risk ratio), Sato, Greenland & Robins 1989 (risk difference). Peto: Yusuf 1985.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from baxis.core.errors import InvalidValue
from baxis.evidence.meta.effects import Counts, LeftOut, binary, check_scale
from baxis.evidence.meta.pool import critical, two_sided


@dataclass(frozen=True)
class TablePool:
    """A common effect over tables (ratios on the log scale). `left_out` names tables without information."""

    method: str
    scale: str
    k: int
    estimate: float
    se: float
    ci_low: float
    ci_high: float
    statistic: float
    p_value: float
    q: float
    q_df: int
    left_out: tuple[LeftOut, ...]
    level: float = 0.95


def mantel_haenszel(counts: Counts, scale: str = "OR", level: float = 0.95) -> TablePool:
    """Mantel-Haenszel common odds ratio, risk ratio or risk difference."""
    scale = check_scale(scale, ("RD", "RR", "OR"))
    left_out = _silent(counts) if scale != "RD" else ()
    estimate, se = {"OR": _mh_or, "RR": _mh_rr, "RD": _mh_rd}[scale](counts)
    if not np.isfinite(estimate) or not se > 0:
        raise InvalidValue("Mantel-Haenszel", f"{scale} {estimate}", "at least one event in each group")
    q, df = _q_about(counts, scale, estimate)
    return _packed("Mantel-Haenszel", scale, counts, (estimate, se, q, df, level), left_out)


def peto(counts: Counts, level: float = 0.95) -> TablePool:
    """Peto's one-step log odds ratio; meant for rare events and arms of like size."""
    observed, expected, variance = counts.e1, *_hypergeometric(counts)
    total = float(np.sum(variance))
    if total <= 0:
        raise InvalidValue("Peto", "no table with events in some but not all", "at least one")
    estimate = float(np.sum(observed - expected)) / total
    used = variance > 0
    q = float(np.sum((observed - expected)[used] ** 2 / variance[used]) - estimate**2 * total)
    summary = (estimate, total**-0.5, q, int(used.sum()) - 1, level)
    return _packed("Peto", "OR", counts, summary, _silent(counts))


def _packed(
    method: str,
    scale: str,
    counts: Counts,
    summary: tuple[float, float, float, int, float],
    left_out: tuple[LeftOut, ...],
) -> TablePool:
    estimate, se, q, df, level = summary
    crit = critical(np.inf, level)
    z = estimate / se
    p = float(two_sided(np.array([z]), np.inf)[0])
    k = len(counts) - len(left_out)
    return TablePool(
        method=method,
        scale=scale,
        k=k,
        estimate=estimate,
        se=se,
        ci_low=estimate - crit * se,
        ci_high=estimate + crit * se,
        statistic=z,
        p_value=p,
        q=q,
        q_df=df,
        left_out=left_out,
        level=level,
    )


def _silent(counts: Counts) -> tuple[LeftOut, ...]:
    none = (counts.e1 + counts.e0) == 0
    every = (counts.e1 == counts.n1) & (counts.e0 == counts.n0)
    return tuple(
        LeftOut(name, "no event in either arm" if a else "an event in everybody of both arms")
        for name, a, b in zip(counts.labels, none, every, strict=True)
        if a or b
    )


def _cells(counts: Counts) -> tuple[np.ndarray, ...]:
    return counts.e1, counts.n1 - counts.e1, counts.e0, counts.n0 - counts.e0, counts.n1 + counts.n0


def _hypergeometric(counts: Counts) -> tuple[np.ndarray, np.ndarray]:
    total = counts.n1 + counts.n0
    events = counts.e1 + counts.e0
    expected = counts.n1 * events / total
    variance = expected * (counts.n0 / total) * (total - events) / np.maximum(total - 1, 1)
    return expected, variance


def _mh_or(counts: Counts) -> tuple[float, float]:
    a, b, c, d, n = _cells(counts)
    r, s = a * d / n, b * c / n
    p, q = (a + d) / n, (b + c) / n
    sum_r, sum_s = float(r.sum()), float(s.sum())
    if sum_r == 0 or sum_s == 0:
        return np.nan, np.nan
    var = (p * r).sum() / (2 * sum_r**2) + (q * s).sum() / (2 * sum_s**2)
    var += (p * s + q * r).sum() / (2 * sum_r * sum_s)
    return float(np.log(sum_r / sum_s)), float(np.sqrt(var))


def _mh_rr(counts: Counts) -> tuple[float, float]:
    a, _, c, _, n = _cells(counts)
    r, s = float((a * counts.n0 / n).sum()), float((c * counts.n1 / n).sum())
    if r == 0 or s == 0:
        return np.nan, np.nan
    top = float(((counts.n1 * counts.n0 * (a + c) - a * c * n) / n**2).sum())
    return float(np.log(r / s)), float(np.sqrt(top / (r * s)))


def _mh_rd(counts: Counts) -> tuple[float, float]:
    a, _, c, _, n = _cells(counts)
    w = counts.n1 * counts.n0 / n
    rd = float(((a * counts.n0 - c * counts.n1) / n).sum() / w.sum())
    p = (counts.n1**2 * c - counts.n0**2 * a + counts.n1 * counts.n0 * (counts.n0 - counts.n1) / 2) / n**2
    q = (a * (counts.n0 - c) + c * (counts.n1 - a)) / (2 * n)
    return rd, float(np.sqrt((rd * p.sum() + q.sum()) / w.sum() ** 2))


def _q_about(counts: Counts, scale: str, estimate: float) -> tuple[float, int]:
    """Heterogeneity about the pooled estimate, inverse-variance weights, empty cells corrected by one half."""
    each = binary(counts, scale)
    return float(np.sum((each.y - estimate) ** 2 / each.v)), len(each) - 1
