"""Measures of what lasts: return of B cells and IgG, benefit after the last dose, remission off the drug, relapse.

Times are judged at visits every 4 weeks and are censored at the end of follow-up; a median is Kaplan-Meier's. The
interval (90 %) holds resampling of the patients and the posterior draws that they carry.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from baxis.clinic.instruments import instrument
from baxis.clinic.instruments.events import first_event
from baxis.clinic.people.labs import reported
from baxis.clinic.statistics.survival import Times
from baxis.insight.bench.sample import LEAST, LOW, LOW_IGG, Cohort
from baxis.insight.limits.runs import CONTINUED, NEVER, STOPPED, FollowUp, remission

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
GONE = 10.0  # cells/uL: B cells count as depleted below, as back from it on (doi:10.1093/ndt/gfaa142.p0286)
SHARE_BACK, IGG_BACK = 0.5, 0.9  # of the count before treatment; of IgG without the drug (assumed)
HALF_BACK = 0.5  # of the fall of inflammation regained: the benefit is lost (assumed)
LATE_DAYS = 168.0  # remission lasts when it is there at every visit of the last 24 weeks (assumed)


def first_after(seen: Mask, days: Array, start: Array, origin: float) -> Times:
    """Days from `origin` to the first visit after `start` (n,) at which `seen` (n, T) holds, censored at the end."""
    hit = seen & (days[None, :] > start[:, None] + 1e-9)
    came = np.asarray(hit.any(axis=1))
    when = np.where(came, days[hit.argmax(axis=1)], days[-1])
    return Times(np.maximum(when - origin, 0.0), came)


def table(runs: FollowUp, disease: str, seed: int) -> list[dict[str, Any]]:
    """Every measure, one row each."""
    return [row for part in (b_cells, igg, lasting, remitted, events) for row in part(runs, disease, seed)]


def b_cells(runs: FollowUp, disease: str, seed: int) -> list[dict[str, Any]]:
    """Depletion, and time from the last dose until CD19 cells are back."""
    count = reported("bcount", runs.outputs[STOPPED]["bcount"], runs.people.seed, runs.people.ids)
    who = count.min(axis=1) < GONE
    everyone, few = Cohort(runs.people.ids, disease, seed), Cohort(runs.people.ids[who], disease, seed)
    rows = [everyone.row("B cells: depleted below 10 per uL", STOPPED, 100.0 * who, "%")]
    if who.sum() < LEAST:
        return rows
    own = count[who]
    nadir = np.maximum(runs.days[own.argmin(axis=1)], runs.last_dose)
    back = first_after(own >= GONE, runs.days, nadir, runs.last_dose)
    half = first_after(own >= SHARE_BACK * own[:, :1], runs.days, nadir, runs.last_dose)
    year = (back.event & (back.time + runs.last_dose <= 365.0)).astype(float)
    return [
        *rows,
        few.row("B cells back: within a year", STOPPED, 100.0 * year, "%"),
        few.time_row("B cells back: median time", STOPPED, back),
        few.time_row("B cells back: median time to half of baseline", STOPPED, half),
    ]


def igg(runs: FollowUp, disease: str, seed: int) -> list[dict[str, Any]]:
    """Low IgG, and time from the last dose until IgG is back at 90 % of the same patient's without the drug."""
    everyone, rows = Cohort(runs.people.ids, disease, seed), []
    for arm in (STOPPED, CONTINUED):
        lowest = against_never(runs, arm, "igg").min(axis=1)
        rows.append(everyone.row("IgG: lowest, of that without the drug", arm, 100.0 * lowest, "%"))
    for arm in (STOPPED, CONTINUED, NEVER):
        level = reported("igg", runs.outputs[arm]["igg"], runs.people.seed, runs.people.ids)
        rows.append(everyone.row("IgG: below 7 g/L at the end", arm, 100.0 * (level[:, -1] < LOW_IGG), "%"))
    level = against_never(runs, STOPPED, "igg")
    who = level.min(axis=1) < IGG_BACK
    nadir = np.maximum(runs.days[level[who].argmin(axis=1)], runs.last_dose)
    back = first_after(level[who] >= IGG_BACK, runs.days, nadir, runs.last_dose)
    rows.append(everyone.row("IgG: fell below 90 % of that", STOPPED, 100.0 * who, "%"))
    few = Cohort(runs.people.ids[who], disease, seed)
    return [*rows, few.time_row("IgG back: median time", STOPPED, back)]


def against_never(runs: FollowUp, arm: str, name: str) -> Array:
    """An output (n, T) over that of the same patient on the same day without the drug: background cancels."""
    return np.asarray(runs.outputs[arm][name] / runs.outputs[NEVER][name])


def benefit(runs: FollowUp, arm: str) -> tuple[Mask, Times]:
    """(n,): inflammation fell to 70 % or less of that without the drug; and for those, days from the last dose until
    half of the fall is regained."""
    level = against_never(runs, arm, "infl")
    lowest = level.min(axis=1)
    who = np.asarray(lowest <= LOW)
    start = np.maximum(runs.days[level[who].argmin(axis=1)], runs.last_dose)
    regained = level[who] >= 1.0 - HALF_BACK * (1.0 - lowest[who])[:, None]
    return who, first_after(regained, runs.days, start, runs.last_dose)


def lasting(runs: FollowUp, disease: str, seed: int) -> list[dict[str, Any]]:
    """How many benefit, and how long that lasts after the last dose."""
    everyone, rows = Cohort(runs.people.ids, disease, seed), []
    for arm in (STOPPED, CONTINUED):
        who, lost = benefit(runs, arm)
        few = Cohort(runs.people.ids[who], disease, seed)
        rows.append(everyone.row("benefit: had it", arm, 100.0 * who, "%"))
        rows.append(few.row("benefit: kept to the end", arm, 100.0 * ~lost.event, "%"))
        if arm == STOPPED:
            rows.append(few.time_row("benefit: median time kept", arm, lost))
    return rows


def remitted(runs: FollowUp, disease: str, seed: int) -> list[dict[str, Any]]:
    """Remission by the disease's instrument at the end, and at every visit of the last 24 weeks."""
    test = instrument(disease).endpoint(remission(disease)["remission"])
    everyone, rows = Cohort(runs.people.ids, disease, seed), []
    for arm, visits in runs.visits.items():
        late = np.flatnonzero(visits.days >= visits.days[-1] - LATE_DAYS)
        there = np.stack([test(visits, int(k)) for k in late], axis=1)
        rows.append(everyone.row("remission: at the end", arm, 100.0 * there[:, -1], "%"))
        rows.append(everyone.row("remission: all of the last 24 weeks", arm, 100.0 * there.min(axis=1), "%"))
    return rows


def events(runs: FollowUp, disease: str, seed: int) -> list[dict[str, Any]]:
    """Relapse or flare since the first dose; nothing where the instrument has none."""
    name, rows = remission(disease)["event"], []
    everyone = Cohort(runs.people.ids, disease, seed)
    for arm, visits in runs.visits.items() if name else ():
        came = first_event(instrument(disease), name, visits, float(visits.days[-1]))
        rows.append(everyone.row("event: share", arm, 100.0 * came.event, "%"))
        rows.append(everyone.time_row("event: median time", arm, came))
    return rows
