"""Posterior of a patient: drawn from the population, and refined where few of its patients fit."""

from __future__ import annotations

import numpy as np

from baxis.clinic.conduct.settings import Settings
from baxis.clinic.people.population import join
from baxis.insight.patient.course import Table
from baxis.insight.patient.inference.posterior import ENOUGH, MOST, Likelihood, Posterior, effective, joined, weighted
from baxis.insight.patient.inference.prior import BLOCK, Made, Pool, block, particles, shown
from baxis.insight.patient.inference.refine import refine
from baxis.insight.patient.visits import Measurements


def infer(visits: Measurements, disease: str, settings: Settings, most: int = MOST) -> Posterior:
    """Posterior of a patient with these values and treatments. `most`: largest population drawn before refinement."""
    made = Made(visits, disease, settings)
    like = Likelihood(visits, made)
    parts: list[Pool] = []
    tables: list[Table] = []
    log, own = np.zeros(0), np.zeros(0, dtype=np.int64)
    while True:
        start = BLOCK * len(parts)
        parts.append(block(start, made))
        tables.append(shown(start, made, like.measures))
        who, _ = particles(parts[-1].people, bool(like.measures))
        log = np.concatenate([log, like.labs(parts[-1])[who] + like.judged(tables[-1], who.size)])
        own = np.concatenate([own, parts[-1].people.ids[who]])
        ess = effective(log, own)
        if settings.progress:
            settings.progress(BLOCK * len(parts), most)
        if ess >= ENOUGH or BLOCK * len(parts) >= most:
            break
    found = weighted(like, Pool(join([p.people for p in parts]), joined([p.seen for p in parts])), log, ess, tables)
    if ess >= ENOUGH:
        return found
    return refine(found, like, log)
