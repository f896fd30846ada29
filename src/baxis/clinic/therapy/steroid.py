"""Steroid dose of each patient at each visit, for endpoints that ask for it: background with its taper, and the arm's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from baxis.clinic.people.bounds import PREDNISONE_EQUIVALENT
from baxis.core import streams, units
from baxis.core.reading import schedule

if TYPE_CHECKING:
    from baxis.clinic.design.design import Design
    from baxis.clinic.people.population import Population
    from baxis.clinic.therapy.courses import Intake

Array = NDArray[np.float64]


def steroid_dose(design: Design, courses: Sequence[Intake], people: Population, days: Array) -> Array | None:
    """Prednisone-equivalent dose (n, T) in mg/day at `days` (0 = first dose); None where the design names no steroid.

    Read the same way as the regimen: a patient who tapers takes at most the taper's dose from its week on; of an arm's
    own daily steroid, what is taken on that day.
    """
    background = [b for b in design.background_therapy if b.drug in PREDNISONE_EQUIVALENT]
    given = [c for c in courses if c.treatment.drug in PREDNISONE_EQUIVALENT and _daily(c)]
    if not background and not given:
        return None
    total = np.zeros((len(people.ids), days.size))
    for drug in background:
        start = people.covariates[f"{drug.drug}_dose"][:, None]
        dose = np.repeat(start, days.size, axis=1)
        tapers = streams.uniform(people.seed, f"taper {drug.drug}", people.ids)[:, :1] < drug.taper_share
        for step in drug.taper:
            late = (days >= step.week * 7.0 - 1e-9)[None, :] & tapers
            dose = np.where(late, np.minimum(start, step.dose), dose)
        total += dose / PREDNISONE_EQUIVALENT[drug.drug]
    for course in given:
        total += _course(course, people, days)
    return total


def _daily(course: Intake) -> bool:
    return any(part.daily for part in schedule.parse(course.treatment.schedule).parts)


def _course(course: Intake, people: Population, days: Array) -> Array:
    """Dose (n, T) of a daily steroid that the arm itself gives: the doses of the day of each visit."""
    t = course.treatment
    mass, _, per = t.dose_unit.partition("/")
    doses = schedule.parse(t.schedule).doses(float(days[-1]) + 2.0 - t.start_day)
    given = np.array([t.start_day + d.day for d in doses])
    amount = np.array([(t.dose if d.amount is None else d.amount) * units.factor(d.unit or mass, "mg") for d in doses])
    taken = np.zeros((len(people.ids), days.size))
    for k, day in enumerate(np.floor(days + 1e-9)):
        today = (given >= day - 1e-9) & (given < day + 1.0 - 1e-9)
        taken[:, k] = amount[today].sum() * ((days[k] < course.stop) & course.takes)
    scale = {"kg": "weight_kg", "m2": "bsa_m2"}.get(per)
    each = people.covariates[scale] if scale else np.ones(len(people.ids))
    return np.asarray(taken / PREDNISONE_EQUIVALENT[t.drug] * each[:, None])
