"""From selected comparisons to effects on a scale, naming what cannot be computed."""

from __future__ import annotations

from collections import Counter

import numpy as np

from baxis.core.errors import InvalidValue
from baxis.evidence.meta.effects import BINARY_SCALES, Counts, Effects, LeftOut, binary, check_scale, generic
from baxis.evidence.meta.select import Comparison, Published, Selection

RATIO_OF = {"OR": "odds_ratio", "RR": "risk_ratio", "HR": "hazard_ratio", "RATE": "rate_ratio"}


def effects_of(selection: Selection, scale: str = "RD") -> tuple[Effects, tuple[Comparison, ...]]:
    """Effects of the comparisons on `scale` and the comparisons that gave one, in the same order.

    A control shared by several comparisons of one trial is divided among them (Cochrane Handbook 23.3.4).
    Binary scales use arm counts, else a published contrast on the same scale with its interval.
    """
    scale = check_scale(scale)
    shares = Counter((c.trial.trial_id, c.control.arm_id) for c in selection.comparisons)
    parts: list[tuple[Comparison, Effects]] = []
    left_out = list(selection.left_out)
    for c in selection.comparisons:
        made = one_effect(c, scale, shares[c.trial.trial_id, c.control.arm_id])
        if isinstance(made, str):
            left_out.append(LeftOut(c.label, made))
        else:
            left_out += made.left_out
            parts += [(c, made)] if len(made) else []
    notes = [n for _, e in parts for n in e.notes]
    used = tuple(c for c, _ in parts)
    notes += [
        f"{trial}: control {arm} divided among {k} comparisons"
        for (trial, arm), k in shares.items()
        if k > 1 and any((c.trial.trial_id, c.control.arm_id) == (trial, arm) for c in used)
    ]
    return _joined([e for _, e in parts], scale, left_out, notes), used


def _joined(parts: list[Effects], scale: str, left_out: list[LeftOut], notes: list[str]) -> Effects:
    y = np.array([e.y[0] for e in parts])
    v = np.array([e.v[0] for e in parts])
    counts = None
    tables = [e.counts for e in parts]
    if parts and all(t is not None for t in tables):
        counts = Counts(
            tuple(t.labels[0] for t in tables if t), *(
                np.array([getattr(t, k)[0] for t in tables if t]) for k in ("e1", "n1", "e0", "n0")
            )
        )  # fmt: skip
    labels = tuple(e.labels[0] for e in parts)
    return Effects(labels, y, v, scale, counts, tuple(left_out), tuple(notes))


def one_effect(c: Comparison, scale: str, share: int = 1) -> Effects | str:
    """Effect of one comparison, or the reason why there is none. `share`: comparisons sharing the control."""
    if scale in BINARY_SCALES:
        made = _from_counts(c, scale, share)
        return made if not isinstance(made, str) else (_from_published(c, scale, share) or made)
    if scale in ("MD", "SMD"):
        made = _from_means(c, scale, share)
        return made if not isinstance(made, str) else (_from_published(c, scale, share) or made)
    return _from_published(c, scale, share) or f"no {RATIO_OF[scale].replace('_', ' ')} with an interval"


def _from_counts(c: Comparison, scale: str, share: int) -> Effects | str:
    arms = (*c.active, c.control)
    if any(a.value != a.value for a in arms):
        return "no response rate by arm, and no published contrast on this scale"
    if any(not 0 <= a.value <= 1 for a in arms):
        return "not a proportion"
    if any(a.n != a.n or a.n <= 0 for a in arms):
        missing = ", ".join(a.arm_id for a in arms if a.n != a.n)
        return f"arm size unknown ({missing})"
    e0, n0 = c.control.events / share, c.control.n / share
    return binary(Counts.of([c.label], [c.events1], [c.n1], [e0], [n0]), scale)


def _from_means(c: Comparison, scale: str, share: int) -> Effects | str:
    arms = (*c.active, c.control)
    if any(a.value != a.value for a in arms):
        return "no mean by arm, and no published difference with an interval"
    if any(a.se != a.se or a.se <= 0 for a in arms):
        return "no standard error or interval of the means"
    if scale == "SMD" and any(a.n != a.n or a.n <= 1 for a in arms):
        return "arm size unknown"
    w = np.array([a.n if a.n == a.n else 1.0 for a in c.active])
    w = w / w.sum()
    mean1 = float(np.sum(w * [a.value for a in c.active]))
    v1 = float(np.sum(w**2 * np.array([a.se for a in c.active]) ** 2))
    diff, v = mean1 - c.control.value, v1 + share * c.control.se**2
    if scale == "MD":
        return generic([c.label], [diff], [np.sqrt(v)], "MD")
    n = np.array([a.n for a in arms])
    sd2 = np.array([a.se for a in arms]) ** 2 * n
    pooled = float(np.sqrt(np.sum((n - 1) * sd2) / np.sum(n - 1)))
    df = float(np.sum(n - 1))
    g = (1 - 3 / (4 * df - 1)) * diff / pooled
    n1, n0 = c.n1, c.control.n / share
    return generic([c.label], [g], [np.sqrt(1 / n1 + 1 / n0 + g**2 / (2 * (n1 + n0)))], "SMD")


def _from_published(c: Comparison, scale: str, share: int) -> Effects | None:
    """A published contrast on the scale; several arms of one class are averaged by their size."""
    if scale == "SMD" or (share > 1 and len(c.published) == 0):
        return None
    wanted = RATIO_OF.get(scale, "difference")
    rows = [p for p in c.published if p.statistic == wanted and usable(p, scale)]
    if {p.arm_id for p in rows} != {a.arm_id for a in c.active}:
        return None
    rows = list({p.arm_id: p for p in rows}.values())
    made = [published_effect(p, scale) for p in rows]
    size = {a.arm_id: a.n for a in c.active}
    n = np.array([size[p.arm_id] for p in rows])
    if len(rows) == 1:
        # a control shared by k comparisons: s2 (1/n + 1/n0) becomes s2 (1/n + k/n0), at n = n0
        y, v = made[0]
        return generic([c.label], [y], [np.sqrt(v * (1 + share) / 2 if share > 1 else v)], scale)
    if np.any(np.isnan(n)) or not c.control.n > 0:
        return None
    # var_i = s2 (1/n_i + 1/n_0): take s2 from each arm, then the variance of the joined arms
    s2 = float(np.mean([v / (1 / m + 1 / c.control.n) for (_, v), m in zip(made, n, strict=True)]))
    y = float(np.sum(n * [m[0] for m in made]) / np.sum(n))
    return generic([c.label], [y], [np.sqrt(s2 * (1 / n.sum() + share / c.control.n))], scale)


def usable(p: Published, scale: str) -> bool:
    """A contrast with a spread, in a unit that fits the scale."""
    has_interval = p.ci_low == p.ci_low and p.ci_high == p.ci_high and p.ci_high > p.ci_low
    if (scale == "RD" and p.unit != "fraction") or (scale == "MD" and p.unit in ("fraction", "")):
        return False
    if scale in RATIO_OF:
        return has_interval and p.ci_low > 0
    return has_interval or (p.se == p.se and p.se > 0)


def published_effect(p: Published, scale: str) -> tuple[float, float]:
    """Estimate and variance of a published contrast (ratios: of the logarithm)."""
    from scipy.special import ndtri

    z = 2 * float(ndtri(0.5 + p.level / 2))
    if scale in RATIO_OF:
        if p.value <= 0:
            raise InvalidValue(p.arm_id, p.value, "a positive ratio")
        return float(np.log(p.value)), float((np.log(p.ci_high / p.ci_low) / z) ** 2)
    if p.se == p.se and p.se > 0:
        return p.value, p.se**2
    return p.value, float(((p.ci_high - p.ci_low) / z) ** 2)
