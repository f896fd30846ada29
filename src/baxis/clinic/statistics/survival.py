"""Time-to-event statistics: Kaplan-Meier with its interval, log-rank test, hazard ratio by Cox's partial likelihood.

Kaplan and Meier 1958 (doi:10.1080/01621459.1958.10501452); Greenwood's variance on the log-minus-log scale, Kalbfleisch
and Prentice; log-rank, Peto 1972 (doi:10.2307/2344317); ties, Efron 1977 (doi:10.1080/01621459.1977.10480613).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from baxis.core import streams
from baxis.core.errors import InvalidValue

Array = NDArray[np.float64]
NEWTON_STEPS = 40
FLAT = 12.0  # |log hazard ratio| at which an arm without events is stopped


@dataclass(frozen=True, eq=False)
class Times:
    """Follow-up of each patient: time (n,) in days, event (n,) true where the event came, false where censored."""

    time: Array
    event: NDArray[np.bool_]

    def __post_init__(self) -> None:
        if self.time.shape != self.event.shape or (self.time.size and not np.all(self.time >= 0)):
            raise InvalidValue("times to event", f"{self.time.shape} times", "one non-negative time for each patient")

    def take(self, keep: NDArray[np.bool_]) -> Times:
        """Only some patients."""
        return Times(self.time[keep], self.event[keep])


def rate_influence(times: Times) -> Array:
    """Influence (n,) of each patient on the log event rate of its arm: events over person-time, first order."""
    events, followed = max(float(times.event.sum()), 0.5), float(times.time.sum())
    return np.asarray(times.time.size * (times.event / events - times.time / followed))


def pool(arms: Sequence[Times]) -> Times:
    """Several arms as one."""
    return Times(np.concatenate([a.time for a in arms]), np.concatenate([a.event for a in arms]))


@dataclass(frozen=True, eq=False)
class Curve:
    """Kaplan-Meier estimate: day (k,) of the events, survival (k,) after each, interval, and number at risk before."""

    day: Array
    survival: Array
    low: Array
    high: Array
    at_risk: NDArray[np.int64]

    def at(self, day: float) -> float:
        """Survival at a day (1 before the first event)."""
        k = int(np.searchsorted(self.day, day, side="right"))
        return 1.0 if k == 0 else float(self.survival[k - 1])


@dataclass(frozen=True)
class HazardRatio:
    """Hazard ratio of one arm against another, with its interval; log and its standard error."""

    value: float
    low: float
    high: float
    log: float
    se: float


def kaplan_meier(times: Times, level: float = 0.95) -> Curve:
    """Survival curve with pointwise interval at `level`."""
    days = np.unique(times.time[times.event])
    at_risk = np.array([(times.time >= d).sum() for d in days], dtype=np.int64)
    died = np.array([(times.event & (times.time == d)).sum() for d in days], dtype=float)
    survival: Array = np.asarray(np.cumprod(1.0 - died / np.maximum(at_risk, 1)), dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        greenwood = np.cumsum(died / (at_risk * np.maximum(at_risk - died, 0.0)))
        se = np.sqrt(greenwood) / np.abs(np.log(survival))
        z = scipy.special.ndtri(0.5 + level / 2)
        low, high = survival ** np.exp(z * se), survival ** np.exp(-z * se)
    ends = survival <= 0.0
    return Curve(days, survival, np.where(ends, 0.0, low), np.where(ends, 0.0, high), at_risk)


def _table(active: Times, control: Times) -> tuple[Array, Array, Array, Array]:
    """At each event time: events of both arms and of the active one, at risk in the active and in the control arm."""
    time = np.concatenate([active.time, control.time])
    event = np.concatenate([active.event, control.event])
    days = np.unique(time[event])
    risk1 = active.time.size - np.searchsorted(np.sort(active.time), days, side="left")
    risk0 = control.time.size - np.searchsorted(np.sort(control.time), days, side="left")
    d1 = _count(active, days)
    return d1 + _count(control, days), d1, risk1.astype(float), risk0.astype(float)


def _count(times: Times, days: Array) -> Array:
    died = np.sort(times.time[times.event])
    return (np.searchsorted(died, days, "right") - np.searchsorted(died, days, "left")).astype(float)


def log_rank(active: Times, control: Times) -> tuple[float, float]:
    """(chi-square on one degree of freedom, p) of the log-rank test of two arms; (0, 1) without any event."""
    d, d1, r1, r0 = _table(active, control)
    r = r1 + r0
    expected = d * r1 / r
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.where(r > 1, d * r1 * r0 * (r - d) / (r * r * np.maximum(r - 1, 1)), 0.0).sum()
    if variance <= 0:
        return 0.0, 1.0
    chi2 = float((d1 - expected).sum() ** 2 / variance)
    return chi2, float(scipy.special.erfc(np.sqrt(chi2 / 2.0)))


def hazard_ratio(active: Times, control: Times, level: float = 0.95) -> HazardRatio:
    """Cox hazard ratio of active against control, Efron's ties, Wald interval at `level`.

    An arm without events has no finite estimate: the value then stands at exp(+-FLAT) or nan (no event in either),
    with an interval from 0 to infinity.
    """
    table = _table(active, control)
    if not active.event.any() or not control.event.any():
        log = np.nan if not (active.event.any() or control.event.any()) else -FLAT if control.event.any() else FLAT
        return HazardRatio(float(np.exp(log)), 0.0, float("inf"), float(log), float("inf"))
    beta = 0.0
    for _ in range(NEWTON_STEPS):
        score, information = _efron(beta, table)
        step = float(np.clip(score / max(information, 1e-12), -1.0, 1.0))
        beta = float(np.clip(beta + step, -FLAT, FLAT))
        if abs(step) < 1e-10:
            break
    if abs(beta) >= FLAT:  # every event of one arm lies before the other arm's first: no maximum
        return HazardRatio(float(np.exp(beta)), 0.0, float("inf"), beta, float("inf"))
    se = float(1.0 / np.sqrt(_efron(beta, table)[1]))
    z = float(scipy.special.ndtri(0.5 + level / 2))
    with np.errstate(over="ignore"):
        low, high = np.exp(beta - z * se), np.exp(beta + z * se)
    return HazardRatio(float(np.exp(beta)), float(low), float(high), float(beta), se)


def _efron(beta: float, table: tuple[Array, Array, Array, Array]) -> tuple[float, float]:
    """Score and information of the log hazard ratio, ties by Efron."""
    score = information = 0.0
    w = np.exp(beta)
    for d, d1, r1, r0 in zip(*table, strict=True):
        share = np.arange(d) / d
        one = w * (r1 - share * d1)
        p = one / (one + r0 - share * (d - d1))
        score += d1 - float(p.sum())
        information += float((p * (1 - p)).sum())
    return score, information


def replicate_log_hazard_ratio(
    active: Times,
    control: Times,
    sizes: tuple[int, int],
    stream: tuple[int, str],
    replicates: int = 4000,
    spread: float = 0.0,
) -> Array:
    """Log hazard ratios that trials of `sizes` (active, control) patients would report, (replicates,).

    The error of a trial is that of its expected number of events, 1/d1 + 1/d0, to which the simulation's own is added;
    half an event stands in for none. stream: (seed, purpose). spread: sd of the log ratio by parameter uncertainty.
    """
    ratio = hazard_ratio(active, control)
    if not np.isfinite(ratio.log):
        return np.full(replicates, np.nan)
    variance = spread**2
    log = ratio.log
    if not np.isfinite(ratio.se):  # one arm has no event: half an event in its place
        log = float(np.log((active.event.sum() + 0.5) * control.time.sum()))
        log -= float(np.log((control.event.sum() + 0.5) * active.time.sum()))
    for times, n in ((active, sizes[0]), (control, sizes[1])):
        own = max(float(times.event.sum()), 0.5)
        variance += 1.0 / own + 1.0 / max(n * own / times.time.size, 0.5)
    seed, purpose = stream
    return np.asarray(log + np.sqrt(variance) * streams.generator(seed, purpose).standard_normal(replicates))
