"""The same patients on a drug that is stopped, on it throughout, and never on it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from baxis import axis, engine
from baxis.clinic.conduct.arm_run import ArmRun
from baxis.clinic.conduct.laboratory import Laboratory
from baxis.clinic.conduct.settings import Settings
from baxis.clinic.design.design import Arm
from baxis.clinic.instruments import Visits
from baxis.clinic.people.population import Population
from baxis.clinic.therapy.regimen import plan
from baxis.core import library
from baxis.core.errors import InvalidValue, Unsupported
from baxis.core.reading import schedule
from baxis.insight.bench.scenario import Scenario

Array = NDArray[np.float64]
STOPPED, CONTINUED, NEVER = "stopped", "continued", "never"
VISIT_WEEKS = 4.0


@dataclass(frozen=True, eq=False)
class FollowUp:
    """Of the patients whom the solver finished in all arms: days (T,) from the first dose, outputs and visits by arm.

    outputs[arm][name] (n, T): day 0 and every later visit, in multiples of health. last_dose: day of the last dose of
    the stopped arm. visits[arm] has screening before day 0.
    """

    people: Population
    days: Array
    last_dose: float
    outputs: dict[str, dict[str, Array]]
    visits: dict[str, Visits]
    failures: int
    lab: Laboratory


def last_dose(arm: Arm, weeks_on: float) -> float:
    """Day of the last dose given before `weeks_on`. Unsupported for background drugs, which have no course
    of doses; InvalidValue where no dose falls before."""
    days = []
    for t in arm.treatments:
        if axis.drug(t.drug).background:
            raise Unsupported(f"{t.drug}: a background drug; limits are computed for drugs that are given dose by dose")
        days += [t.start_day + d.day for d in schedule.parse(t.schedule).doses(weeks_on * 7.0 - t.start_day)]
    if not days:
        given = ", ".join(f"{t.drug} {t.schedule}" for t in arm.treatments)
        raise InvalidValue("dose", given, f"a dose within the {weeks_on:g} weeks on the drug")
    return max(days)


def simulate(asked: Scenario, weeks: tuple[float, float], settings: Settings) -> FollowUp:
    """All three arms. weeks: on the drug, and followed after that."""
    row = remission(asked.design.disease)
    total = sum(weeks)
    ends = [{"name": row["remission"], "week": total, "primary": True}]
    design = asked.design.replace(weeks=total, visit_weeks=VISIT_WEEKS, endpoints=ends)
    stop = last_dose(asked.treated, weeks[0])
    lab = Laboratory(design, replace(settings, progress=None))
    people, _ = lab.screen()
    spans = {STOPPED: (asked.treated, weeks[0]), CONTINUED: (asked.treated, total), NEVER: (asked.control, total)}
    runs = {}
    for i, (name, (arm, given)) in enumerate(spans.items()):
        runs[name] = _run(lab, arm, given, people)
        if settings.progress:
            settings.progress((i + 1) * len(people.ids), len(spans) * len(people.ids))
    ok = np.all([run.status == 0 for run in runs.values()], axis=0)
    kept = np.flatnonzero(ok)
    few = people.take(kept)
    outputs = {k: {n: v[ok, 1:] for n, v in run.outputs.items()} for k, run in runs.items()}
    cut = {
        k: ArmRun(r.arm, r.days, {n: v[ok] for n, v in r.outputs.items()}, r.status[ok], []) for k, r in runs.items()
    }
    visits = {k: lab.measure(few, run) for k, run in cut.items()}
    return FollowUp(
        people=few,
        days=lab.days[1:],
        last_dose=stop,
        outputs=outputs,
        visits=visits,
        failures=int((~ok).sum()),
        lab=lab,
    )


def remission(disease: str) -> dict[str, str]:
    """The disease's remission endpoint and relapse event (empty when the instrument has none)."""
    return next(r for r in library.read_table("limits/remission") if r["disease"] == disease)


def _run(lab: Laboratory, arm: Arm, weeks_given: float, people: Population) -> ArmRun:
    """One arm, its doses given until `weeks_given`, followed dose by dose so that the washout is the drug's own."""
    design = lab.design.replace(weeks=weeks_given, endpoints=[lab.design.primary.model_dump() | {"week": weeks_given}])
    parameters, events = plan(design, arm, people, "resolved")
    names = [o.output for o in axis.outputs().values()]
    ran = engine.simulate(
        axis.kernel(), parameters, people.rest, times=lab.days[1:], events=events, outputs=names, options=lab.options
    )
    values = np.concatenate([ran.values[:, :1], ran.values], axis=1)
    outputs = {name: values[:, :, i] for i, name in enumerate(axis.outputs())}
    return ArmRun(arm, lab.days, outputs, ran.status, [])
