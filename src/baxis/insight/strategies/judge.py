"""What a strategy is worth and what it costs: remission, events, glucocorticoid, serious infections, courses, B cells, IgG."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from baxis import axis
from baxis.clinic.instruments.events import first_event
from baxis.clinic.people.labs import reported
from baxis.clinic.result import safety
from baxis.core import library, streams
from baxis.insight.bench.sample import LOW, LOW_IGG, REPLICATES, Cohort
from baxis.insight.strategies.defaults import RETURN
from baxis.insight.strategies.follow import VISIT_WEEKS, Followed, Setting, steroid_at_start

Array = NDArray[np.float64]


def table(place: Setting, run: Followed, none: Followed, seed: int) -> list[dict[str, Any]]:
    """Rows of one strategy: measure, strategy, value, 90 % interval, unit, patients. none: the same without a drug."""
    ok = run.ok
    sample = Cohort(place.people.ids[ok], place.design.disease, seed)
    name = run.strategy.name
    rows = [sample.row(m, name, v[ok], unit) for m, (v, unit) in measures(place, run).items()]
    return [*rows, *infections(place, run, none, sample)]


def measures(place: Setting, run: Followed) -> dict[str, tuple[Array, str]]:
    """Measure -> (value of each patient (n,), unit), over the visits after the first dose."""
    row = _remission(place.design.disease)
    test = place.tool.endpoint(row["remission"])
    there = np.stack([test(run.visits, k) for k in range(2, run.visits.days.size)], axis=1)
    relative = run.outputs["infl"][:, 1:] / run.outputs["infl"][:, :1]
    igg = reported("igg", run.outputs["igg"][:, 1:], place.people.seed, place.people.ids)
    depleted = reported("bcount", run.outputs["bcount"][:, 1:], place.people.seed, place.people.ids) < RETURN
    out = {
        f"time in remission ({row['remission']})": (100.0 * there.mean(axis=1), "%"),
        "time with low inflammation": (100.0 * (relative <= LOW).mean(axis=1), "%"),
        "mean inflammation": (relative.mean(axis=1), "of start"),
    }
    if row["event"]:
        came = first_event(place.tool, row["event"], run.visits, float(run.visits.days[-1]))
        out[f"{row['event']}"] = (100.0 * came.event, "%")
    return out | {
        "prednisone, cumulative": (run.steroid[:, :-1].sum(axis=1) * VISIT_WEEKS * 7.0 / 1000.0, "g"),
        "lines and courses begun": (run.begun.sum(axis=1).astype(float), "1"),
        "doses given": (run.doses.sum(axis=1).astype(float), "1"),
        "time under the drugs": (100.0 * (run.treated[:, :-1] >= 0).mean(axis=1), "%"),
        "time without B cells": (100.0 * depleted.mean(axis=1), "%"),
        "time with low IgG": (100.0 * (igg < LOW_IGG).mean(axis=1), "%"),
        "IgG at the end": (igg[:, -1], "g/L"),
    }


def infections(place: Setting, run: Followed, none: Followed, sample: Cohort) -> list[dict[str, Any]]:
    """Serious infections per 100 patient-years (nan where no source gives the disease's rate), and their ratio to those
    of the same patients without the drug. The interval holds the published rate's and class factor's own."""
    base = safety.infection_base(place.design.disease)
    own, sds = _hazard(place, run)
    ratio = own / float(_hazard(place, none)[0].mean())
    noise = streams.generator(sample.seed, "strategies infection").standard_normal(REPLICATES)
    rows = []
    for name, unit, factor, spread in (
        ("serious infections", "1/(100 year)", base.value if base else np.nan, [base.log_sd if base else 0.0, *sds]),
        ("serious infections against no drug", "ratio", 1.0, sds),
    ):
        each = factor * (own if unit != "ratio" else ratio)
        draws = np.maximum(sample.means(each), 0.0) * np.exp(float(np.linalg.norm(spread)) * noise)
        low, high = (float(x) for x in np.quantile(draws, (0.05, 0.95)))
        row = {"measure": name, "arm": run.strategy.name, "value": float(each.mean()), "low": low, "high": high}
        rows.append(row | {"unit": unit, "patients": int(run.ok.sum())})
    return rows


def _hazard(place: Setting, run: Followed) -> tuple[Array, list[float]]:
    """Each patient's rate (n ok,) as a multiple of the disease's, and the log sds of the class factors that entered."""
    factors, sds = np.ones(run.treated.shape), [0.0]
    for j, line in enumerate(run.lines):
        value, sd = safety.class_factor(set(line.classes))
        factors[run.treated == j] = value
        sds += [sd] if (run.treated == j).any() else []
    start = float(safety.steroid_factor(steroid_at_start(place.design, place.people)).mean())
    igg = reported("igg", run.outputs["igg"], place.people.seed, place.people.ids)
    return safety.infection_factor(run.steroid, igg, start, factors)[run.ok, :-1].mean(axis=1), sds


def course(run: Followed) -> list[dict[str, Any]]:
    """Means at each visit: inflammation (of the start), CD19 cells, IgG, prednisone, share under the drugs."""
    ok, o = run.ok, axis.outputs()
    relative = run.outputs["infl"][ok] / run.outputs["infl"][ok, :1]
    rows = []
    for k in range(relative.shape[1]):
        row = {"strategy": run.strategy.name, "week": VISIT_WEEKS * k, "inflammation": float(relative[:, k].mean())}
        row |= {o[n].key: float(o[n].measured(run.outputs[n][ok, k]).mean()) for n in ("bcount", "igg")}
        row |= {"prednisone": float(run.steroid[ok, k].mean()), "begun": int(run.begun[ok, k].sum())}
        rows.append(row | {"treated": float((run.treated[ok, k] >= 0).mean())})
    return rows


def _remission(disease: str) -> dict[str, str]:
    return next(r for r in library.read_table("limits/remission") if r["disease"] == disease)
