"""The result of a virtual trial: tables by arm and contrast, trajectories, patients, failures, and its recipe."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from baxis import evidence
from baxis.clinic.conduct.arm_run import ArmRun
from baxis.clinic.conduct.happenings import dropout_visit, randomised, rescued, since_randomisation, visit_of
from baxis.clinic.conduct.simulate import SimulatedTrial
from baxis.clinic.design.design import Arm, Design, Endpoint
from baxis.clinic.instruments import Instrument, Visits
from baxis.clinic.people.baseline import table as published_baseline
from baxis.clinic.people.population import Population
from baxis.clinic.people.posterior import between_draws
from baxis.clinic.result import published
from baxis.clinic.result.contrasts import COLUMNS, Judged, contrasts, curves
from baxis.clinic.result.recipe import recipe
from baxis.clinic.result.safety import harms
from baxis.clinic.result.trial_record import TrialRecord
from baxis.clinic.statistics.intervals import Sample, apart, central, replicate, sampling

Array = NDArray[np.float64]


def summarise(done: SimulatedTrial) -> TrialRecord:
    """Judge every endpoint of every arm and put the published values beside it."""
    design, tool, people, runs, visits = done.design, done.tool, done.people, done.runs, done.visits
    tables = evidence.load(*done.settings.evidence)
    seen = published.of_trial(design, tables)
    rows, judged = [], {}
    for endpoint in design.endpoints:
        values = judge_arms(done, endpoint)
        for run, recorded in zip(runs, visits, strict=True):
            arm = Judged(run.arm.arm_id, run.arm.n, values[run.arm.arm_id], recorded)
            judged[run.arm.arm_id, endpoint] = arm
            binary = endpoint.name not in tool.continuous
            rows.append(arm_row(run.arm, endpoint, arm, people, binary) | published.arm(seen, run.arm.arm_id, endpoint))
    patients = pd.DataFrame({"patient": people.ids, **people.covariates})
    for name in tool.units:
        patients[f"{name} at baseline"] = visits[0][name][:, 1]
    return TrialRecord(
        design=design,
        arms=pd.DataFrame(rows),
        contrasts=pd.DataFrame(contrasts(design, tool, people, judged, seen), columns=list(COLUMNS)),
        patients=patients,
        screened=done.screened,
        failures=[f for run in runs for f in run.failures],
        recipe=recipe(design, done.settings, runs, done.screened),
        runs=runs,
        measured=visits,
        units=dict(tool.units),
        safety=harms(design, people, runs, tables),
        baseline=published_baseline(design, tables, people, visits[0]),
        conduct=conduct_table(done),
        survival=curves(design, tool, people, judged),
        matched=people.matched,
    )


def judge_arms(done: SimulatedTrial, endpoint: Endpoint) -> dict[str, Array]:
    """One endpoint of every arm: value of each patient (n,), NaN where the solver failed or he was not randomised."""
    out = {}
    for run, visits in zip(done.runs, done.visits, strict=True):
        out[run.arm.arm_id] = y = np.full(run.status.size, np.nan)
        y[run.status == 0] = judge(done.design, done.tool, endpoint, run, visits, done.people)
    return out


def conduct_table(done: SimulatedTrial) -> pd.DataFrame:
    """Shares (0 to 1) by arm: event (dropped out, rescued, failed by the instrument's rule, randomised, a switch in
    words), by the last visit."""
    design, tool, people, rows = done.design, done.tool, done.people, []
    for run, visits in zip(done.runs, done.visits, strict=True):
        ok = run.status == 0
        left = dropout_visit(tool, visits.days, people, people.seed)
        found = {"dropped out": left < visits.days.size, "failed by the instrument's rule": tool.failed(visits)[:, -1]}
        if design.rescue:
            found["rescued"] = rescued(design.rescue, visits)[:, -1]
        for d in run.decisions:
            found["changed therapy by the rescue rule" if d.rescue else f"switch: {d.rule.text}"] = np.isfinite(d.day)
        if design.randomisation:
            found["randomised"] = randomised(design, tool, visits, left)
        rows += [{"arm_id": run.arm.arm_id, "event": k, "share": float(v[ok].mean())} for k, v in found.items()]
    return pd.DataFrame(rows, columns=["arm_id", "event", "share"])


def judge(
    design: Design, tool: Instrument, endpoint: Endpoint, run: ArmRun, visits: Visits, people: Population
) -> Array:
    """Endpoint of each patient whose simulation reached the end: 0/1 with non-responder imputation, or points.

    A patient who met the rescue rule or dropped out before the visit is a non-responder; for a continuous endpoint the
    last value before drop-out is carried forward, and an endpoint that counts an event keeps what was seen until then.
    NaN for a patient who was not randomised (withdrawal designs).
    """
    ok, k = run.status == 0, visit_of(visits, endpoint.week)
    left = dropout_visit(tool, visits.days, people, people.seed)
    inside = randomised(design, tool, visits, left)
    if endpoint.name in tool.continuous | tool.counted:
        later, cut, _ = since_randomisation(design, visits) if endpoint.name in tool.counted else (visits, 0, 0.0)
        test, k, left = tool.endpoint(endpoint.name), k - cut, left - cut
        by_visit = np.stack([test(later, j) for j in range(k + 1)], axis=1)
        last = np.minimum(k, np.maximum(left - 1, 1))
        out = by_visit[np.arange(len(left)), last]
    else:
        failed = (left <= k) | tool.failed(visits)[:, k] | rescued(design.rescue, visits)[:, k - 1]
        for d in run.decisions:
            failed |= d.rule.failure & (d.day < visits.days[k])
        out = np.where(failed, 0.0, tool.endpoint(endpoint.name)(visits, k))
    return np.asarray(np.where(inside, out, np.nan)[ok])


def arm_row(planned: Arm, endpoint: Endpoint, arm: Judged, people: Population, binary: bool) -> dict[str, Any]:
    """One row of the table of arms: simulated value and its intervals for a trial of the published size."""
    y = arm.finished
    between = between_draws(y, people.ids[np.isfinite(arm.values)], people.disease)
    stream = people.seed, f"trial {arm.arm_id} {endpoint.name} {endpoint.week:g}"
    draws = replicate(Sample(y, binary, between), planned.n, stream, "truth") if y.size else np.full(2, np.nan)
    value, one = float(y.mean()) if y.size else float("nan"), sampling(y, binary)
    sds = between, one / float(np.sqrt(max(y.size, 1))), one / float(np.sqrt(planned.n))
    return {
        "arm_id": arm.arm_id,
        "role": planned.role,
        "n_published": planned.n,
        "n_simulated": int(y.size),
        "endpoint": endpoint.name,
        "week": endpoint.week,
        "kind": "proportion" if binary else "points",
        "value": value,
        "pi50": central(draws, 0.5),
        "pi90": central(draws, 0.9),
        **apart(value, sds, (0.0, 1.0) if binary else None),
    }
