"""Comparisons of randomised trials for a meta-analysis, out of the evidence tables.

Takes each trial's result for the endpoint at its primary week (else the nearest or last one), matches active
arms to their control, joins arms of one drug class and names every trial that cannot be used, with the reason.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from baxis.core import library
from baxis.core.errors import UnknownName
from baxis.evidence.meta.classes import base_class, drug_class
from baxis.evidence.meta.effects import LeftOut

if TYPE_CHECKING:
    from baxis.evidence import Evidence

RANDOMISED = ("parallel-rct", "withdrawal-rct")


@dataclass(frozen=True)
class Query:
    """What to compare. `week` None takes the primary week; `roles` None takes every role;
    `arms` "class" joins arms of one class within a trial, "each" keeps every arm."""

    endpoint: str
    diseases: tuple[str, ...] = ()
    week: float | None = None
    subgroup: str = ""
    roles: tuple[str, ...] | None = None
    arms: str = "class"
    control: str = "placebo"

    def __post_init__(self) -> None:
        if self.arms not in ("class", "each"):
            raise UnknownName("way to take arms", self.arms, ("class", "each"))
        if self.control not in ("placebo", "any"):
            raise UnknownName("control", self.control, ("placebo", "any"))


@dataclass(frozen=True)
class Arm:
    """One arm's result: size, value (proportion or mean change) and standard error; nan = unknown."""

    arm_id: str
    role: str
    drug: str
    drug_class: str
    n: float
    value: float
    se: float

    @property
    def events(self) -> float:
        """Number of responders: proportion x n, to the nearest person."""
        return float(np.rint(self.value * self.n))


@dataclass(frozen=True)
class Published:
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


@dataclass(frozen=True)
class TrialResult:
    """Results of one trial for one endpoint at one week."""

    trial_id: str
    disease: str
    role: str
    year: float
    phase: str
    background: str
    population: str
    week: float
    arms: tuple[Arm, ...]
    published: tuple[Published, ...]
    instrument: str = ""


@dataclass(frozen=True)
class Comparison:
    """Active arm (or arms of one class joined) against a control, in one trial."""

    trial: TrialResult
    label: str
    drug: str
    drug_class: str
    active: tuple[Arm, ...]
    control: Arm
    published: tuple[Published, ...] = field(default=())

    @property
    def n1(self) -> float:
        return float(sum(a.n for a in self.active))

    @property
    def events1(self) -> float:
        return float(sum(a.events for a in self.active))


@dataclass(frozen=True)
class Selection:
    """Comparisons found for a query, and trials left out with the reason."""

    query: Query
    comparisons: tuple[Comparison, ...]
    left_out: tuple[LeftOut, ...]


def select(evidence: Evidence, query: Query) -> Selection:
    """Comparisons of all randomised trials that report the endpoint. Raises `UnknownName` for an endpoint or
    disease that the evidence does not have."""
    check_names(evidence, query)
    comparisons: list[Comparison] = []
    left_out: list[LeftOut] = []
    for result in results(evidence, query, left_out):
        found, why = compare(result, query)
        comparisons += found
        if why:
            left_out.append(LeftOut(result.trial_id, why))
    return Selection(query, tuple(comparisons), tuple(left_out))


def check_names(evidence: Evidence, query: Query) -> None:
    """Unknown endpoint, disease or role is an error that names the nearest."""
    endpoints = set(evidence.frames["outcomes"]["endpoint"])
    if query.endpoint not in endpoints:
        raise UnknownName("endpoint", query.endpoint, endpoints)
    trials = evidence.frames["trials"]
    for disease in query.diseases:
        if disease not in set(trials["disease"]):
            raise UnknownName("disease", disease, set(trials["disease"]))
    for role in query.roles or ():
        if role not in {*trials["role"], "calibration", "validation", "context"}:
            raise UnknownName("trial role", role, {*trials["role"], "calibration", "validation", "context"})


def results(evidence: Evidence, query: Query, left_out: list[LeftOut]) -> Iterable[TrialResult]:
    """Each randomised trial's numbers for the endpoint; a trial that is set aside is added to `left_out`."""
    trials, arms, outcomes = (evidence.frames[k] for k in ("trials", "arms", "outcomes"))
    rows = outcomes[(outcomes["endpoint"] == query.endpoint) & (outcomes["subgroup"] == query.subgroup)]
    by_trial = dict(tuple(rows.groupby("trial_id", sort=True)))
    arm_rows = dict(tuple(arms[arms["trial_id"].isin(list(by_trial))].groupby("trial_id")))
    barred = exclusions()
    for trial in trials[trials["trial_id"].isin(list(by_trial))].sort_values("trial_id").itertuples():
        if query.diseases and trial.disease not in query.diseases:
            continue
        if query.roles is not None and trial.role not in query.roles:
            continue
        why = barred.get((trial.trial_id, ""), ("", ()))[0]
        if not why and trial.design not in RANDOMISED:
            why = f"not randomised ({trial.design})"
        if why:
            left_out.append(LeftOut(trial.trial_id, why))
            continue
        week, own = at_week(by_trial[trial.trial_id], trial.primary_week, query.week)
        yield _trial_result(trial, week, own, arm_rows.get(trial.trial_id))


def at_week(rows, primary: float, wanted: float | None):  # type: ignore[no-untyped-def]
    """Week of the rows to use and those rows: the wanted or primary week, else the nearest, else the last."""
    weeks = sorted({float(w) for w in rows["week"] if w == w})
    if not weeks:
        return float("nan"), rows
    target = wanted if wanted is not None else primary
    week = weeks[-1] if target is None or target != target else min(weeks, key=lambda w: (abs(w - target), -w))
    return week, rows[rows["week"] == week]


def exclusions() -> dict[tuple[str, str], tuple[str, tuple[str, ...]]]:
    """(trial, arm or "") -> (reason, arms whose presence makes this one a repeat)."""
    table = library.read_table("evidence/meta_exclusions")
    return {
        (r["trial_id"], r["arm_id"]): (r["reason"], tuple(x for x in r["unless_present"].split(";") if x))
        for r in table
    }


def _trial_result(trial, week: float, rows, arms) -> TrialResult:  # type: ignore[no-untyped-def]
    by_id = {a.arm_id: a for a in arms.itertuples()} if arms is not None else {}
    instruments = [i for i in rows["instrument"].unique() if i] if "instrument" in rows else []
    if len(instruments) > 1:  # one instrument for a trial, so that arms are compared on one scale
        rows = rows[rows["instrument"] == instruments[0]]
    found: list[Arm] = []
    published: list[Published] = []
    for r in rows.itertuples():
        if r.statistic in ("proportion", "mean_change"):
            arm = by_id.get(r.arm_id)
            if arm is not None and not any(a.arm_id == r.arm_id for a in found):
                n = r.n if r.n == r.n else arm.n
                se = r.se if r.se == r.se else _se_of_interval(r.ci_low, r.ci_high, r.ci_level)
                found.append(Arm(r.arm_id, arm.role, arm.drug, drug_class(arm.drug), n, r.value, se))
        elif r.arm_id in by_id:
            level = r.ci_level if r.ci_level == r.ci_level else 0.95
            published.append(
                Published(r.arm_id, r.versus, r.statistic, r.unit, r.value, r.ci_low, r.ci_high, level, r.se)
            )
    for p in published:  # an arm that has only a contrast still is an arm
        for arm_id in (p.arm_id, p.versus):
            if arm_id in by_id and not any(a.arm_id == arm_id for a in found):
                arm = by_id[arm_id]
                cls = drug_class(arm.drug)
                found.append(Arm(arm_id, arm.role, arm.drug, cls, arm.n, float("nan"), float("nan")))
    kept = _without_repeats(trial.trial_id, found)
    instrument = instruments[0] if instruments else ""
    return TrialResult(
        trial.trial_id, trial.disease, trial.role, trial.year, trial.phase, trial.background,
        trial.population, week, kept, tuple(published), instrument,
    )  # fmt: skip


def _se_of_interval(low: float, high: float, level: float) -> float:
    from scipy.special import ndtri

    if not (low == low and high == high and high > low):
        return float("nan")
    return float((high - low) / (2 * ndtri(0.5 + (level if level == level else 0.95) / 2)))


def _without_repeats(trial_id: str, arms: list[Arm]) -> tuple[Arm, ...]:
    """Drop an arm that only repeats patients of other arms which have a number too."""
    barred = exclusions()
    present = {a.arm_id for a in arms if a.value == a.value}
    kept = []
    for arm in arms:
        others = barred.get((trial_id, arm.arm_id), ("", ()))[1]
        if not any(o in present for o in others):
            kept.append(arm)
    return tuple(kept)


def compare(result: TrialResult, query: Query) -> tuple[list[Comparison], str]:
    """Comparisons of one trial with their control, or the reason why there are none."""
    controls = [a for a in result.arms if a.role == "placebo"]
    if not controls and query.control == "any":
        controls = _named_controls(result)
    if not controls:
        return [], "no placebo arm reports it" if query.control == "placebo" else "no control arm reports it"
    groups: dict[tuple[str, str], list[Arm]] = {}
    for arm in result.arms:
        if arm in controls:
            continue
        control = matched(arm, controls)
        cls = base_class(arm.drug_class) if query.arms == "class" else arm.arm_id
        groups.setdefault((control.arm_id, cls), []).append(arm)
    if not groups:
        return [], "only the control arm reports it"
    several = len(groups) > 1
    made = [_comparison(result, c, arms, controls, several) for (c, _), arms in groups.items()]
    return made, ""


def _comparison(
    result: TrialResult, control_id: str, arms: list[Arm], controls: list[Arm], several: bool
) -> Comparison:
    control = next(a for a in controls if a.arm_id == control_id)
    drugs = ", ".join(dict.fromkeys(a.drug for a in arms))
    label = f"{result.trial_id} {'/'.join(a.arm_id for a in arms)}" if several else result.trial_id
    ids = {a.arm_id for a in arms}
    own = tuple(p for p in result.published if p.arm_id in ids and p.versus in ("", control_id))
    cls = without(base_class(arms[0].drug_class), base_class(control.drug_class))
    return Comparison(result, label, drugs, cls, tuple(arms), control, own)


def without(active: str, control: str) -> str:
    """Class under test: parts of a combination that the control arm has too are background."""
    shared = set(control.split(" + "))
    return " + ".join(p for p in active.split(" + ") if p not in shared) or active


def _named_controls(result: TrialResult) -> list[Arm]:
    """Without placebo: the arm that others are compared with, else the only comparator."""
    named = {p.versus for p in result.published if p.versus}
    found = [a for a in result.arms if a.arm_id in named]
    comparators = [a for a in result.arms if a.role == "comparator"]
    return found or (comparators if len(comparators) == 1 and len(result.arms) > 1 else [])


def matched(arm: Arm, controls: list[Arm]) -> Arm:
    """Control of an arm: where a trial has several (cohorts, routes), the one with the same prefix."""
    if len(controls) > 1 and "_" in arm.arm_id:
        prefix = arm.arm_id.split("_")[0] + "_"
        for c in controls:
            if c.arm_id.startswith(prefix):
                return c
    return controls[0]
