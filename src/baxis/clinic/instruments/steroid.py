"""Steroid dose of each patient at each visit, for endpoints that ask for it: background with its taper, and the arm's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...core import schedule, streams, units

if TYPE_CHECKING:
    from ..design import Arm, Design, Treatment
    from ..population import Population

Array = NDArray[np.float64]
# Dose of each that equals 1 mg of prednisone (equivalent anti-inflammatory doses of the textbooks).
PREDNISONE_EQUIVALENT = {"prednisone": 1.0, "prednisolone": 1.0, "methylprednisolone": 0.8}


def steroid_dose(design: Design, arm: Arm, people: Population, days: Array) -> Array | None:
    """Prednisone-equivalent dose (n, T) in mg/day at `days` (0 = first dose); None where the design names no steroid.

    Read the same way as the regimen: a patient who tapers takes at most the taper's dose from its week on. Before the
    first dose the arm's own steroid is not counted.
    """
    background = [b for b in design.background_therapy if b.drug in PREDNISONE_EQUIVALENT]
    given = [t for t in arm.treatments if t.drug in PREDNISONE_EQUIVALENT and schedule.parse(t.schedule).per_day]
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
    for treatment in given:
        total += _treatment(treatment, people, days)
    return total


def _treatment(treatment: Treatment, people: Population, days: Array) -> Array:
    """Dose of a daily steroid that the arm itself gives, (n, T), from its start on."""
    mass, _, per = treatment.dose_unit.partition("/")
    amount = treatment.dose * units.factor(mass, "mg") * (schedule.parse(treatment.schedule).per_day or 0)
    scale = {"kg": "weight_kg", "m2": "bsa_m2"}.get(per)
    each = people.covariates[scale] if scale else np.ones(len(people.ids))
    taken = (days >= treatment.start_day - 1e-9).astype(float)
    return np.asarray(amount / PREDNISONE_EQUIVALENT[treatment.drug] * each[:, None] * taken[None, :])
