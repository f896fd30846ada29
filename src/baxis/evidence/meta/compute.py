"""From selected comparisons to effects on a scale, naming what cannot be computed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np

from baxis.core.errors import InvalidValue
from baxis.evidence.intervals import quantile
from baxis.evidence.meta.arms import NAN, ArmResult, PublishedContrast, spread_fault
from baxis.evidence.meta.effects import BINARY_SCALES, Counts, Effects, LeftOut, binary, check_scale, generic
from baxis.evidence.meta.select import Comparison, Selection

RATIO_OF = {"OR": "odds_ratio", "RR": "risk_ratio", "HR": "hazard_ratio", "RATE": "rate_ratio"}


def effects_of(selection: Selection, scale: str = "RD") -> tuple[Effects, tuple[Comparison, ...]]:
    """Effects of the comparisons on `scale` and the comparisons that gave one, in the same order.

    A control shared by several comparisons of one trial is divided among those that give an effect (Cochrane
    Handbook 23.3.4), so that nobody counts twice. Binary scales use arm counts, else a published contrast on the
    same scale with its interval.
    """
    scale = check_scale(scale)
    left_out = list(selection.left_out)
    whole: list[Comparison] = []
    for c in selection.comparisons:
        made = one_effect(c, scale)
        if isinstance(made, str):
            left_out.append(LeftOut(c.label, made))
        else:
            left_out += made.left_out
            whole += [c] if len(made) else []
    shares = Counter(_control(c) for c in whole)
    parts: list[tuple[Comparison, Effects]] = []
    for c in whole:
        made = one_effect(c, scale, shares[_control(c)])
        if isinstance(made, str) or not len(made):
            left_out.append(LeftOut(c.label, made if isinstance(made, str) else "no effect with a part of its control"))
        else:
            parts.append((c, made))
    used = tuple(c for c, _ in parts)
    notes = [n for _, e in parts for n in e.notes] + _notes(used, shares)
    return _joined([e for _, e in parts], scale, left_out, notes), used


def _control(c: Comparison) -> tuple[str, str]:
    return c.trial.trial_id, c.control.arm_id


def _notes(used: tuple[Comparison, ...], shares: Counter[tuple[str, str]]) -> list[str]:
    """What was done to the trials: controls pooled or divided, one of several instruments taken."""
    notes = []
    for c in {c.trial.trial_id + "|" + c.control.arm_id: c for c in used}.values():
        trial, arm = _control(c)
        if c.control.parts:
            notes.append(f"{trial}: control arms {', '.join(a.arm_id for a in c.control.parts)} pooled")
        if shares[trial, arm] > 1:
            notes.append(f"{trial}: control {arm} divided among {shares[trial, arm]} comparisons")
    for t in {c.trial.trial_id: c.trial for c in used}.values():
        if t.other_instruments:
            notes.append(f"{t.trial_id}: measured by {t.instrument}; also reports {', '.join(t.other_instruments)}")
    return notes


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
    return Effects(labels=labels, y=y, v=v, scale=scale, counts=counts, left_out=tuple(left_out), notes=tuple(notes))


def one_effect(c: Comparison, scale: str, share: int = 1) -> Effects | str:
    """Effect of one comparison, or the reason why there is none. `share`: comparisons sharing the control."""
    by_arms = _from_counts if scale in BINARY_SCALES else _from_means if scale in ("MD", "SMD") else None
    made = by_arms(c, scale, share) if by_arms else ""
    if not isinstance(made, str):
        return made
    published = _from_published(c, scale, share)
    if not isinstance(published, str):
        return published
    return "; ".join(x for x in (made, published) if x)


def _arms(c: Comparison) -> tuple[ArmResult, ...]:
    return (*c.active, *c.control.each)


def _named(arms: Iterable[ArmResult]) -> str:
    return ", ".join(a.arm_id for a in arms)


def size_fault(arms: Iterable[ArmResult]) -> str:
    """What is wrong with the sizes of arms, "" when nothing is."""
    arms = tuple(arms)
    if unknown := [a for a in arms if a.n != a.n]:
        return f"arm size unknown ({_named(unknown)})"
    if empty := [a for a in arms if a.n <= 0]:
        return "arm size " + ", ".join(f"{a.n:g} ({a.arm_id})" for a in empty)
    return ""


def count_fault(arms: Iterable[ArmResult]) -> str:
    """Why arms have no counts of responders, "" when they have."""
    arms = tuple(arms)
    if odd := [a for a in arms if a.value == a.value and not 0 <= a.value <= 1]:
        return "not a proportion: " + ", ".join(f"{a.value:g} ({a.arm_id})" for a in odd)
    return size_fault(arms)


def mean_fault(arms: Iterable[ArmResult]) -> str:
    """Why arms have no means with standard errors, "" when they have."""
    arms = tuple(arms)
    if wrong := [a for a in arms if a.fault]:
        return "; ".join(f"{a.fault} ({a.arm_id})" for a in wrong)
    if bare := [a for a in arms if a.se != a.se]:
        return f"no standard error or interval of the means ({_named(bare)})"
    return ""


def _from_counts(c: Comparison, scale: str, share: int) -> Effects | str:
    arms = _arms(c)
    if any(a.value != a.value for a in arms):
        return "no response rate by arm"
    if why := count_fault(arms):
        return why
    e0, n0 = c.control.events / share, c.control.n / share
    return binary(Counts.of([c.label], [c.events1], [c.n1], [e0], [n0]), scale)


def _from_means(c: Comparison, scale: str, share: int) -> Effects | str:
    arms = _arms(c)
    if any(a.value != a.value for a in arms):
        return "no mean by arm"
    if why := mean_fault(arms):
        return why
    mixed = c.active if len(c.active) > 1 else ()
    if why := size_fault((*mixed, *c.control.parts)):
        return f"{why}, so that arms cannot be joined"
    if scale == "SMD":
        return size_fault(arms) or _standardised(c, share)
    mean1, se1 = joined_mean(c.active)
    v = se1**2 + share * c.control.se**2
    return generic([c.label], [mean1 - c.control.value], [np.sqrt(v)], "MD")


def joined_mean(arms: tuple[ArmResult, ...]) -> tuple[float, float]:
    """Mean of several arms, each by its size, and its standard error."""
    if len(arms) == 1:
        return arms[0].value, arms[0].se
    w = np.array([a.n for a in arms])
    w = w / w.sum()
    return float(np.sum(w * [a.value for a in arms])), float(
        np.sqrt(np.sum(w**2 * np.array([a.se for a in arms]) ** 2))
    )


def _standardised(c: Comparison, share: int) -> Effects | str:
    arms = _arms(c)
    if few := [a for a in arms if a.n <= 1]:
        return f"arm size 1 has no standard deviation ({_named(few)})"
    n = np.array([a.n for a in arms])
    sd2 = np.array([a.se for a in arms]) ** 2 * n
    df = float(np.sum(n - 1))
    pooled = float(np.sqrt(np.sum((n - 1) * sd2) / df))
    g = (1 - 3 / (4 * df - 1)) * (joined_mean(c.active)[0] - c.control.value) / pooled
    n1, n0 = c.n1, c.control.n / share
    return generic([c.label], [g], [np.sqrt(1 / n1 + 1 / n0 + g**2 / (2 * (n1 + n0)))], "SMD")


def _from_published(c: Comparison, scale: str, share: int) -> Effects | str:
    """A published contrast on the scale, or why there is none; several arms of one class are averaged by their size."""
    if scale == "SMD":
        return ""
    wanted = RATIO_OF.get(scale, "difference")
    rows, why = _wanted_rows(c, scale, wanted)
    if why:
        return why
    made = [published_effect(p, scale) for p in rows]
    size = {a.arm_id: a.n for a in c.active}
    n = np.array([size[p.arm_id] for p in rows])
    if len(rows) == 1:
        # a control shared by k comparisons: s2 (1/n + 1/n0) becomes s2 (1/n + k/n0), at n = n0
        y, v = made[0]
        return generic([c.label], [y], [np.sqrt(v * (1 + share) / 2 if share > 1 else v)], scale)
    if why := size_fault(_arms(c)):
        return f"{why}, so that the contrasts of its arms cannot be joined"
    # var_i = s2 (1/n_i + 1/n_0): take s2 from each arm, then the variance of the joined arms
    s2 = float(np.mean([v / (1 / m + 1 / c.control.n) for (_, v), m in zip(made, n, strict=True)]))
    y = float(np.sum(n * [m[0] for m in made]) / np.sum(n))
    return generic([c.label], [y], [np.sqrt(s2 * (1 / n.sum() + share / c.control.n))], scale)


def _wanted_rows(c: Comparison, scale: str, wanted: str) -> tuple[list[PublishedContrast], str]:
    """Published contrasts of every active arm on the scale, or the reason why they cannot be used."""
    name = wanted.replace("_", " ")
    rows = [p for p in c.published if p.statistic == wanted]
    faults = {p.arm_id: contrast_fault(p, scale) for p in rows}
    if bad := {a: f for a, f in faults.items() if f}:
        return [], "; ".join(f"published {name} of {a}: {f}" for a, f in bad.items())
    missing = [a.arm_id for a in c.active if a.arm_id not in faults]
    if not missing:
        return list({p.arm_id: p for p in rows}.values()), ""
    if any(p.statistic == wanted for p in c.partial):
        against = ", ".join(sorted({p.versus for p in c.partial}))
        return [], f"the published {name} is against single control arms ({against}) of several"
    of = f" of {', '.join(missing)}" if len(missing) < len(c.active) else ""
    return [], f"no published {name}{of}"


def contrast_fault(p: PublishedContrast, scale: str) -> str:
    """Why a published contrast cannot enter on this scale, "" when it can."""
    if scale == "RD" and p.unit != "fraction":
        return f"in {p.unit or 'no unit'}, not as a fraction"
    if scale == "MD" and p.unit in ("fraction", ""):
        return "without a unit" if not p.unit else "a difference of fractions"
    has_interval = p.ci_low == p.ci_low and p.ci_high == p.ci_high
    if scale in RATIO_OF:
        if not p.value > 0:
            return f"a ratio of {p.value:g} has no logarithm"
        if not has_interval:
            return "no interval"
        return f"interval {p.ci_low:g} to {p.ci_high:g} is not above 0" if p.ci_low <= 0 else _spread(p, NAN)
    return _spread(p, p.se) if has_interval or p.se == p.se else "no standard error or interval"


def _spread(p: PublishedContrast, se: float) -> str:
    return spread_fault(p.value, p.ci_low, p.ci_high, se)


def published_effect(p: PublishedContrast, scale: str) -> tuple[float, float]:
    """Estimate and variance of a published contrast (ratios: of the logarithm). Raises `InvalidValue` where
    `contrast_fault` finds one."""
    if why := contrast_fault(p, scale):
        raise InvalidValue(p.arm_id, why, "a contrast with a spread")
    z = 2 * quantile(p.level)
    if scale in RATIO_OF:
        return float(np.log(p.value)), float((np.log(p.ci_high / p.ci_low) / z) ** 2)
    if p.se == p.se:
        return p.value, p.se**2
    return p.value, float(((p.ci_high - p.ci_low) / z) ** 2)
