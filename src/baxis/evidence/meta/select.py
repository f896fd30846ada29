"""Comparisons of randomised trials for a meta-analysis, out of the evidence tables.

Takes each trial's result for the endpoint at its primary week (else the nearest or last one), matches active
arms to their control, joins arms of one drug class and names every trial that cannot be used, with the reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from baxis.core import library
from baxis.core.errors import InvalidValue, UnknownName
from baxis.evidence.meta.arms import ArmResult, PublishedContrast, read_arms
from baxis.evidence.meta.classes import base_class
from baxis.evidence.meta.controls import cohorts, control_of
from baxis.evidence.meta.effects import LeftOut
from baxis.evidence.store.rules import GROUP

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
        if self.week is not None and not 0 <= self.week < float("inf"):
            raise InvalidValue("--week", self.week, "a week from 0 on")


@dataclass(frozen=True)
class EndpointResults:
    """Results of one trial for one endpoint at one week."""

    trial_id: str
    disease: str
    role: str
    year: float
    phase: str
    background: str
    population: str
    week: float
    arms: tuple[ArmResult, ...]
    published: tuple[PublishedContrast, ...]
    instrument: str = ""
    other_instruments: tuple[str, ...] = ()


@dataclass(frozen=True)
class Comparison:
    """Active arm (or arms of one class joined) against a control (or control arms pooled), in one trial.

    `published` are its contrasts, `partial` those against one of several control arms only, which are not used."""

    trial: EndpointResults
    label: str
    drug: str
    drug_class: str
    active: tuple[ArmResult, ...]
    control: ArmResult
    published: tuple[PublishedContrast, ...] = field(default=())
    partial: tuple[PublishedContrast, ...] = field(default=())

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
        found, without_control = compare(result, query)
        comparisons += found
        left_out += without_control
    return Selection(query, tuple(comparisons), tuple(left_out))


def check_names(evidence: Evidence, query: Query) -> None:
    """Unknown endpoint, disease or role is an error that names the nearest."""
    outcomes = evidence.frames["outcomes"]
    endpoints = set(outcomes["endpoint"])
    if query.endpoint not in endpoints:
        raise UnknownName("endpoint", query.endpoint, endpoints)
    groups = set(outcomes.loc[outcomes["endpoint"] == query.endpoint, "subgroup"])
    if not query.subgroup and query.subgroup not in groups:
        only = "one of the subgroups that report it: " + ", ".join(sorted(groups))
        raise InvalidValue(f"subgroup of {query.endpoint}", "all patients", only, "name one with --subgroup")
    if query.subgroup not in groups:
        raise UnknownName(f"subgroup of {query.endpoint}", query.subgroup, groups - {""})
    trials = evidence.frames["trials"]
    for disease in query.diseases:
        if disease not in set(trials["disease"]):
            raise UnknownName("disease", disease, set(trials["disease"]))
    for role in query.roles or ():
        if role not in {*trials["role"], "calibration", "validation", "context"}:
            raise UnknownName("trial role", role, {*trials["role"], "calibration", "validation", "context"})


def results(evidence: Evidence, query: Query, left_out: list[LeftOut]) -> Iterable[EndpointResults]:
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


def _trial_result(trial, week: float, rows, arms) -> EndpointResults:  # type: ignore[no-untyped-def]
    real = arms[~arms["arm_label"].str.startswith(GROUP)] if arms is not None else None
    by_id = {a.arm_id: a for a in real.itertuples()} if real is not None else {}
    instrument = ""
    count = Counter(i for i in rows["instrument"] if i)
    if count:  # one instrument for a trial, so that arms are compared on one scale: that of most rows
        instrument = min(count, key=lambda i: (-count[i], i))
        rows = rows[rows["instrument"] == instrument] if len(count) > 1 else rows
    found, published = read_arms(rows.to_dict("records"), by_id)
    return EndpointResults(
        trial_id=trial.trial_id, disease=trial.disease, role=trial.role, year=trial.year, phase=trial.phase, background=trial.background,
        population=trial.population, week=week, arms=_without_repeats(trial.trial_id, found), published=tuple(published), instrument=instrument,
        other_instruments=tuple(sorted(set(count) - {instrument})),
    )  # fmt: skip


def _without_repeats(trial_id: str, arms: list[ArmResult]) -> tuple[ArmResult, ...]:
    """Drop an arm that only repeats patients of other arms which have a number too."""
    barred = exclusions()
    present = {a.arm_id for a in arms if a.value == a.value}
    kept = []
    for arm in arms:
        others = barred.get((trial_id, arm.arm_id), ("", ()))[1]
        if not any(o in present for o in others):
            kept.append(arm)
    return tuple(kept)


def compare(result: EndpointResults, query: Query) -> tuple[list[Comparison], list[LeftOut]]:
    """Comparisons of one trial with their controls, and what of it has none, with the reason."""
    controls = [a for a in result.arms if a.role == "placebo"]
    if not controls and query.control == "any":
        controls = _named_controls(result)
    if not controls:
        return [], [LeftOut(result.trial_id, _no_control(result, query))]
    active = [a for a in result.arms if a not in controls]
    if not active:
        return [], [LeftOut(result.trial_id, "only the control arm reports it")]
    by_cohort = cohorts(controls, active)
    groups: dict[tuple[str, str], tuple[ArmResult, list[ArmResult]]] = {}
    left_out: list[LeftOut] = []
    for arm in active:
        control = control_of(arm, controls, by_cohort, result.published)
        if isinstance(control, str):
            left_out.append(LeftOut(f"{result.trial_id} {arm.arm_id}", control))
            continue
        cls = base_class(arm.drug_class) if query.arms == "class" else arm.arm_id
        groups.setdefault((control.arm_id, cls), (control, []))[1].append(arm)
    several = len(groups) > 1
    made = [_comparison(result, control, arms, several) for control, arms in groups.values()]
    used = {c.arm_id for made_one in made for c in made_one.control.each}
    idle = sorted(c.arm_id for c in controls if by_cohort and c.arm_id not in used)
    left_out += [LeftOut(f"{result.trial_id} {c}", "no active arm of its cohort reports it") for c in idle]
    return made, left_out


def _no_control(result: EndpointResults, query: Query) -> str:
    if query.control == "placebo":
        return "no placebo arm reports it"
    others = sorted(a.arm_id for a in result.arms if a.role == "comparator")
    if len(others) > 1:
        return f"several comparator arms ({', '.join(others)}), none of which a contrast names as the control"
    return "no control arm reports it"


def _comparison(result: EndpointResults, control: ArmResult, arms: list[ArmResult], several: bool) -> Comparison:
    drugs = ", ".join(dict.fromkeys(a.drug for a in arms))
    label = f"{result.trial_id} {'/'.join(a.arm_id for a in arms)}" if several else result.trial_id
    ids = {a.arm_id for a in arms}
    own = tuple(p for p in result.published if p.arm_id in ids and p.versus in ("", control.arm_id))
    parts = {c.arm_id for c in control.parts}
    partial = tuple(p for p in result.published if p.arm_id in ids and p.versus in parts)
    cls = without(base_class(arms[0].drug_class), base_class(control.drug_class))
    return Comparison(
        trial=result,
        label=label,
        drug=drugs,
        drug_class=cls,
        active=tuple(arms),
        control=control,
        published=own,
        partial=partial,
    )


def without(active: str, control: str) -> str:
    """Class under test: parts of a combination that the control arm has too are background."""
    shared = set(control.split(" + "))
    return " + ".join(p for p in active.split(" + ") if p not in shared) or active


def _named_controls(result: EndpointResults) -> list[ArmResult]:
    """Without placebo: the arms that others are compared with, else the only comparator."""
    named = {p.versus for p in result.published if p.versus}
    found = [a for a in result.arms if a.arm_id in named]
    comparators = [a for a in result.arms if a.role == "comparator"]
    return found or (comparators if len(comparators) == 1 and len(result.arms) > 1 else [])
