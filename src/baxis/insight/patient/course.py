"""Virtual patients put through one patient's treatments: what the model shows at the visits, and where it stands now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from baxis import axis, engine
from baxis.clinic.conduct.laboratory import SCREENING_DAY
from baxis.clinic.design.design import Arm, Design, Treatment
from baxis.clinic.instruments import Course, Instrument, instrument
from baxis.clinic.people.own_population import OwnPopulation
from baxis.clinic.people.population import Population
from baxis.clinic.therapy.regimen import plan
from baxis.core import units
from baxis.core.reading import schedule
from baxis.insight.combine import setting
from baxis.insight.patient.visits import Given, Measurements

Array = NDArray[np.float64]
Table = dict[str, Array]


@dataclass(frozen=True, eq=False)
class Seen:
    """outputs[name] (n, T): observables at the T visits; ok (n,)."""

    outputs: Table
    ok: NDArray[np.bool_]

    def take(self, index: NDArray[np.int64]) -> Seen:
        """Some of the patients."""
        return Seen({k: v[index] for k, v in self.outputs.items()}, self.ok[index])


def place(visits: Measurements, disease: str) -> tuple[Design, OwnPopulation | None]:
    """Population of the patient: the disease's, with the background drugs that the file names as it says.

    The first dose of a background drug holds before its row too. A drug that is not named is unknown, and drawn.
    """
    home = setting.home(disease)
    first: dict[str, float] = {}
    for g in visits.given:
        drug = axis.drug(g.drug)
        if drug.background:
            name, factor = axis.background_input(drug, g.unit)
            first.setdefault(name, factor * g.amount)
    kept = [
        b.model_dump() for b in home.background_therapy
        if not b.from_entry and axis.background_input(b.drug, b.dose_unit)[0] not in first
    ]  # fmt: skip
    arm = Arm(arm_id="past", n=1, role="active", treatments=past(visits))
    design = home.replace(
        background_therapy=kept, prior_treatment="", entry=[], arms=[arm.model_dump()], rescue=None, exposure={}
    )
    if not first:
        return design, None
    bounds = tuple((0.0, np.inf) for _ in first)
    rows = np.array([list(first.values())])
    return design, OwnPopulation("file", "", tuple(first), bounds, rows=rows)


def started(visits: Measurements) -> float:
    """Day on which the simulation begins: the first visit or treatment."""
    return min((visits.times[0], *(g.day for g in visits.given)))


def past(visits: Measurements) -> tuple[Treatment, ...]:
    """Treatments so far that are followed dose by dose, from the start of the simulation; they end now."""
    out = []
    for g in visits.given:
        if not axis.drug(g.drug).background:
            start = g.day - started(visits)
            t = Treatment(drug=g.drug, dose=g.amount, dose_unit=g.unit, route=g.route, schedule=g.schedule)  # type: ignore[arg-type]
            until = max(visits.now - g.day, 1e-3)  # doses that a schedule has for later are not given
            out.append(t.model_copy(update={"start_day": start, "stop_day": until}))
    return tuple(out)


def program(
    visits: Measurements, people: Population, design: Design, regimen: tuple[Treatment, ...] = (), weeks: float = 0.0
) -> tuple[Array, engine.Events | None]:
    """Parameters (n, P) and events of the file's treatments and, from now on for `weeks`, of a candidate's.

    InvalidValue for more than three drugs that are followed dose by dose.
    """
    now = visits.now - started(visits)
    slots = [t for t in regimen if not axis.drug(t.drug).background]
    later = [t.model_copy(update={"start_day": now + t.start_day}) for t in slots]
    arm = Arm(arm_id="past and candidate", n=1, role="active", treatments=(*past(visits), *later))
    span = design.replace(weeks=max(now / 7.0 + weeks, 1.0), background_therapy=[], endpoints=[_week(design)])
    parameters, events = plan(span, arm, people, "resolved")
    sets: list[tuple[float, str, Any]] = [
        (g.day - started(visits), *_exposure(g)) for g in visits.given if axis.drug(g.drug).background
    ]
    for t in regimen:
        if axis.drug(t.drug).background:
            name, daily = _daily(t)
            before = [v for _, n, v in sets if n == name]
            sets.append((now, name, (before[-1] if before else parameters[:, axis.index(name)[0]]) + daily))
    return parameters, _with(events, sets, len(parameters))


def _week(design: Design) -> dict[str, object]:
    return design.primary.model_dump() | {"week": 1.0}


def _exposure(g: Given) -> tuple[str, float]:
    name, factor = axis.background_input(g.drug, g.unit)
    return name, factor * g.amount


def _daily(t: Treatment) -> tuple[str, float]:
    """Input and daily exposure of a background drug given by a schedule."""
    days = [d.day for d in schedule.parse(t.schedule).doses(180.0)]
    step = float(np.min(np.diff(days))) if len(days) > 1 else 1.0
    name, factor = axis.background_input(t.drug, "mg/day")
    return name, factor * t.dose * units.factor(t.dose_unit, "mg") / step


def _with(events: engine.Events | None, sets: list[tuple[float, str, Any]], n: int) -> engine.Events | None:
    """Events with changes of exposure before them."""
    if not sets:
        return events
    times, targets = np.array([s[0] for s in sets]), [s[1] for s in sets]
    amounts = np.stack([np.broadcast_to(s[2], (n,)) for s in sets], axis=1)
    kinds = np.full(len(sets), engine.SET)
    if events is not None:
        times, targets = np.concatenate([times, events.times]), [*targets, *events.targets]
        amounts, kinds = np.concatenate([amounts, events.amounts], axis=1), np.concatenate([kinds, events.kinds])
    return engine.Events(times, kinds, targets, amounts)


def history(visits: Measurements, people: Population, design: Design, options: engine.Options) -> Seen:
    """Everyone through the file's treatments, from before the first until now."""
    if not visits.given:
        outputs = {k: np.repeat(v[:, None], len(visits.times), axis=1) for k, v in people.outputs.items()}
        return Seen(outputs, people.status == 0)
    days = np.array(visits.times) - started(visits)
    outputs, ok = run(program(visits, people, design), people, days, options)
    return Seen(outputs, ok & (people.status == 0))


def run(
    what: tuple[Array, engine.Events | None], people: Population, days: Array, options: engine.Options
) -> tuple[Table, NDArray[np.bool_]]:
    """Observables (n, T) at days since the start, from rest, and who was finished."""
    parameters, events = what
    when = np.maximum(days, 1e-3)
    names = [o.output for o in axis.outputs().values()]
    ran = engine.simulate(
        axis.kernel(), parameters, people.rest, times=when, events=events, outputs=names, options=options
    )
    return {k: ran.values[:, :, i] for i, k in enumerate(axis.outputs())}, ran.status == 0


class Ratings:
    """What the disease's instrument shows of courses in the clinic (no effect of being in a trial)."""

    def __init__(self, disease: str, typical: Table) -> None:
        self.tool: Instrument = instrument(disease, {"expectation": 0.0})
        self.typical = typical

    def observe(
        self, outputs: Table, days: Array, people: Population, who: NDArray[np.int64], tools: NDArray[np.int64]
    ) -> Table:
        """Measures (m, T): of patients `who` (m,) rated with the instrument's numbers `tools` (m,) at `days` (T,).

        The first day is the instrument's baseline.
        """
        level = {n: self.typical[n][people.carried[who]][:, None] for n in self.tool.needs}
        relative = {n: outputs[n][who] / level[n] for n in self.tool.needs}
        relative = {n: np.concatenate([v[:, :1], v], axis=1) for n, v in relative.items()}
        since = np.concatenate([[SCREENING_DAY], days - days[0]])
        course = Course(people.seed, tools, since, relative)
        return {k: v[:, 1:] for k, v in self.tool.observe(course).measures.items()}
