"""The result of a virtual trial: tables by arm and contrast, trajectories, patients, failures, and its recipe."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from baxis import evidence
from baxis.clinic.conduct.happenings import dropout_visit, randomised, rescued, since_randomisation, visit_of
from baxis.clinic.conduct.settings import Settings
from baxis.clinic.conduct.stages import Decision
from baxis.clinic.design.design import Arm, Design, Endpoint
from baxis.clinic.instruments import Instrument, Visits
from baxis.clinic.people.baseline import table as published_baseline
from baxis.clinic.people.matching import Matched
from baxis.clinic.people.population import Population
from baxis.clinic.people.posterior import between_draws
from baxis.clinic.result import published
from baxis.clinic.result.contrasts import COLUMNS, Judged, contrasts, curves
from baxis.clinic.result.recipe import recipe
from baxis.clinic.result.safety import harms
from baxis.clinic.statistics.intervals import Sample, apart, central, replicate, sampling
from baxis.clinic.therapy.courses import Course, of_arm

if TYPE_CHECKING:
    import xarray
    from matplotlib.figure import Figure

Array = NDArray[np.float64]


@dataclass(frozen=True)
class ArmRun:
    """One arm as simulated: observables (n, T) in model units at `days`, status (n,) (0 = ran to the end), failures; the
    courses that patients took, and on which day each rule of the arm fired."""

    arm: Arm
    days: Array
    outputs: dict[str, Array]
    status: NDArray[np.int8]
    failures: list[dict[str, Any]]
    courses: tuple[Course, ...] = ()
    decisions: tuple[Decision, ...] = ()

    @property
    def taken(self) -> tuple[Course, ...]:
        """The courses, those with which the arm begins where none were kept."""
        return self.courses or of_arm(self.arm, self.status.size)


@dataclass(frozen=True)
class TrialResult:
    """A simulated trial beside what was published. Research use only.

    arms: one row an arm and endpoint, with the 90 % interval of each source of uncertainty apart; contrasts: one row an arm against control and endpoint; patients: baseline of
    each patient; safety: one row an arm and harm, with its source (see `clinic.safety`); baseline: published characteristics beside the virtual patients' (see
    `clinic.baseline`); matched: how they were chosen to fit them, if they were; conduct: shares by arm who dropped out, were rescued,
    switched, were randomised; survival: Kaplan-Meier curves of hazard-ratio endpoints; visits: one row a patient, arm, visit and measure (built on demand); failures: named, never dropped.
    """

    design: Design
    arms: pd.DataFrame
    contrasts: pd.DataFrame
    patients: pd.DataFrame
    screened: int
    failures: list[dict[str, Any]]
    recipe: dict[str, Any]
    runs: list[ArmRun] = field(repr=False)
    measured: list[Visits] = field(repr=False)
    units: dict[str, str] = field(repr=False)
    safety: pd.DataFrame = field(repr=False)
    baseline: pd.DataFrame = field(repr=False)
    conduct: pd.DataFrame = field(repr=False)
    survival: pd.DataFrame = field(repr=False)
    matched: Matched | None = None

    @property
    def screen_failure_share(self) -> float:
        """Share of screened candidates who did not meet the entry criteria."""
        eligible = self.matched.candidates if self.matched else len(self.patients)
        return 1.0 - eligible / self.screened

    @property
    def trajectories(self) -> xarray.Dataset:
        """Observables in measured units and instrument measures, dims (arm, patient, day), each with its unit."""
        from baxis.clinic.result.trajectories import dataset

        return dataset(self)

    @property
    def visits(self) -> pd.DataFrame:
        """Tidy table of every recorded measure: arm_id, patient, day, measure, value, unit."""
        from baxis.clinic.result.trajectories import tidy

        return tidy(self)

    def against_published(self) -> pd.DataFrame:
        """Every published value beside the simulated one: difference, ratio, and whether the 90 % interval holds it."""
        from baxis.clinic.result.against import against_published

        return against_published(self)

    def plot(self, *names: str) -> Figure:
        """Figure: the primary endpoint by arm with intervals and the published value, and biomarkers over time.

        names: observables or measures of the instrument, drawn over time instead. Raises UnknownName.
        """
        from baxis.clinic.result.figures import courses, overview

        return courses(self, names) if names else overview(self)

    @property
    def therapy(self) -> pd.DataFrame:
        """Share (0 to 1) of each arm's patients on each drug, by visit: arm_id, drug, day, share."""
        from baxis.clinic.therapy.on_drug import shares

        return shares(self)

    def to_dict(self) -> dict[str, Any]:
        """Plain data of result.json (see the JSON Schema in the docs); NaN becomes null."""
        from baxis.clinic.files.save import plain

        return plain(self)

    def save(self, folder: str | Path) -> Path:
        """Write result.json, Parquet tables and PNG figures into a new or empty folder, all or nothing.

        `baxis.load_result(folder)` gives the result back.
        """
        from baxis.clinic.files.save import save

        return save(self, Path(folder))


def summarise(
    design: Design,
    tool: Instrument,
    people: Population,
    simulated: tuple[list[ArmRun], list[Visits]],
    screened: int,
    settings: Settings,
) -> TrialResult:
    """Judge every endpoint of every arm and put the published values beside it."""
    runs, visits = simulated
    tables = evidence.load(*settings.evidence)
    seen = published.of_trial(design, tables)
    rows, judged = [], {}
    for endpoint in design.endpoints:
        for run, recorded in zip(runs, visits, strict=True):
            y = np.full(run.status.size, np.nan)
            y[run.status == 0] = judge(design, tool, endpoint, run, recorded, people)
            arm = Judged(run.arm.arm_id, run.arm.n, y, recorded)
            judged[run.arm.arm_id, endpoint] = arm
            binary = endpoint.name not in tool.continuous
            rows.append(arm_row(run.arm, endpoint, arm, people, binary) | published.arm(seen, run.arm.arm_id, endpoint))
    patients = pd.DataFrame({"patient": people.ids, **people.covariates})
    for name in tool.units:
        patients[f"{name} at baseline"] = visits[0][name][:, 1]
    return TrialResult(
        design,
        pd.DataFrame(rows),
        pd.DataFrame(contrasts(design, tool, people, judged, seen), columns=list(COLUMNS)),
        patients,
        screened,
        [f for run in runs for f in run.failures],
        recipe(design, settings, runs, screened),
        runs,
        visits,
        dict(tool.units),
        harms(design, people, runs, tables),
        published_baseline(design, tables, people, visits[0]),
        conduct_table(design, tool, people, simulated),
        curves(design, tool, people, judged),
        people.matched,
    )


def conduct_table(
    design: Design, tool: Instrument, people: Population, simulated: tuple[list[ArmRun], list[Visits]]
) -> pd.DataFrame:
    """Shares (0 to 1) by arm: event (dropped out, rescued, failed by the instrument's rule, randomised, a switch in
    words), by the last visit."""
    rows = []
    for run, visits in zip(*simulated, strict=True):
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
