"""Decisions at visits: rules that change a patient's therapy, judged by what was recorded, and the arm run in stages.

The engine goes on to the next visit at which a rule is judged; the instrument records everybody; the rules that fire end
and begin courses; the rest of the arm is planned again and the engine goes on. A patient who dropped out, or whose
simulation failed, takes part in no decision.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from baxis import axis, engine
from baxis.clinic.conduct.arm_run import ArmRun, failure
from baxis.clinic.conduct.happenings import dropout_visit
from baxis.clinic.design.design import Arm, Design, Switch
from baxis.clinic.instruments.base import at_most
from baxis.clinic.therapy.courses import Intake, begun, of_arm
from baxis.clinic.therapy.decisions import Decision, rules
from baxis.clinic.therapy.regimen import plan

if TYPE_CHECKING:
    from baxis.clinic.conduct.laboratory import Laboratory
    from baxis.clinic.instruments import Instrument, Visits
    from baxis.clinic.people.population import Population

Array = NDArray[np.float64]
Outputs = dict[str, Array]


def fires(rule: Switch, tool: Instrument, visits: Visits, outputs: Outputs, k: int) -> NDArray[np.bool_]:
    """(n,): the rule's condition holds at visit k. outputs: the model's observables (n, T) at the visits."""
    if rule.measure is not None:
        known = rule.measure in visits.measures
        info = None if known else axis.outputs()[rule.measure]
        value = visits[rule.measure][:, k] if info is None else info.measured(outputs[rule.measure][:, k])
        above = value > (-np.inf if rule.above is None else rule.above)
        return np.asarray(above & (value < (np.inf if rule.below is None else rule.below)))
    if rule.endpoint is not None:
        response = (tool.endpoint(rule.endpoint)(visits, k) > 0.5) & ~tool.failed(visits)[:, k]
        return np.asarray(response if rule.when == "response" else ~response)
    share = 1.0 - (rule.improvement or 0.0)
    improved = [at_most(visits[m][:, k], share * visits[m][:, 1]) for m in rule.measures]
    return np.asarray(np.all(improved, axis=0) if rule.when == "response" else ~np.any(improved, axis=0))


def decision_days(design: Design, arm: Arm, days: Array) -> Array:
    """Visits after baseline and before the last at which some rule is judged."""
    asked = np.zeros(days.size, dtype=bool)
    for rule, _ in rules(design, arm):
        asked |= _judged_on(rule, days)
    asked[-1] = False
    return days[asked]


def _judged_on(rule: Switch, days: Array) -> NDArray[np.bool_]:
    last = rule.week if rule.until is None else rule.until
    return np.asarray((days >= rule.week * 7.0 - 1e-9) & (days <= last * 7.0 + 1e-9))


@dataclass(eq=False)
class _Arm:
    """An arm under way."""

    lab: Laboratory
    arm: Arm
    people: Population
    courses: tuple[Intake, ...]
    parameters: Array
    events: engine.Events | None
    run: engine.Run
    values: Array
    decisions: list[Decision]
    left: NDArray[np.int64]
    failures: list[engine.Failure] = field(default_factory=list)

    def advance(self, to: float) -> None:
        """On to a day; what happens at that day itself is left for the next window."""
        now, days = self.run.time, self.lab.days[1:]
        inside = (days > now if now > 0 else days >= now) & (days <= to + 1e-9)
        names = [o.output for o in axis.outputs().values()]
        part = self.run.advance(to, times=days[inside], outputs=names, events=_within(self.events, now, to))
        self.values[:, inside] = part.values
        self.failures += [f for f in part.failures if part.status[f.patient] > 0]

    def outputs(self, k: int | None = None) -> Outputs:
        """Observables (n, T) with the screening visit in front; after visit k the last value stands in."""
        values = np.concatenate([self.values[:, :1], self.values], axis=1)
        if k is not None:
            values[:, k + 1 :] = values[:, k : k + 1]
        return {name: values[:, :, i] for i, name in enumerate(axis.outputs())}

    def decide(self, day: float) -> None:
        """Judge every rule of this visit, change the courses, and plan the rest."""
        lab, k = self.lab, int(np.flatnonzero(self.lab.days == day)[0])
        outputs = self.outputs(k)
        visits = lab.recorded(self.people, outputs, self.courses)
        here = (self.left > k) & (self.run.status == 0)
        for i, d in enumerate(self.decisions):
            if not _judged_on(d.rule, np.array([day]))[0]:
                continue
            free = np.isinf(d.day) | d.rule.repeat
            who = here & free & fires(d.rule, lab.tool, visits, outputs, k)
            if who.any():
                self.decisions[i] = Decision(d.rule, np.where(who & np.isinf(d.day), day, d.day), d.rescue)
                self._change(d.rule, who, day)
        self._plan(day)

    def go(self, marks: Array, end: float, tell: Any = None) -> None:
        """Through every visit at which a rule is judged, to the end."""
        n = len(self.people.ids)
        for k, day in enumerate(marks):
            self.advance(float(day))
            self.decide(float(day))
            if tell:
                tell(round(n * (k + 1) / (len(marks) + 1)), n)
        self.advance(end)
        if tell:
            tell(n, n)

    def _change(self, rule: Switch, who: NDArray[np.bool_], day: float) -> None:
        ended = [c.end(who, day) if {"all", c.treatment.drug} & set(rule.stop) else c for c in self.courses]
        self.courses = (*ended, *begun(rule.treatments, who, day))

    def _plan(self, day: float) -> None:
        """New slots and inputs in force at `day`; the new plan's events from there on replace the old one's."""
        lab = self.lab
        parameters, self.events = plan(lab.design, self.arm, self.people, lab.settings.dosing, self.courses)
        new = np.flatnonzero((parameters != self.parameters).any(axis=0))
        self.run.parameters[:, new] = parameters[:, new]
        self.parameters = parameters
        if self.events is not None:
            for k in np.flatnonzero((self.events.kinds == engine.SET) & (self.events.times <= day)):
                column = axis.index(self.events.targets[k])
                self.run.parameters[:, column] = np.broadcast_to(self.events.amounts[..., k], len(self.left))[:, None]


def _within(events: engine.Events | None, now: float, to: float) -> engine.Events | None:
    """The events of a window: doses from `now` on, inputs after it (those at `now` are in force already)."""
    if events is None:
        return None
    inside = (events.times < to) & ((events.times > now) | ((events.times == now) & (events.kinds != engine.SET)))
    if now == 0.0:
        inside = events.times < to
    if not inside.any():
        return None
    k = np.flatnonzero(inside)
    return engine.Events(events.times[k], events.kinds[k], [events.targets[i] for i in k], events.amounts[:, k])


def staged(lab: Laboratory, arm: Arm, people: Population, tell: Any = None) -> ArmRun:
    """One arm with its decisions. tell: called with the patients' share of the work that is done."""
    n, days = len(people.ids), lab.days[1:]
    courses = of_arm(arm, n)
    parameters, events = plan(lab.design, arm, people, lab.settings.dosing, courses)
    run = engine.start(axis.kernel(), parameters, people.rest, options=lab.options)
    values = np.full((n, days.size, len(axis.outputs())), np.nan)
    decisions = [Decision(rule, np.full(n, np.inf), rescue) for rule, rescue in rules(lab.design, arm)]
    left = dropout_visit(lab.tool, lab.days, people, people.seed)
    way = _Arm(
        lab=lab,
        arm=arm,
        people=people,
        courses=courses,
        parameters=parameters,
        events=events,
        run=run,
        values=values,
        decisions=decisions,
        left=left,
    )
    way.go(decision_days(lab.design, arm, days), float(days[-1]), tell)
    failures = [failure(arm, people, f) for f in way.failures]
    return ArmRun(
        arm=arm,
        days=lab.days,
        outputs=way.outputs(),
        status=run.status,
        failures=failures,
        courses=way.courses,
        decisions=tuple(way.decisions),
    )
