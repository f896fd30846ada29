"""One design under one setting: screening, and what the instrument records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from baxis import axis, evidence
from baxis.clinic.conduct.arm_run import ArmRun
from baxis.clinic.conduct.settings import Settings
from baxis.clinic.design import prescribed
from baxis.clinic.design.design import Arm, Design, Entry, Switch
from baxis.clinic.instruments import Course, Instrument, Visits, instrument
from baxis.clinic.instruments.base import STEROID
from baxis.clinic.people import matched, matching
from baxis.clinic.people.baseline import targets, values
from baxis.clinic.people.bounds import BOUNDS
from baxis.clinic.people.matched import Characteristic
from baxis.clinic.people.own_population import read_population
from baxis.clinic.people.population import Population, draw, join, typical
from baxis.clinic.therapy.courses import Intake
from baxis.clinic.therapy.steroid import steroid_dose
from baxis.core import units
from baxis.core.errors import Faults, InvalidValue, UnknownName

Array = NDArray[np.float64]

SCREENING_DAY = -14.0
ADULT = BOUNDS["age_y"][1]
MOST_SCREENED = 60  # candidates per wanted patient before the entry criteria are called unattainable


class Laboratory:
    """One design under one setting: what screening and every arm share."""

    def __init__(self, design: Design, settings: Settings) -> None:
        self.design, self.settings = design, settings
        self.tool: Instrument = instrument(design.disease)
        check_measures(design, self.tool)
        self.own = read_population(settings.population, design.disease) if settings.population else None
        self.days = visit_days(design)
        self.options = settings.options()
        self.typical = typical(design, self.options)

    def screen(self) -> tuple[Population, int]:
        """The first `patients` candidates, by number, who meet the criteria (matched to the published baseline where that
        is asked for); and how many were seen."""
        if not (self.design.match or self.settings.match):
            return self.eligible_people(self.settings.patients)
        tables = evidence.load(*self.settings.evidence)
        return self._matched(targets(self.design, tables))

    def eligible_people(self, wanted: int) -> tuple[Population, int]:
        """The first `wanted` candidates who meet the criteria, and how many were seen."""
        kept: list[Population] = []
        found = start = 0
        size = max(64, int(1.6 * wanted))
        while found < wanted:
            if start >= MOST_SCREENED * wanted + 2000:
                raise self._unattainable(found, start)
            pool = draw(self.design, self.settings.seed, np.arange(start, start + size), self.options, own=self.own)
            ok = self.eligible(pool) & (pool.status == 0)
            kept.append(pool.take(np.flatnonzero(ok)))
            found, start = found + int(ok.sum()), start + size
        people = join(kept).take(np.arange(wanted))
        return people, int(people.ids[-1]) + 1

    def _matched(self, wanted: list[Characteristic]) -> tuple[Population, int]:
        """Patients taken from three times as many eligible candidates in proportion to their weights."""
        if not wanted:
            raise InvalidValue(
                f"match of {self.design.trial_id}", "no published baseline that a virtual patient has",
                "a trial with rows in the table baseline (`baxis trial ID` prints them)", "leave match out",
            )  # fmt: skip
        pool, screened = self.eligible_people(matching.POOL * self.settings.patients)
        weights, done, out = matching.weigh(values(pool, self.baseline(pool)), wanted)
        size = matching.effective_size(weights)
        chosen = matching.choose(weights, self.settings.patients, self.settings.seed)
        said = matched.Matched(len(pool.ids), screened, size, done, out)
        return replace(pool.take(chosen), matched=said), screened

    def _unattainable(self, found: int, seen: int) -> InvalidValue:
        return InvalidValue(
            f"entry criteria of {self.design.trial_id}",
            f"{found} of {seen} candidates eligible",
            f"criteria that at least 1 in {MOST_SCREENED} virtual patients of {self.design.disease} meets",
            "loosen the criterion that excludes most",
        )

    def baseline(self, pool: Population) -> Visits:
        """What screening and baseline record of candidates at their own rest."""
        return self.tool.observe(self._course(pool, {k: v[:, None] for k, v in pool.outputs.items()}))

    def eligible(self, pool: Population) -> NDArray[np.bool_]:
        """(n,): which candidates meet every entry criterion, at screening or baseline as it says."""
        visits = self.baseline(pool)
        ok = np.ones(len(pool.ids), dtype=bool)
        for entry in self.design.entry:
            value = self._entry_value(entry, visits, pool)
            ok &= value >= (-np.inf if entry.min is None else entry.min)
            ok &= value <= (np.inf if entry.max is None else entry.max)
        return ok

    def _entry_value(self, entry: Entry, visits: Visits, pool: Population) -> Array:
        if entry.measure in visits.measures:
            return visits[entry.measure][:, 0 if entry.at == "screening" else 1]
        if entry.measure in pool.covariates:
            return pool.covariates[entry.measure]
        return axis.outputs()[entry.measure].measured(pool.outputs[entry.measure])

    def measure(self, people: Population, run: ArmRun) -> Visits:
        """What the instrument records of an arm."""
        return self.recorded(people, run.outputs, run.taken)

    def recorded(self, people: Population, outputs: dict[str, Array], courses: Sequence[Intake]) -> Visits:
        """What the instrument records of these outputs (n, T) under these courses."""
        return self.tool.observe(self._course(people, outputs, steroid_dose(self.design, courses, people, self.days)))

    def _course(self, people: Population, outputs: dict[str, Array], dose: Array | None = None) -> Course:
        shape = (len(people.ids), self.days.size)
        level = {k: self.typical[k][people.carried][:, None] for k in self.tool.needs}
        relative = {k: np.broadcast_to(outputs[k] / level[k], shape) for k in self.tool.needs}
        if dose is not None:
            relative[STEROID] = dose
        return Course(self.settings.seed, people.ids, self.days, relative, self.design.prior_treatment)


def visit_days(design: Design) -> Array:
    """Days of the visits: screening, baseline, every `visit_weeks`, and the weeks of endpoints and decisions."""
    regular = np.arange(0.0, design.weeks * 7.0 + 1e-9, design.visit_weeks * 7.0)
    extra = [e.week * 7.0 for e in design.endpoints] + [design.weeks * 7.0]
    extra += [s.week * 7.0 for a in design.arms for s in a.switches]
    extra += [design.randomisation.week * 7.0] if design.randomisation else []
    return np.array([SCREENING_DAY, *sorted({float(d) for d in (*regular, *extra)})])


def check_measures(design: Design, tool: Instrument) -> None:
    """Entry measures, their units, rules and endpoints must be known; all faults are told at once."""
    allowed = {**tool.units, "age_y": "year", "weight_kg": "kg", **{k: o.unit for k, o in axis.outputs().items()}}
    faults = []
    for entry in design.entry:
        if entry.measure not in allowed:
            faults.append(str(UnknownName("entry measure", entry.measure, allowed)))
        elif entry.unit and units.normal_form(entry.unit) != units.normal_form(allowed[entry.measure]):
            faults.append(f"entry {entry.measure}: unit {entry.unit!r}; allowed: {allowed[entry.measure]}")
        if entry.measure == "age_y" and entry.max is not None and entry.max < ADULT:
            faults.append(f"entry age_y: max {entry.max:g}; allowed: {ADULT:g} or more, the model covers no children")
    rescue = design.rescue.measures if design.rescue else ()
    faults += [str(UnknownName("rescue measure", m, tool.units)) for m in rescue if m not in tool.units]
    faults += [text for arm in design.arms for s in arm.switches for text in _unknown(s, arm, design, tool)]
    asked = [e.name for e in design.endpoints] + ([design.randomisation.endpoint] if design.randomisation else [])
    for name in asked:
        if name not in tool.endpoints():
            faults.append(str(UnknownName(f"endpoint in {design.disease}", name, tool.endpoints())))
    if design.randomisation and design.randomisation.endpoint in tool.continuous | tool.counted:
        faults.append(f"randomisation by {design.randomisation.endpoint}: allowed: a responder endpoint")
    faults += prescribed.never(design) + prescribed.faults(design)
    if faults:
        raise Faults(f"design {design.trial_id}", faults)


def _unknown(rule: Switch, arm: Arm, design: Design, tool: Instrument) -> list[str]:
    """What a switch names that does not exist."""
    where = f"switch of arm {arm.arm_id}: "
    faults = [str(UnknownName("measure", m, tool.units)) for m in rule.measures if m not in tool.units]
    seen = {**tool.units, **axis.outputs()}
    if rule.measure is not None and rule.measure not in seen:
        faults.append(str(UnknownName("measure", rule.measure, seen)))
    responders = [e for e in tool.endpoints() if e not in tool.continuous | tool.counted]
    if rule.endpoint is not None and rule.endpoint not in responders:
        faults.append(str(UnknownName(f"responder endpoint in {design.disease}", rule.endpoint, responders)))
    return [where + f for f in faults]
