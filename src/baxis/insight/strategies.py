"""Retreatment strategies over two years: when to give the next course of a B-cell-depleting drug.

Every strategy gives one course at the start. At visits every 12 weeks each patient is measured, and the rule decides
from the measured values (with the laboratory's noise) whether he gets another course. The patient's state is carried
over from visit to visit; background therapy stays as it is. Controls: no drug, and the same mean number of courses
dealt out at random.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .. import axis, engine
from ..clinic.design import Arm, Treatment
from ..clinic.population import Population
from ..clinic.regimen import dose_amounts, plan
from ..clinic.settings import Settings
from ..clinic.trial import Laboratory
from ..core import schedule, streams
from ..core.errors import InvalidValue, Unsupported
from .combine import setting
from .patient.visits import noise

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
VISIT_DAYS, YEARS = 84.0, 2.0
RULES = ("no drug", "one course", "every 24 weeks", "B-cell return", "autoantibody rise", "at random")
RETURN = 20.0  # cells/uL: CD19 count at which trials of retreatment call B cells back (assumed)
RISE = 1.5  # autoantibody over its lowest value so far (assumed)
LOW = 0.7  # inflammation at most this share of its start counts as low (assumed)
LOW_IGG = 7.0  # g/L: lower end of the glossary's normal range
NOTICE = "For research use only: not for decisions about a patient."
REPLICATES = 200


@dataclass(frozen=True)
class Strategies:
    """table: one row a rule with means and 90 % intervals over patients; visits: means by rule and week."""

    disease: str
    drug: str
    table: pd.DataFrame
    visits: pd.DataFrame
    recipe: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        tables = {n: getattr(self, n).to_dict("records") for n in ("table", "visits")}
        return {"disease": self.disease, "drug": self.drug, **tables, "recipe": self.recipe}


@dataclass(frozen=True)
class Course:
    """One course of the drug for these patients: day and amounts (n,) of each dose, the state that takes them."""

    state: str
    doses: list[tuple[float, Array]]
    parameters: Array


def strategies(disease: str, drug: str = "rituximab", settings: Settings | None = None) -> Strategies:
    """Compare the rules in virtual patients of the disease. Research use only.

    drug: a name, or `DRUG AMOUNT UNIT ROUTE SCHEDULE` of one course within 12 weeks. Raises UnknownName, InvalidValue or
    Unsupported before anything is simulated.
    """
    chosen = settings or Settings(patients=200)
    code = setting.known_disease(disease)
    given = one_course(setting.regimen(drug, code))
    design = setting.home(code).replace(weeks=YEARS * 52, visit_weeks=12.0)
    lab = Laboratory(design, replace(chosen, progress=None))
    people, _ = lab.screen()
    course = prepare(design, given, people)
    rows, seen, used = [], [], 0.0
    for i, rule in enumerate(RULES):
        outputs, courses, ok = follow(rule, course, people, (chosen, used))
        if rule == "B-cell return":
            used = float(courses[ok].mean() - 1.0)
        rows.append({"rule": rule} | judged(outputs, courses, ok, chosen.seed))
        seen += [{"rule": rule, "week": 12 * k} | _means(outputs, k, ok) for k in range(outputs["infl"].shape[1])]
        if chosen.progress:
            chosen.progress(i + 1, len(RULES))
    recipe = {
        "setting": design.trial_id,
        "course": setting.words((given,)),
        "seed": chosen.seed,
        "patients": len(people.ids),
        "assumed": {"CD19 return, cells/uL": RETURN, "autoantibody rise": RISE, "low inflammation": LOW},
        "notice": NOTICE,
    }
    return Strategies(code, given.drug, pd.DataFrame(rows), pd.DataFrame(seen), recipe)


def one_course(given: tuple[Treatment, ...]) -> Treatment:
    """The regimen's doses of its first 12 weeks; only a drug followed dose by dose in a slot can be given in courses."""
    drug = axis.drug(given[0].drug)
    if len(given) != 1 or drug.oral or drug.background or drug.cell_therapy:
        raise Unsupported(f"{drug.name}: strategies give courses of one infused or injected drug, such as rituximab")
    if not schedule.parse(given[0].schedule).doses(VISIT_DAYS):
        raise InvalidValue("course", given[0].schedule, "at least one dose in 12 weeks")
    return given[0]


def prepare(design: Any, given: Treatment, people: Population) -> Course:
    """Parameters of patients with the drug in slot 1, and the doses of a course."""
    arm = Arm(arm_id="course", n=1, role="active", treatments=(given,))
    parameters, _ = plan(design, arm, people, "resolved")
    doses = [(d.day, dose_amounts(given, people, d.amount, d.unit)) for d in schedule.parse(given.schedule).doses(84.0)]
    return Course(axis.dose_state(axis.drug(given.drug), 1, given.route), doses, parameters)


def follow(
    rule: str, course: Course, people: Population, told: tuple[Settings, float]
) -> tuple[dict[str, Array], Array, Mask]:
    """Observables (n, visits) under a rule, courses given (n,), and who ran to the end. told: settings, and the mean
    number of further courses that the random control deals out."""
    settings, used = told
    n, visits = len(people.ids), round(YEARS * 364.0 / VISIT_DAYS)
    names = [o.output for o in axis.outputs().values()]
    state, ok = people.rest, people.status == 0
    seen = [np.stack([people.outputs[k] for k in axis.outputs()], axis=1)]
    courses = np.zeros(n)
    for _ in range(visits):
        history = {name: np.stack([s[:, i] for s in seen], axis=1) for i, name in enumerate(axis.outputs())}
        treat = decide(rule, history, people, used / max(visits - 1, 1))
        courses += treat
        times = [d for d, _ in course.doses]
        events = _events(course, times, treat) if treat.any() else None
        ran = engine.simulate(
            axis.kernel(), course.parameters, state, times=[VISIT_DAYS], events=events, outputs=names,
            options=settings.options(),
        )  # fmt: skip
        state, ok = ran.final, ok & (ran.status == 0)
        seen.append(ran.values[:, -1])
    return {name: np.stack([s[:, i] for s in seen], axis=1) for i, name in enumerate(axis.outputs())}, courses, ok


def _events(course: Course, times: list[float], treat: Mask) -> engine.Events:
    amounts = np.stack([np.where(treat, a, 0.0) for _, a in course.doses], axis=1)
    return engine.Events(np.array(times), np.full(len(times), engine.ADD), [course.state] * len(times), amounts)


def decide(rule: str, history: dict[str, Array], people: Population, chance: float) -> Mask:
    """Who gets a course now (n,): from what was measured at the visits so far, the last one being today's."""
    n, k = history["bcount"].shape[0], history["bcount"].shape[1] - 1
    if k == 0:
        return np.full(n, rule != "no drug")
    if rule == "every 24 weeks":
        return np.full(n, k % 2 == 0)
    if rule == "at random":
        return np.asarray(streams.uniform(people.seed, f"dealt course {k}", people.ids)[:, 0] < chance)
    if rule == "B-cell return":
        error = streams.normal(people.seed, f"CD19 at visit {k}", people.ids)[:, 0]
        count = axis.outputs()["bcount"].measured(history["bcount"][:, -1])
        return np.asarray(count * np.exp(noise("bcount") * error) >= RETURN)
    if rule == "autoantibody rise":
        error = streams.normal(people.seed, "autoantibody at visits", people.ids, k + 1)
        titre = history["aas"] * np.exp(noise("igg4") * error)  # an immunoassay: the widest cv of an immunoglobulin
        return np.asarray(titre[:, -1] >= RISE * titre.min(axis=1))
    return np.zeros(n, dtype=bool)


def _means(outputs: dict[str, Array], k: int, ok: Mask) -> dict[str, float]:
    o = axis.outputs()
    relative = outputs["infl"][ok, k] / outputs["infl"][ok, 0]
    out = {"inflammation": float(relative.mean())}
    return out | {o[n].key: float(o[n].measured(outputs[n][ok, k]).mean()) for n in ("bcount", "igg")}


def judged(outputs: dict[str, Array], courses: Array, ok: Mask, seed: int) -> dict[str, Any]:
    """Mean over patients of each measure of a strategy, with a 90 % interval from resampling them."""
    relative = outputs["infl"][ok, 1:] / outputs["infl"][ok, :1]
    igg = axis.outputs()["igg"].measured(outputs["igg"][ok, 1:])
    depleted = axis.outputs()["bcount"].measured(outputs["bcount"][ok, 1:]) < RETURN
    measures = {
        "visits with low inflammation": (relative <= LOW).mean(axis=1),
        "mean inflammation": relative.mean(axis=1),
        "courses": courses[ok],
        "visits without B cells": depleted.mean(axis=1),
        "last IgG, g/L": igg[:, -1],
        "visits with low IgG": (igg < LOW_IGG).mean(axis=1),
    }
    picks = streams.generator(seed, "strategies").integers(int(ok.sum()), size=(REPLICATES, int(ok.sum())))
    out: dict[str, Any] = {"failures": int((~ok).sum())}
    for name, x in measures.items():
        out[name] = float(x.mean())
        out[f"{name} 90 %"] = [float(v) for v in np.quantile(x[picks].mean(axis=1), (0.05, 0.95))]
    return out
