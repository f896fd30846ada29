"""One trial's numbers for one endpoint at one week: arms and published contrasts, out of rows of the tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from baxis.evidence.intervals import level_of, quantile
from baxis.evidence.meta.classes import drug_class

# Statistics of an arm that can be compared with the same of another arm; the first where arms have both.
BY_ARM = ("proportion", "mean_change")
NAN = float("nan")


@dataclass(frozen=True)
class ArmResult:
    """One arm's result: size, value (proportion or mean change) and standard error; nan = unknown.

    `fault` says what is wrong with the error or interval as given; `parts` are the arms that were pooled into it."""

    arm_id: str
    role: str
    drug: str
    drug_class: str
    n: float
    value: float
    se: float
    fault: str = ""
    parts: tuple[ArmResult, ...] = ()

    @property
    def events(self) -> float:
        """Number of responders: proportion x n, to the nearest person."""
        return float(np.rint(self.value * self.n))

    @property
    def each(self) -> tuple[ArmResult, ...]:
        """The arms that were pooled into this one, else itself."""
        return self.parts or (self,)


@dataclass(frozen=True)
class PublishedContrast:
    """A published contrast of one arm: value, interval, its level, standard error, comparator arm if named."""

    arm_id: str
    versus: str
    statistic: str
    unit: str
    value: float
    ci_low: float
    ci_high: float
    level: float
    se: float


def spread_fault(value: float, low: float, high: float, se: float) -> str:
    """What is wrong with a standard error, or with an interval where there is none; "" when nothing is."""
    if se == se:
        return "" if se > 0 else "a standard error of 0" if se == 0 else f"a negative standard error ({se:g})"
    if not (low == low and high == high):
        return ""
    said = f"interval {low:g} to {high:g}"
    if low > high:
        return f"its {said} is upside down"
    if low == high:
        return f"its {said} has no width"
    return "" if value != value or low <= value <= high else f"its {said} does not hold its value {value:g}"


def read_arms(rows: Sequence[dict[str, Any]], known: dict[str, Any]) -> tuple[list[ArmResult], list[PublishedContrast]]:
    """Arms with a number and published contrasts; `known` are the trial's rows of arms.csv by arm. An arm that has
    only a contrast still is an arm, without a value."""
    statistic = _statistic(rows)
    found: dict[str, ArmResult] = {}
    published: list[PublishedContrast] = []
    for r in rows:
        if r["arm_id"] not in known:
            continue
        if r["statistic"] == statistic:
            found.setdefault(r["arm_id"], _arm(r, known[r["arm_id"]]))
        elif r["statistic"] not in BY_ARM:
            numbers = (r["value"], r["ci_low"], r["ci_high"], level_of(r), r["se"])
            published.append(PublishedContrast(r["arm_id"], r["versus"], r["statistic"], r["unit"], *numbers))
    for p in published:
        for arm_id in (p.arm_id, p.versus):
            if arm_id in known and arm_id not in found:
                a = known[arm_id]
                found[arm_id] = ArmResult(
                    arm_id=arm_id, role=a.role, drug=a.drug, drug_class=drug_class(a.drug), n=a.n, value=NAN, se=NAN
                )
    return list(found.values()), published


def _statistic(rows: Iterable[dict[str, Any]]) -> str:
    """The one statistic by which the arms are compared: that of most rows."""
    count = Counter(r["statistic"] for r in rows if r["statistic"] in BY_ARM)
    return max(BY_ARM, key=lambda s: (count[s], -BY_ARM.index(s)))


def _arm(row: dict[str, Any], arm: Any) -> ArmResult:
    n = row["n"] if row["n"] == row["n"] else arm.n
    low, high, se = row["ci_low"], row["ci_high"], row["se"]
    fault = spread_fault(row["value"], low, high, se)
    if se != se and low < high:
        se = (high - low) / (2 * quantile(level_of(row)))
    return ArmResult(
        arm_id=row["arm_id"],
        role=arm.role,
        drug=arm.drug,
        drug_class=drug_class(arm.drug),
        n=n,
        value=row["value"],
        se=NAN if fault else se,
        fault=fault,
    )
