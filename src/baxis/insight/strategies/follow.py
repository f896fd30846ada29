"""One strategy in virtual patients: measured at visits, decided from what was measured, state carried from visit to visit."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from baxis import axis, engine
from baxis.clinic.conduct.laboratory import SCREENING_DAY
from baxis.clinic.design.design import Background, Design
from baxis.clinic.instruments import Course, Instrument, Visits
from baxis.clinic.instruments.base import STEROID
from baxis.clinic.people.bounds import PREDNISONE_EQUIVALENT
from baxis.clinic.people.population import Population
from baxis.core import streams
from baxis.insight.strategies.decide import Patients
from baxis.insight.strategies.drugs import LineDrugs, events, prepare
from baxis.insight.strategies.plan import Steroid, Strategy

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
VISIT_WEEKS = 4.0


@dataclass(frozen=True, eq=False)
class Setting:
    """Who is treated and how they are seen: design (patients, background), people, instrument, typical observables."""

    design: Design
    people: Population
    tool: Instrument
    typical: dict[str, Array]
    options: engine.Options
    weeks: float

    @property
    def days(self) -> Array:
        """Days of the visits, (T + 1,), from the first dose."""
        return np.arange(0.0, self.weeks * 7.0 + 1e-9, VISIT_WEEKS * 7.0)

    def observe(self, outputs: dict[str, Array], steroid: Array) -> Visits:
        """What the instrument records of observables (n, k) at the first k visits; screening stands before them."""
        k = outputs["infl"].shape[1]
        days = np.concatenate([[SCREENING_DAY], self.days[:k]])
        level = {n: self.typical[n][self.people.carried][:, None] for n in self.tool.needs}
        relative = {n: np.concatenate([outputs[n][:, :1], outputs[n]], axis=1) / level[n] for n in self.tool.needs}
        relative[STEROID] = np.concatenate([steroid[:, :1], steroid[:, :k]], axis=1)
        return self.tool.observe(Course(self.people.seed, self.people.ids, days, relative, self.design.prior_treatment))


@dataclass(frozen=True, eq=False)
class Followed:
    """A strategy in n patients at T + 1 visits. outputs[name] (n, T + 1); steroid (n, T + 1) mg/day from each visit on;
    begun (n, T + 1): lines or courses begun; doses (n, T): given until the next visit; treated (n, T + 1): line whose
    drug is given, -1 none; ok (n,)."""

    strategy: Strategy
    lines: tuple[LineDrugs, ...]
    outputs: dict[str, Array]
    steroid: Array
    begun: NDArray[np.int64]
    doses: NDArray[np.int64]
    treated: NDArray[np.int64]
    visits: Visits
    ok: Mask


@dataclass(eq=False)
class _State:
    """What is known at a visit: the engine's state, observables so far, steroid doses, taper clocks (weeks)."""

    rest: Array
    seen: list[Array]
    steroid: Array
    clock: Array
    ceiling: Array
    ok: Mask
    begun: list[NDArray[np.int64]] = field(default_factory=list)
    doses: list[NDArray[np.int64]] = field(default_factory=list)
    treated: list[NDArray[np.int64]] = field(default_factory=list)


def follow(place: Setting, strategy: Strategy, chance: float = 0.0) -> Followed:
    """Run a strategy. chance: of a course at a check, for one that is given at random."""
    people, days = place.people, place.days
    parameters, lines = prepare(strategy, place.design, people, place.weeks * 7.0)
    patients = Patients(strategy, lines, people, chance)
    own = steroid_at_start(place.design, people)
    state = _State(
        people.rest, [np.stack([people.outputs[k] for k in axis.outputs()], axis=1)],
        np.zeros((own.size, days.size)), np.zeros(own.size), np.full(own.size, np.inf), people.status == 0,
    )  # fmt: skip
    for k in range(days.size):
        outputs = _table(state.seen)
        state.steroid[:, k] = own if k == 0 else state.steroid[:, k - 1]
        visits = place.observe(outputs, state.steroid)
        state.begun.append(patients.visit(k, days[k] / 7.0, visits, outputs))
        state.treated.append(patients.treated(days[k]))
        state.steroid[:, k] = _dose(place, strategy.steroid, patients, state, (own, k))
        if k + 1 < days.size:
            _advance(place, patients, (parameters, lines), state, (days[k], days[k + 1]))
    visits = place.observe(_table(state.seen), state.steroid)
    return Followed(
        strategy=strategy, lines=lines, outputs=_table(state.seen), steroid=state.steroid, begun=np.stack(state.begun, axis=1),
        doses=np.stack(state.doses, axis=1), treated=np.stack(state.treated, axis=1), visits=visits, ok=state.ok,
    )  # fmt: skip


def _table(seen: list[Array]) -> dict[str, Array]:
    return {name: np.stack([s[:, i] for s in seen], axis=1) for i, name in enumerate(axis.outputs())}


def steroid_at_start(design: Design, people: Population) -> Array:
    """Prednisone-equivalent dose (n,) at the first visit, mg/day; the disease's mean where the setting names none."""
    steroids = _steroids(design)
    if not steroids:
        return np.asarray(people.parameters[:, axis.index(axis.background_input("prednisone", "mg/day")[0])[0]])
    doses = [people.covariates[f"{b.drug}_dose"] / PREDNISONE_EQUIVALENT[b.drug] for b in steroids]
    return np.asarray(sum(doses, np.zeros(len(people.ids))))


def _steroids(design: Design) -> list[Background]:
    return [b for b in design.background_therapy if b.drug in PREDNISONE_EQUIVALENT]


def _dose(place: Setting, rule: Steroid | None, patients: Patients, state: _State, at: tuple[Array, int]) -> Array:
    """Prednisone dose (n,) from this visit on: the setting's taper, or the strategy's."""
    own, k = at
    week = place.days[k] / 7.0
    if rule is None:
        return _by_setting(place, own, week)
    weeks, doses = (np.array(x) for x in zip(*rule.taper, strict=True))
    if k and rule.in_target:
        state.clock += VISIT_WEEKS * patients.on_target
    elif k:
        state.clock += VISIT_WEEKS
    taken = np.full(own.size, doses[0]) if rule.everyone else own
    state.ceiling = np.minimum(state.ceiling, taken) if k == 0 else state.ceiling
    if rule.flare is not None and patients.lost.any():
        back = float(weeks[np.searchsorted(-doses, -rule.flare).clip(max=doses.size - 1)])
        hit = patients.lost & (state.steroid[:, k] < rule.flare) & ((own > 0) | rule.everyone)
        state.clock = np.where(hit, back, state.clock)
        state.ceiling = np.where(hit, rule.flare, state.ceiling)
    step = doses[np.searchsorted(weeks, state.clock + 1e-9, side="right").clip(min=1) - 1]
    return np.where(state.clock + 1e-9 < weeks[0], state.ceiling, np.minimum(step, state.ceiling))


def _by_setting(place: Setting, own: Array, week: float) -> Array:
    """The background's dose by week as the setting's trial tapers it."""
    steroids, dose = _steroids(place.design), np.zeros(own.size)
    for drug in steroids:
        start = place.people.covariates[f"{drug.drug}_dose"]
        u = streams.uniform(place.people.seed, f"taper {drug.drug}", place.people.ids)[:, 0]
        ceiling = min((s.dose for s in drug.taper if s.week <= week + 1e-9), default=np.inf)
        dose += np.where(u < drug.taper_share, np.minimum(start, ceiling), start) / PREDNISONE_EQUIVALENT[drug.drug]
    return dose if steroids else own


def _advance(
    place: Setting, patients: Patients, what: tuple[Array, tuple[LineDrugs, ...]], state: _State,
    window: tuple[float, float],
) -> None:  # fmt: skip
    """Simulate from one visit to the next under what is given."""
    parameters, lines = what[0].copy(), what[1]
    background(place, parameters)
    name, factor = axis.background_input("prednisone", "mg/day")
    k = len(state.seen) - 1
    parameters[:, axis.index(name)] = (factor * state.steroid[:, k])[:, None]
    due, changes = [], []
    for j, line in enumerate(lines):
        until = patients.until[:, j]
        for dosing, begun in line.begun(patients.begun[:, j], patients.first[:, j]):
            if dosing.exposure:
                parameters[:, axis.index(dosing.target)] += dosing.given(begun, until, window)[:, None]
            else:
                due.append((dosing, dosing.due(begun, until, window)))
                changes += dosing.changes(patients.first[:, j], window[0])
    counts = [np.isfinite(times).sum(axis=1) for _, (times, _) in due]
    state.doses.append(np.asarray(sum(counts, np.zeros(len(parameters))), dtype=np.int64))
    names = [o.output for o in axis.outputs().values()]
    ran = engine.simulate(
        axis.kernel(), parameters, state.rest, times=[window[1] - window[0]], events=events(due, changes), outputs=names,
        options=place.options,
    )  # fmt: skip
    state.rest, state.ok = ran.final, state.ok & (ran.status == 0)
    state.seen.append(ran.values[:, -1])


def background(place: Setting, parameters: Array) -> None:
    """Background drugs that the setting gives from entry on (others are in the patients' parameters already)."""
    for drug in place.design.background_therapy:
        if drug.from_entry and drug.drug not in PREDNISONE_EQUIVALENT:
            name, factor = axis.background_input(drug.drug, drug.dose_unit)
            parameters[:, axis.index(name)] = (factor * place.people.covariates[f"{drug.drug}_dose"])[:, None]
