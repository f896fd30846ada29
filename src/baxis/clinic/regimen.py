"""From an arm's treatments to what the engine takes: slot parameters, dose events and piecewise-constant inputs.

A drug with slow kinetics (antibodies) is resolved dose by dose in one of the model's slots. An oral drug taken every
day can be averaged (`kinetics`): its inhibition enters as an input that changes while it builds up or washes out. That
is as good as the resolved course where the share of the target that is held changes little between doses; where it
swings by more than SWING in the typical patient at steady state, the nonlinear signalling behind it makes the average
biased, and `auto` follows the drug dose by dose (`benchmarks/dosing.py` prints the differences).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .. import axis, engine
from ..core import schedule, streams, units
from ..core.errors import InvalidValue
from . import exposure, kinetics
from .design import Arm, Design, Treatment
from .population import Population

Array = NDArray[np.float64]
SLOTS = 3
SWING = 0.3
FLAT = ("mg", "g", "ug")


@dataclass
class Plan:
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


def plan(design: Design, arm: Arm, people: Population, dosing: str = "auto") -> tuple[Array, engine.Events | None]:
    """Parameters (n, P) and events of one arm for these patients. dosing: auto, averaged or resolved oral drugs."""
    parameters = people.parameters.copy()
    gathered = Plan(len(people.ids))
    _tapers(design, people, gathered)
    free_slot = 1
    inputs: dict[str, list[tuple[Array, Array]]] = {}
    for treatment in arm.treatments:
        drug = axis.drug(treatment.drug)
        if drug.background:
            _exposure(design, treatment, people, gathered)
            continue
        if dosing != "resolved" and averages(treatment, dosing):
            _averaged(design, treatment, people, inputs)
            continue
        if free_slot > SLOTS:
            raise InvalidValue(
                f"arm {arm.arm_id}",
                len(arm.treatments),
                f"at most {SLOTS} drugs that are not oral daily ones in an arm",
            )
        _resolved(design, treatment, people, (free_slot, parameters, gathered))
        free_slot += 1
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


def _exposure(design: Design, treatment: Treatment, people: Population, gathered: Plan) -> None:
    """A background drug given as an arm's treatment: its mean daily dose as exposure, for as long as it is given."""
    doses = schedule.parse(treatment.schedule).doses(design.weeks * 7.0 - treatment.start_day)
    days = np.array([d.day for d in doses])
    step = float(np.min(np.diff(days))) if len(days) > 1 else 1.0
    name, factor = axis.background_input(treatment.drug, "mg/day")
    daily = factor * dose_amounts(treatment, people) / step
    own = people.parameters[:, axis.index(name)[0]]
    gathered.add(treatment.start_day, engine.SET, name, own + daily)
    end = treatment.start_day + float(days[-1]) + step
    if end < design.weeks * 7.0:
        gathered.add(end, engine.SET, name, own)


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
    patient takes or carries (`axis.circumstances`), and the between-patient cv as a log-normal."""
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


def _averaged(
    design: Design, treatment: Treatment, people: Population, inputs: dict[str, list[tuple[Array, Array]]]
) -> None:
    """Average a daily oral drug's inhibition: (edges, values) for each model input that it moves."""
    drug = axis.drug(treatment.drug)
    tau = 1.0 / schedule.parse(treatment.schedule).per_day
    span = design.weeks * 7.0 - treatment.start_day
    edges = kinetics.grid(tau, span, span)
    pk = kinetics.micro_constants(_kinetics(drug, people))
    shape = kinetics.profile(pk, dose_amounts(treatment, people), tau, edges, span)
    taken = exposure.taken(treatment, people.covariates, len(people.ids))
    for target, action in drug.actions.items():
        if action.kind == "covalent":
            values = kinetics.covalent_input(shape, action.kinact, action.potency, taken)
        else:
            values = kinetics.reversible_input(shape, 1.0 / action.potency, taken)
        name = axis.input_name(target, action.kind)
        inputs.setdefault(name, []).append((edges[:-1] + treatment.start_day, values))


def _write_inputs(inputs: dict[str, list[tuple[Array, Array]]], gathered: Plan) -> None:
    """One SET event at each change; drugs on one target add (Loewe additivity of a competitive site)."""
    for name, courses in inputs.items():
        for time in sorted({float(t) for edges, _ in courses for t in edges}):
            total = np.zeros(gathered.n)
            for edges, values in courses:
                k = int(np.searchsorted(edges, time + 1e-9)) - 1
                total = total + (values[:, k] if k >= 0 else 0.0)
            gathered.add(time, engine.SET, name, total)


def _resolved(design: Design, treatment: Treatment, people: Population, where: tuple[int, Array, Plan]) -> None:
    """Put a drug into a slot and its doses into the plan."""
    slot, parameters, gathered = where
    drug = axis.drug(treatment.drug)
    factors = variability(drug, people)
    for name, value in axis.slot_parameters(drug, slot).items():
        own = factors.get(name.removeprefix(f"P{slot}_"), np.ones(len(people.ids)))
        parameters[:, axis.index(name)] = (value * own)[:, None]
    for day, name, factor in drug.circumstance_factors(people.covariates, late=True):
        own = parameters[:, axis.index(f"P{slot}_{name}")[0]]
        gathered.add(treatment.start_day + day, engine.SET, f"P{slot}_{name}", own * factor)
    state = axis.dose_state(drug, slot, treatment.route)
    doses = schedule.parse(treatment.schedule).doses(design.weeks * 7.0 - treatment.start_day)
    taken = _doses_taken(treatment, people, len(doses))
    for k, dose in enumerate(doses):
        amount = dose_amounts(treatment, people, dose.amount, dose.unit) * taken[:, k]
        gathered.add(treatment.start_day + dose.day, engine.ADD, state, amount)


def _doses_taken(treatment: Treatment, people: Population, n: int) -> Array:
    """1 for each dose that a patient takes, 0 for one that is missed, (patients, n); typical patients take their share."""
    share = exposure.taken(treatment, people.covariates, len(people.ids))[:, None]
    if people.typical or np.all(share == 1.0):
        return np.broadcast_to(share, (len(people.ids), n))
    return np.asarray((streams.uniform(people.seed, f"doses of {treatment.drug}", people.ids, n) < share).astype(float))


def _tapers(design: Design, people: Population, gathered: Plan) -> None:
    """Background doses fall to the taper's ceiling from its week on, in the share of patients who taper."""
    for drug in design.background_therapy:
        start = people.covariates[f"{drug.drug}_dose"]
        u = streams.uniform(people.seed, f"taper {drug.drug}", people.ids)[:, 0]
        tapers = (np.full(u.shape, 0.5) if people.typical else u) < drug.taper_share
        name, factor = axis.background_input(drug.drug, drug.dose_unit)
        if drug.from_entry:
            gathered.add(0.0, engine.SET, name, factor * start)
        for step in drug.taper:
            dose = np.where(tapers, np.minimum(start, step.dose), start)
            gathered.add(step.week * 7.0, engine.SET, name, factor * dose)
