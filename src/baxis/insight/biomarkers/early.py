"""Markers on treatment (weeks 4 to 12): does their change, or the target's occupancy, tell who benefits later?

The change is that from baseline under the drug, both measured with assay noise. Benefit is that of the last four weeks
against the same patient without the drug, so that weeks in which it is counted already are left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from baxis import axis
from baxis.clinic.conduct.arm_run import ArmRun
from baxis.clinic.people.population import Population
from baxis.core import library, streams
from baxis.insight.biomarkers.markers import NOISE, Benefits, combined, noise, ranked
from baxis.insight.explain.runs import TAIL_DAYS

Array = NDArray[np.float64]
WEEKS = (4.0, 8.0, 12.0)


@dataclass(frozen=True, eq=False)
class OnDrug:
    """Columns (n, k) with (marker, label) and the week of each; weeks: those that were measured."""

    labels: list[tuple[str, str]]
    values: Array
    column_weeks: Array

    @property
    def weeks(self) -> list[float]:
        """Weeks measured."""
        return sorted(set(self.column_weeks.tolist()) - {0.0})


def measured_on(people: Population, run: ArmRun, kept: NDArray[np.int64], last: float) -> OnDrug:
    """What the laboratory reports on treatment of the kept patients; last: week of the endpoint."""
    labels, columns, at = [], [], []
    for week in _visits(run, last):
        t = int(np.argmin(np.abs(run.days - 7.0 * week)))
        for name, label, cv, change in _assays():
            value = np.log(np.maximum(run.outputs[name][kept, t], 1e-6))
            if not change and np.ptp(value) < 1e-9:  # the drug does not act on it
                continue
            value = value + noise(people, f"assay {name} week {week:g}", cv)
            if change:
                before = np.log(np.maximum(people.outputs[name], 1e-6)) + noise(people, f"assay {name}", cv)
                value = value - before
            columns.append(value)
            labels.append((f"{name}@{week:g}", f"{label}, week {week:g}"))
            at.append(week)
    columns.append(streams.normal(people.seed, "assay of nothing on treatment", people.ids)[:, 0])
    return OnDrug([*labels, ("noise", NOISE)], np.stack(columns, axis=1), np.array([*at, 0.0]))


def _visits(run: ArmRun, last: float) -> list[float]:
    """Visits nearest to the weeks asked for, on treatment and before the weeks that the benefit is counted in."""
    weeks = run.days[2:] / 7.0
    allowed = weeks[(weeks >= 2.0) & (weeks <= last - TAIL_DAYS / 7.0 + 1e-9)]
    return sorted({float(allowed[np.argmin(np.abs(allowed - w))]) for w in WEEKS if allowed.size})


def _assays() -> list[tuple[str, str, float, bool]]:
    """Output, label, variation, and whether its change is taken (else its level, which is 1 without the drug)."""
    usual = [(r, True) for r in library.read_table("biomarkers/assays")]
    own = [(r, False) for r in library.read_table("biomarkers/early")]
    return [(axis.outputs()[r["marker"]].output, r["label"], float(r["cv"]), change) for r, change in usual + own]


def ranked_on(on_drug: OnDrug, judged: Benefits) -> pd.DataFrame:
    """Ranking over all weeks together, so that the false-discovery rate counts every look; empty without such a week."""
    table = ranked(on_drug.labels, on_drug.values, judged)
    weeks = dict(zip((n for n, _ in on_drug.labels), on_drug.column_weeks, strict=True))
    return table.assign(week=table["marker"].map(weeks)) if on_drug.weeks else table.iloc[:0].assign(week=0.0)


def added(on_drug: OnDrug, baseline: Array, judged: Benefits) -> pd.DataFrame:
    """What the markers of each week tell together with those at baseline: rank correlation, and by permuted benefit."""
    rows = []
    for week in on_drug.weeks:
        own = on_drug.values[:, on_drug.column_weeks == week]
        rows.append((week, *combined(np.hstack([baseline, own]), judged.benefit, judged.seed)))
    return pd.DataFrame(rows, columns=["week", "composite", "composite_null"])
