"""Effect sizes of two-arm comparisons: counts, means or a published ratio -> estimate and sampling variance.

Formulas: Cochrane Handbook 6.4 (2 x 2 tables), Hedges 1981 with the exact gamma correction (standardised mean
difference, its large-sample variance), Borenstein 2009 chapter 4. Conventions follow metafor's `escalc`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from baxis.core.errors import InvalidValue, UnknownName

Vector = NDArray[np.floating[Any]]

BINARY_SCALES = ("RD", "RR", "OR")
LOG_SCALES = ("RR", "OR", "HR", "RATE")
SCALES = (*BINARY_SCALES, "HR", "RATE", "MD", "SMD")
SCALE_NAMES = {
    "RD": "risk difference",
    "RR": "risk ratio",
    "OR": "odds ratio",
    "HR": "hazard ratio",
    "RATE": "rate ratio",
    "MD": "mean difference",
    "SMD": "standardised mean difference",
}


@dataclass(frozen=True)
class LeftOut:
    """A study that an analysis could not use, and why."""

    label: str
    reason: str


@dataclass(frozen=True, eq=False)
class Counts:
    """2 x 2 tables, one per study: events and sizes, index 1 = treated, 0 = control. All of shape (k,)."""

    labels: tuple[str, ...]
    e1: Vector
    n1: Vector
    e0: Vector
    n0: Vector

    @classmethod
    def of(cls, labels: Sequence[str], e1: ArrayLike, n1: ArrayLike, e0: ArrayLike, n0: ArrayLike) -> Counts:
        """Checked constructor. Raises `InvalidValue` where events are negative or exceed the arm."""
        a, b, c, d = (np.asarray(x, dtype=float).reshape(-1) for x in (e1, n1, e0, n0))
        if not len(labels) == len(a) == len(b) == len(c) == len(d):
            sizes = [len(labels), len(a), len(b), len(c), len(d)]
            raise InvalidValue("2 x 2 tables", sizes, "columns of one length")
        for name, events, size in (("treated", a, b), ("control", c, d)):
            bad = ~(np.isfinite(events) & np.isfinite(size) & (events >= 0) & (events <= size) & (size > 0))
            if bad.any():
                i = int(np.flatnonzero(bad)[0])
                raise InvalidValue(
                    f"{labels[i]}, {name} arm", f"{events[i]:g} of {size[i]:g}", "0 <= events <= n, n > 0"
                )
        return cls(tuple(str(x) for x in labels), a, b, c, d)

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, index: NDArray[np.bool_] | NDArray[np.intp]) -> Counts:
        """The tables at `index` (boolean mask or positions)."""
        rows = np.arange(len(self))[index]
        return Counts(tuple(self.labels[i] for i in rows), self.e1[rows], self.n1[rows], self.e0[rows], self.n0[rows])


@dataclass(frozen=True, eq=False)
class Effects:
    """Estimates `y` with sampling variances `v`, both (k,); ratios are on the log scale.

    `counts` keeps the tables (for Mantel-Haenszel and Peto), `left_out` names what could not be used and
    `notes` says what was done to a study (a continuity correction).
    """

    labels: tuple[str, ...]
    y: Vector
    v: Vector
    scale: str
    counts: Counts | None = None
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()
    groups: tuple[str, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def se(self) -> Vector:
        return np.sqrt(self.v)

    @property
    def is_log(self) -> bool:
        return self.scale in LOG_SCALES

    def take(self, index: NDArray[np.bool_] | NDArray[np.intp]) -> Effects:
        """The studies at `index`; what was left out stays named."""
        rows = np.arange(len(self))[index]
        groups = tuple(self.groups[i] for i in rows) if self.groups else ()
        counts = self.counts.take(rows) if self.counts is not None else None
        labels = tuple(self.labels[i] for i in rows)
        return replace(self, labels=labels, y=self.y[rows], v=self.v[rows], counts=counts, groups=groups)


def check_scale(scale: str, allowed: Sequence[str] = SCALES) -> str:
    """Canonical scale name, or `UnknownName`."""
    found = scale.upper()
    if found not in allowed:
        raise UnknownName("effect scale", scale, allowed)
    return found


def binary(
    counts: Counts,
    scale: str = "RD",
    *,
    correction: float = 0.5,
    correct: str = "only0",
    drop_double_zero: bool = True,
) -> Effects:
    """Risk difference, log risk ratio or log odds ratio of each table.

    A table with an empty cell gets `correction` added to all four cells (`correct="only0"`, Haldane-Anscombe;
    "all" adds it to every table, "none" to no table). Tables without any event, or without any non-event,
    in both arms say nothing about a ratio: they are left out of RR and OR, by name, unless
    `drop_double_zero` is False. On the RD scale they stay.
    """
    scale = check_scale(scale, BINARY_SCALES)
    if correct not in ("only0", "all", "none"):
        raise UnknownName("zero-cell rule", correct, ("only0", "all", "none"))
    counts, dropped = _drop_uninformative(counts, scale, drop_double_zero)
    a, b, c, d = counts.e1, counts.n1 - counts.e1, counts.e0, counts.n0 - counts.e0
    empty = (a == 0) | (b == 0) | (c == 0) | (d == 0)
    add = {"only0": correction * empty, "all": np.full(len(a), correction), "none": np.zeros(len(a))}[correct]
    notes = tuple(
        f"{name}: {x:g} added to each cell (empty cell)"
        for name, x, hit in zip(counts.labels, add, empty, strict=True)
        if hit and x > 0
    )
    y, v = _two_by_two(a + add, b + add, c + add, d + add, scale)
    usable = np.isfinite(y) & np.isfinite(v) & (v > 0)
    dropped += [
        LeftOut(n, f"{what} without a continuity correction")
        for n, ok, what in zip(counts.labels, usable, _unusable(y, scale), strict=True)
        if not ok
    ]
    kept = counts.take(usable)
    return Effects(
        labels=kept.labels, y=y[usable], v=v[usable], scale=scale, counts=kept, left_out=tuple(dropped), notes=notes
    )


def _unusable(y: Vector, scale: str) -> list[str]:
    """What keeps a table out where it cannot be used: no number, or no variance."""
    return ["a variance of 0" if ok else f"no finite {SCALE_NAMES[scale]}" for ok in np.isfinite(y)]


def _drop_uninformative(counts: Counts, scale: str, drop: bool) -> tuple[Counts, list[LeftOut]]:
    if scale == "RD" or not drop:
        return counts, []
    none = (counts.e1 == 0) & (counts.e0 == 0)
    every = (counts.e1 == counts.n1) & (counts.e0 == counts.n0)
    dropped = [LeftOut(counts.labels[i], "no event in either arm") for i in np.flatnonzero(none)]
    dropped += [LeftOut(counts.labels[i], "an event in everybody of both arms") for i in np.flatnonzero(every)]
    return counts.take(~(none | every)), dropped


def _two_by_two(a: Vector, b: Vector, c: Vector, d: Vector, scale: str) -> tuple[Vector, Vector]:
    n1, n0 = a + b, c + d
    with np.errstate(divide="ignore", invalid="ignore"):
        if scale == "OR":
            return np.log(a * d / (b * c)), 1 / a + 1 / b + 1 / c + 1 / d
        if scale == "RR":
            return np.log((a / n1) / (c / n0)), 1 / a - 1 / n1 + 1 / c - 1 / n0
        return a / n1 - c / n0, a * b / n1**3 + c * d / n0**3


def ratio(labels: Sequence[str], value: ArrayLike, interval: tuple[ArrayLike, ArrayLike], **kw: object) -> Effects:
    """Log of a published ratio (`scale` HR, RR, OR or RATE) with its interval at `level` (default 0.95)."""
    from scipy.special import ndtri

    scale = check_scale(str(kw.get("scale", "HR")), LOG_SCALES)
    level = np.asarray(kw.get("level", 0.95), dtype=float)
    est, low, high = (np.asarray(x, dtype=float).reshape(-1) for x in (value, *interval))
    if not np.all((level > 0) & (level < 1)):
        raise InvalidValue("level", level.tolist(), "a share above 0 and below 1")
    for i, name in enumerate(labels):
        if not 0 < low[i] <= est[i] <= high[i] < np.inf or low[i] == high[i]:
            got = f"{est[i]:g} ({low[i]:g} to {high[i]:g})"
            raise InvalidValue(f"{name}, {SCALE_NAMES[scale]}", got, "0 < lower <= estimate <= upper, lower < upper")
    se = np.log(high / low) / (2 * ndtri(0.5 + level / 2))
    return Effects(tuple(labels), np.log(est), se**2, scale)


def mean_difference(labels: Sequence[str], treated: ArrayLike, control: ArrayLike, scale: str = "MD") -> Effects:
    """Mean difference or Hedges' g from rows (mean, sd, n), arrays of shape (k, 3)."""
    from scipy.special import gammaln

    scale = check_scale(scale, ("MD", "SMD"))
    one, zero = np.asarray(treated, dtype=float), np.asarray(control, dtype=float)
    if one.shape != (len(labels), 3) or zero.shape != one.shape:
        raise InvalidValue("means", (one.shape, zero.shape), f"two arrays of shape ({len(labels)}, 3)")
    (m1, s1, n1), (m0, s0, n0) = one.T, zero.T
    for name, s, n in ((x, s, n) for x, s, n in zip([*labels, *labels], [*s1, *s0], [*n1, *n0], strict=True)):
        if not (s > 0 and n > 1):
            raise InvalidValue(f"{name}", f"sd {s:g}, n {n:g}", "sd > 0 and n > 1")
    if scale == "MD":
        return Effects(tuple(labels), m1 - m0, s1**2 / n1 + s0**2 / n0, scale)
    df = n1 + n0 - 2
    pooled = np.sqrt(((n1 - 1) * s1**2 + (n0 - 1) * s0**2) / df)
    exact_j = np.exp(gammaln(df / 2) - gammaln((df - 1) / 2)) / np.sqrt(df / 2)
    g = exact_j * (m1 - m0) / pooled
    return Effects(tuple(labels), g, 1 / n1 + 1 / n0 + g**2 / (2 * (n1 + n0)), scale)


def generic(labels: Sequence[str], y: ArrayLike, se: ArrayLike, scale: str = "MD") -> Effects:
    """Estimates with their standard errors (ratios: of the logarithm)."""
    est, err = np.asarray(y, dtype=float).reshape(-1), np.asarray(se, dtype=float).reshape(-1)
    bad = np.flatnonzero(~(np.isfinite(est) & np.isfinite(err) & (err > 0)))
    if len(bad):
        i = int(bad[0])
        raise InvalidValue(str(labels[i]), f"{est[i]:g} with standard error {err[i]:g}", "finite, error > 0")
    return Effects(tuple(str(x) for x in labels), est, err**2, check_scale(scale))


def concat(parts: Sequence[Effects]) -> Effects:
    """Several sets on one scale joined; tables are kept only when every part has them."""
    parts = [p for p in parts if len(p) or p.left_out]
    scales = {p.scale for p in parts}
    if len(scales) != 1:
        raise InvalidValue("effects to join", sorted(scales), "one scale")
    return Effects(
        labels=tuple(x for p in parts for x in p.labels),
        y=np.concatenate([p.y for p in parts]),
        v=np.concatenate([p.v for p in parts]),
        scale=scales.pop(),
        counts=None,
        left_out=tuple(x for p in parts for x in p.left_out),
        notes=tuple(x for p in parts for x in p.notes),
    )
