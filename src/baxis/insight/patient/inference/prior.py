"""The prior of one patient: virtual patients of the disease put through the file's treatments, and what they would show."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from baxis.clinic.conduct.settings import Settings
from baxis.clinic.people.population import Population, draw, typical
from baxis.insight.combine import setting
from baxis.insight.patient.course import Ratings, Seen, Table, history, place
from baxis.insight.patient.visits import Measurements

Index = NDArray[np.int64]
BLOCK = 5000
RATED = 4  # draws of the instrument for each virtual patient
APART = 1_000_000_000  # between the stream numbers of two of them


@dataclass(frozen=True)
class Pool:
    """A part of the prior that was put through a file's treatments."""

    people: Population
    seen: Seen


class Made:
    """How pools of one patient's treatments are made; equal when disease, seed, treatments and visit days are."""

    def __init__(self, visits: Measurements, disease: str, settings: Settings) -> None:
        self.visits, self.disease, self.settings = visits, disease, settings
        self.design, self.own = place(visits, disease)
        self.options = replace(settings, progress=None).options()
        self.key = (disease, settings.seed, settings.rtol, settings.atol, visits.given, visits.times)

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Made) and other.key == self.key

    @cached_property
    def ratings(self) -> Ratings:
        """The instrument, against the typical patient of the disease's home."""
        return Ratings(self.disease, typical(setting.home(self.disease), self.options))

    def pool(self, ids: Index) -> Pool:
        """Patients with these numbers, those that the solver finished."""
        people = draw(self.design, self.settings.seed, ids, self.options, own=self.own)
        return self.through(people)

    def through(self, people: Population, every: bool = False) -> Pool:
        """Patients put through the treatments; `every`: failures stay, marked in `seen.ok`."""
        seen = history(self.visits, people, self.design, self.options)
        good = np.flatnonzero(seen.ok)
        return Pool(people, seen) if every else Pool(people.take(good), seen.take(good))

    def observe(self, pool: Pool, who: Index, tools: Index) -> Table:
        """Instrument's measures (m, T) at the visits, of patients `who` (m,) with its stream numbers `tools` (m,)."""
        return self.ratings.observe(pool.seen.outputs, np.array(self.visits.times), pool.people, who, tools)


def particles(people: Population, rated: bool) -> tuple[Index, Index]:
    """(who, tools): every patient with each of RATED draws of the instrument (one, its own, where nothing is rated)."""
    n, r = len(people.ids), RATED if rated else 1
    who = np.repeat(np.arange(n), r)
    return who, people.ids[who] + APART * np.tile(np.arange(r), n)


@lru_cache(maxsize=8)
def block(start: int, made: Made) -> Pool:
    """BLOCK patients of the prior from this stream number on, kept for the next file with the same treatments."""
    return made.pool(np.arange(start, start + BLOCK))


@lru_cache(maxsize=8)
def shown(start: int, made: Made, measures: tuple[str, ...]) -> Table:
    """These measures (m, T) of a block's particles; kept like the block."""
    if not measures:
        return {}
    pool = block(start, made)
    table = made.observe(pool, *particles(pool.people, True))
    return {k: table[k] for k in measures}
