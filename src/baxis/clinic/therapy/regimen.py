"""From an arm's treatments to what the engine takes: slot parameters, dose events and piecewise-constant inputs.

A drug with slow kinetics (antibodies) is resolved dose by dose in one of the model's slots. An oral drug taken every
day can be averaged (`kinetics`): its inhibition enters as an input that changes while it builds up or washes out. That
is as good as the resolved course where the share of the target that is held changes little between doses; where it
swings by more than SWING in the typical patient at steady state, the nonlinear signalling behind it makes the average
biased, and `auto` follows the drug dose by dose (`benchmarks/dosing.py` prints the differences).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from baxis import axis, engine
from baxis.clinic.design import held
from baxis.clinic.design.design import Arm, Design, Treatment
from baxis.clinic.people import covariates
from baxis.clinic.people.population import Population
from baxis.clinic.therapy import kinetics
from baxis.clinic.therapy.courses import Intake, of_arm
from baxis.core import streams, units
from baxis.core.errors import InvalidValue
from baxis.core.reading import schedule

Array = NDArray[np.float64]
SLOTS = 3
SWING = 0.3
FLAT = ("mg", "g", "ug")


@dataclass(eq=False)
class EventGatherer:
    """Events of one arm being gathered: each a time, a kind, a target and amounts (n,)."""

    n: int
    times: list[float] = field(default_factory=list)
    kinds: list[int] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)
    amounts: list[Array] = field(default_factory=list)

    def add(self, time: float, kind: int, target: str, amount: Array) -> None:
        """One event for every patient."""
        self.times.append(time)
        self.kinds.append(kind)
        self.targets.append(target)
        self.amounts.append(np.broadcast_to(amount, (self.n,)))

    def events(self, parameters: Array) -> engine.Events | None:
        """Events in time order (order of entry within a time), or None when there are none.

        One that changes nothing for anybody (a zero dose, an input set to what it is) is no event, so that a zero dose
        is placebo bit for bit. parameters (n, P): the values at the start.
        """
        kept: list[int] = []
        current: dict[str, Array] = {}
        for i in np.argsort(np.array(self.times), kind="stable"):
            target, amount = self.targets[i], self.amounts[i]
            if self.kinds[i] == engine.SET:
                before = current.get(target, parameters[:, axis.index(target)[0]])
                current[target] = amount
                idle = np.array_equal(before, amount)
            else:
                idle = not np.any(amount)
            if not idle:
                kept.append(int(i))
        if not kept:
            return None
        times, kinds = np.array(self.times)[kept], np.array(self.kinds)[kept]
        amounts = np.stack([self.amounts[i] for i in kept], axis=1)
        return engine.Events(times, kinds, [self.targets[i] for i in kept], amounts)


Steps = dict[str, list[tuple[Array, Array]]]  # input -> (days (k,), values (n, k) from each day on), to be added


def plan(
    design: Design,
    arm: Arm,
    people: Population,
    dosing: str = "auto",
    taken: Sequence[Intake] | None = None,
) -> tuple[Array, engine.Events | None]:
    """Parameters (n, P) and events of one arm for these patients. dosing: auto, averaged or resolved oral drugs.

    taken: the courses, where decisions have changed them; by default those with which the arm begins.
    """
    parameters = people.parameters.copy()
    gathered = EventGatherer(len(people.ids))
    inputs: Steps = {}
    _backgrounds(design, people, inputs)
    slots: dict[str, int] = {}
    for course in of_arm(arm, gathered.n) if taken is None else taken:
        drug = axis.drug(course.treatment.drug)
        if drug.background:
            _exposure(design, course, people, inputs)
        elif dosing != "resolved" and averages(course.treatment, dosing):
            _averaged(design, course, people, inputs)
        else:
            slot = slots.setdefault(drug.name, len(slots) + 1)  # a drug given again keeps its slot
            if slot > SLOTS:
                most = f"at most {SLOTS} drugs that are not oral daily ones in an arm"
                raise InvalidValue(f"arm {arm.arm_id}", ", ".join(slots), most)
            _resolved(design, course, people, (slot, parameters, gathered))
    for name, days, values in held.inputs(arm.held, gathered.n):
        inputs.setdefault(name, []).append((days, values))
    _write_inputs(inputs, gathered)
    return parameters, gathered.events(parameters)


def averages(treatment: Treatment, dosing: str) -> bool:
    """Whether a treatment is averaged: a daily oral drug, and under `auto` one whose held share swings little."""
    drug, per_day = axis.drug(treatment.drug), schedule.parse(treatment.schedule).per_day
    if not (drug.oral and per_day and treatment.dose_unit in FLAT):
        return False
    return dosing == "averaged" or swing(treatment) <= SWING


def swing(treatment: Treatment) -> float:
    """Largest change of a target's held share within a dosing interval, typical patient at steady state (0 to 1)."""
    drug = axis.drug(treatment.drug)
    tau = 1.0 / schedule.parse(treatment.schedule).per_day
    pk = kinetics.micro_constants({k: np.array([v]) for k, v in drug.kinetics_values().items()})
    dose = np.array([treatment.dose * units.factor(treatment.dose_unit, "mg")])
    conc = kinetics.profile(pk, dose, tau, kinetics.grid(tau, 60, 60), 60.0).conc[0, -1]
    held = [conc / (a.potency + conc) for a in drug.actions.values() if a.kind != "covalent"]
    return max((float(np.ptp(h)) for h in held), default=0.0)


def _exposure(design: Design, course: Intake, people: Population, inputs: Steps) -> None:
    """A background drug given as an arm's treatment: its mean daily dose as exposure, for as long as it is given; parts
    of the schedule with their own dose are steps."""
    t, last = course.treatment, design.weeks * 7.0
    name, factor = axis.background_input(t.drug, "mg/day")
    at: list[float] = []
    values: list[Array] = []
    end = 0.0
    for (amount, unit), doses in groupby(
        schedule.parse(t.schedule).doses(last - t.start_day), key=lambda d: (d.amount, d.unit)
    ):
        days = np.array([d.day for d in doses])
        step = float(np.min(np.diff(days))) if len(days) > 1 else 1.0
        at.append(t.start_day + float(days[0]))
        values.append(factor * dose_amounts(t, people, amount, unit) / step)
        end = t.start_day + float(days[-1]) + step
    if not at:
        return
    marks = sorted({*at, *(d for d in course.stops if at[0] < d < end)}) + ([end] if end < last else [])
    part = [int(np.searchsorted(at, d, side="right")) - 1 for d in marks]
    taken = [np.where(course.on(d) & (d < end), values[k], 0.0) for d, k in zip(marks, part, strict=True)]
    own = people.parameters[:, axis.index(name)]
    inputs.setdefault(name, [(np.zeros(1), own)]).append((np.array(marks), np.stack(taken, axis=1)))


def dose_amounts(
    treatment: Treatment, people: Population, amount: float | None = None, unit: str | None = None
) -> Array:
    """Dose of each patient in mg, (n,): flat, by weight (kg) or by body surface (m2)."""
    value, text = (treatment.dose, treatment.dose_unit) if amount is None else (amount, unit or treatment.dose_unit)
    mass, _, per = text.partition("/")
    flat = value * units.factor(mass, "mg")
    scale = {"": np.ones(len(people.ids)), "kg": people.covariates["weight_kg"], "m2": people.covariates["bsa_m2"]}
    return np.asarray(flat * scale[per])


def variability(drug: axis.Drug, people: Population) -> dict[str, Array]:
    """Factor of each parameter for each patient: published effects of body size, sex and renal function, of what the
    patient takes or carries (`axis.tables.circumstances`), and the between-patient cv as a log-normal."""
    out = {name: np.asarray(f) for name, f in drug.size_factors(people.covariates).items()}
    for _, name, factor in drug.circumstance_factors(people.covariates):
        out[name] = out.get(name, 1.0) * factor
    for name, value in ({} if people.typical else drug.iiv).items():
        sd = np.sqrt(np.log1p(value**2))
        own = np.exp(sd * streams.normal(people.seed, f"{drug.name} {name}", people.ids)[:, 0])
        out[name] = out.get(name, 1.0) * own
    return out


def _kinetics(drug: axis.Drug, people: Population) -> dict[str, Array]:
    factors = variability(drug, people)
    ones = np.ones(len(people.ids))
    return {name: value * factors.get(name, ones) for name, value in drug.kinetics_values().items()}


def _averaged(design: Design, course: Intake, people: Population, inputs: Steps) -> None:
    """Average a daily oral drug's inhibition: (edges, values) for each model input that it moves."""
    treatment, drug = course.treatment, axis.drug(course.treatment.drug)
    tau, start = 1.0 / schedule.parse(treatment.schedule).per_day, treatment.start_day
    span = design.weeks * 7.0 - start
    if span <= 0:
        return
    edges = kinetics.grid(tau, span, *(d - start for d in course.stops if d > start))
    pk = kinetics.micro_constants(_kinetics(drug, people))
    dose = np.where(course.takes, dose_amounts(treatment, people), 0.0)
    shape = kinetics.profile(pk, dose, tau, edges, np.minimum(course.stop - start, span))
    share = covariates.taken(treatment, people.covariates, len(people.ids))
    for target, action in drug.actions.items():
        if action.kind == "covalent":
            values = kinetics.covalent_input(shape, action.kinact, action.potency, share)
        else:
            values = kinetics.reversible_input(shape, 1.0 / action.potency, share)
        name = axis.input_name(target, action.kind)
        inputs.setdefault(name, []).append((edges[:-1] + start, values))


def _write_inputs(inputs: Steps, gathered: EventGatherer) -> None:
    """One SET event at each change; drugs on one target add (Loewe additivity of a competitive site)."""
    for name, courses in inputs.items():
        for time in sorted({float(t) for edges, _ in courses for t in edges}):
            total = np.zeros(gathered.n)
            for edges, values in courses:
                k = int(np.searchsorted(edges, time + 1e-9)) - 1
                total = total + (values[:, k] if k >= 0 else 0.0)
            gathered.add(time, engine.SET, name, total)


def _resolved(design: Design, course: Intake, people: Population, where: tuple[int, Array, EventGatherer]) -> None:
    """Put a drug into a slot and its doses into the plan."""
    slot, parameters, gathered = where
    treatment, drug = course.treatment, axis.drug(course.treatment.drug)
    factors = variability(drug, people)
    for name, value in axis.slot_parameters(drug, slot).items():
        own = factors.get(name.removeprefix(f"P{slot}_"), np.ones(len(people.ids)))
        parameters[:, axis.index(name)] = (value * own)[:, None]
    for day, name, factor in drug.circumstance_factors(people.covariates, late=True):
        own = parameters[:, axis.index(f"P{slot}_{name}")[0]]
        gathered.add(treatment.start_day + day, engine.SET, f"P{slot}_{name}", own * factor)
    state = axis.dose_state(drug, slot, treatment.route)
    doses = schedule.parse(treatment.schedule).doses(design.weeks * 7.0 - treatment.start_day)
    taken = doses_taken(treatment, people, len(doses))
    for k, dose in enumerate(doses):
        day = treatment.start_day + dose.day
        amount = dose_amounts(treatment, people, dose.amount, dose.unit) * taken[:, k]
        gathered.add(day, engine.ADD, state, np.where(course.on(day), amount, 0.0))


def doses_taken(treatment: Treatment, people: Population, n: int) -> Array:
    """1 for each dose that a patient takes, 0 for one that is missed, (patients, n); typical patients take their share."""
    share = covariates.taken(treatment, people.covariates, len(people.ids))[:, None]
    if people.typical or np.all(share == 1.0):
        return np.broadcast_to(share, (len(people.ids), n))
    return np.asarray((streams.uniform(people.seed, f"doses of {treatment.drug}", people.ids, n) < share).astype(float))


def _backgrounds(design: Design, people: Population, inputs: Steps) -> None:
    """Background exposure over time: doses fall to the taper's ceiling from its week on, in the patients who taper."""
    for drug in design.background_therapy:
        start = people.covariates[f"{drug.drug}_dose"]
        u = streams.uniform(people.seed, f"taper {drug.drug}", people.ids)[:, 0]
        tapers = (np.full(u.shape, 0.5) if people.typical else u) < drug.taper_share
        name, factor = axis.background_input(drug.drug, drug.dose_unit)
        days, values = [0.0], [factor * start]
        for step in sorted(drug.taper, key=lambda s: s.week):
            days.append(step.week * 7.0)
            values.append(factor * np.where(tapers, np.minimum(start, step.dose), start))
        inputs.setdefault(name, []).append((np.array(days), np.stack(values, axis=1)))
