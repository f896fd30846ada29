"""Posterior over virtual patients: the disease's population put through the patient's treatments, weighted by the values.

A value is log-normal about the virtual patient's own at that visit times the person's own set point of the measure
(`set_points`); a rating is that of the instrument with the rater's
error (`scores`), each virtual patient rated with several draws of the instrument's own differences and noise. The
weights are exact for the population drawn; it is enlarged until the effective sample suffices, and where that is not
enough the sample is moved (`refine`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ... import axis
from ...clinic.design import Design
from ...clinic.labs import noise, own_level
from ...clinic.population import Population, draw, endotype_of, join, typical
from ...clinic.settings import Settings
from ...core import streams
from ..omics_parameters import links, log_likelihood
from . import scores
from .course import Ratings, Seen, Table, history, place
from .set_points import SetPoints
from .visits import Visits

Array = NDArray[np.float64]
Index = NDArray[np.int64]
BLOCK, MOST, ENOUGH = 5000, 20_000, 300.0
RATED = 4  # draws of the instrument for each virtual patient
APART = 1_000_000_000  # between the stream numbers of two of them
OUTSIDE = 0.01


@dataclass(frozen=True)
class Posterior:
    """Particles (m,): patient `who` of `people`, instrument's stream number `tools`, weights summing to 1.

    seen: the patients at the visits and now; kinds (n,): endotype of each; ess: effective sample size; tail: for each
    measure the two-sided share of the prior (with measurement noise) at least as extreme as what was seen; moves: what
    the refinement did (empty: none was needed).
    """

    design: Design
    people: Population
    seen: Seen
    who: Index
    tools: Index
    weights: Array
    kinds: Index
    ess: float
    tail: dict[str, float]
    moves: dict[str, float]

    @property
    def warnings(self) -> tuple[str, ...]:
        """Why this posterior should not be trusted, one sentence each."""
        odd = [axis.outputs()[k].key if k in axis.outputs() else k for k, p in self.tail.items() if p < OUTSIDE]
        out = (
            [f"Outside the virtual population (under {OUTSIDE:.0%} of it as extreme): {', '.join(odd)}."] if odd else []
        )
        if self.ess < ENOUGH / 3:
            out.append(f"Only {self.ess:.0f} effective virtual patients: intervals are unreliable.")
        return tuple(out)

    def resample(self, n: int) -> Index:
        """Positions (n,) of particles drawn from the posterior (systematic)."""
        u = streams.uniform(self.people.seed, "posterior resampling", [0])[0, 0]
        return systematic(self.weights, n, u)

    def endotypes(self) -> dict[str, tuple[float, float]]:
        """Endotype -> (share in the prior, probability in the posterior)."""
        kinds = axis.disease(self.design.disease).endotypes
        own = self.kinds[self.who]
        return {k.name: (k.share, float(self.weights[own == i].sum())) for i, k in enumerate(kinds)}

    def summary(self, output: str, factor: Array | float = 1.0) -> tuple[float, float, float]:
        """(median, 5 %, 95 %) of an observable at the last visit, multiples of health; factor (m,): of each particle."""
        x = self.seen.outputs[output][self.who, -1] * factor
        median, low, high = quantiles(x, self.weights, (0.5, 0.05, 0.95))
        return median, low, high


def systematic(weights: Array, n: int, u: float) -> Index:
    """Positions (n,) by systematic resampling with one uniform."""
    edges = np.cumsum(weights)
    return np.searchsorted(edges / edges[-1], (np.arange(n) + u) / n).clip(max=weights.size - 1).astype(np.int64)


def quantiles(x: Array, weights: Array, at: tuple[float, ...]) -> list[float]:
    """Weighted quantiles of x (m,)."""
    order = np.argsort(x)
    edges = np.cumsum(weights[order])
    return [float(x[order][np.searchsorted(edges, q * edges[-1]).clip(max=x.size - 1)]) for q in at]


@dataclass(frozen=True)
class Pool:
    """A part of the prior that was put through a file's treatments."""

    people: Population
    seen: Seen


@lru_cache(maxsize=8)
def _block(start: int, made: _Made) -> Pool:
    return made.pool(np.arange(start, start + BLOCK))


class _Made:
    """How pools of one patient's treatments are made; equal when disease, seed, treatments and visit days are."""

    def __init__(self, visits: Visits, disease: str, settings: Settings) -> None:
        self.visits, self.disease, self.settings = visits, disease, settings
        self.design, self.own = place(visits, disease)
        self.options = replace(settings, progress=None).options()
        self.key = (disease, settings.seed, settings.rtol, settings.atol, visits.given, visits.times)

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Made) and other.key == self.key

    def pool(self, ids: Index) -> Pool:
        """Patients with these numbers, those that the solver finished."""
        people = draw(self.design, self.settings.seed, ids, self.options, own=self.own)
        return self.through(people)

    def through(self, people: Population, every: bool = False) -> Pool:
        """Patients put through the treatments; `every`: failures stay, marked in `seen.ok`."""
        seen = history(self.visits, people, self.design, self.options)
        good = np.flatnonzero(seen.ok)
        return Pool(people, seen) if every else Pool(people.take(good), seen.take(good))


class Likelihood:
    """Log density of a file's values given virtual patients and the instrument's stream numbers."""

    def __init__(self, visits: Visits, made: _Made) -> None:
        self.visits, self.times = visits, np.array(visits.times)
        self.scores, self.set_points = scores.scores(made.disease), SetPoints(visits)
        self.ratings = Ratings(made.disease, typical(setting_of(made), made.options))

    def labs(self, pool: Pool) -> Array:
        """(n,): of the laboratory values and of standings in signatures."""
        seen = pool.seen
        out = np.zeros(len(seen.ok))
        for s in self.visits.standings:
            own = pool.people.parameters[:, axis.index(links(pool.people.disease)[s.signature].parameter)[0]]
            out += log_likelihood(pool.people.disease, s.signature, s.value, own)
        return out + self.set_points.log_density(seen.outputs)

    def rated(self, pool: Pool, who: Index, tools: Index) -> Array:
        """(m,): of the ratings, for particles (who, tools)."""
        out = np.zeros(who.size)
        if not self.visits.ratings:
            return out
        shown = self.observe(pool, who, tools)
        for r in self.visits.ratings:
            k = int(np.searchsorted(self.times, r.day))
            out += self.scores[r.measure].likelihood(r.value, shown[r.measure][:, k])
        return out

    def observe(self, pool: Pool, who: Index, tools: Index) -> Table:
        """Instrument's measures (m, T) at the visits."""
        return self.ratings.observe(pool.seen.outputs, self.times, pool.people, who, tools)


def setting_of(made: _Made) -> Design:
    """The setting whose typical patient the instrument measures against: the disease's home."""
    from ..combine import setting

    return setting.home(made.disease)


def infer(visits: Visits, disease: str, settings: Settings, most: int = MOST) -> Posterior:
    """Posterior of a patient with these values and treatments. `most`: largest population drawn before refinement."""
    made = _Made(visits, disease, settings)
    like = Likelihood(visits, made)
    parts: list[Pool] = []
    logs: list[Array] = []
    while True:
        part = _block(BLOCK * len(parts), made)
        parts.append(part)
        logs.append(_extended(like, part))
        log = np.concatenate(logs)
        ess = effective(log)
        if settings.progress:
            settings.progress(BLOCK * len(parts), most)
        if ess >= ENOUGH or BLOCK * len(parts) >= most:
            break
    pool = Pool(join([p.people for p in parts]), _joined([p.seen for p in parts]))
    who, tools = particles(pool.people, 0 if not visits.ratings else RATED)
    kinds = endotype_of(disease, streams.uniform(settings.seed, "endotype", pool.people.ids)[:, 0])
    tail = _tails(like, pool, (who, tools))
    weights = np.exp(log - log.max())
    found = Posterior(made.design, pool.people, pool.seen, who, tools, weights / weights.sum(), kinds, ess, tail, {})
    if ess >= ENOUGH:
        return found
    from .refine import refine

    return refine(found, (made, like), log)


def particles(people: Population, rated: int) -> tuple[Index, Index]:
    """(who, tools): every patient with each of `rated` draws of the instrument (one, its own, for 0)."""
    n, r = len(people.ids), max(rated, 1)
    who = np.repeat(np.arange(n), r)
    return who, people.ids[who] + APART * np.tile(np.arange(r), n)


def _extended(like: Likelihood, part: Pool) -> Array:
    """Log likelihood of a pool's particles."""
    who, tools = particles(part.people, 0 if not like.visits.ratings else RATED)
    return like.labs(part)[who] + like.rated(part, who, tools)


def effective(log: Array) -> float:
    """Effective sample size of log weights (Kish)."""
    w = np.exp(log - log.max())
    return float(w.sum() ** 2 / (w**2).sum())


def _joined(parts: list[Seen]) -> Seen:
    outputs = {k: np.concatenate([p.outputs[k] for p in parts]) for k in parts[0].outputs}
    return Seen(outputs, np.concatenate([p.ok for p in parts]))


def _tails(like: Likelihood, pool: Pool, at: tuple[Index, Index]) -> dict[str, float]:
    """Two-sided prior predictive tail of each measure's mean: of log values, and of ratings."""
    visits, out = like.visits, {}
    for name in dict.fromkeys(visits.names):
        rows = [i for i, n in enumerate(visits.names) if n == name]
        columns = [int(np.searchsorted(like.times, visits.days[i])) for i in rows]
        own = float(np.log(visits.values[rows]).mean())
        e = streams.normal(pool.people.seed, f"predictive {name}", pool.people.ids)[:, 0]
        simulated = np.log(np.maximum(pool.seen.outputs[name][:, columns], 1e-9)).mean(axis=1)
        sd = np.sqrt(noise(name) ** 2 / len(rows) + own_level(name) ** 2)
        out[name] = _two_sided(simulated + e * sd, own)
    shown = like.observe(pool, *at) if visits.ratings else {}
    for measure in dict.fromkeys(r.measure for r in visits.ratings):
        rows_ = [r for r in visits.ratings if r.measure == measure]
        columns = [int(np.searchsorted(like.times, r.day)) for r in rows_]
        e = streams.normal(pool.people.seed, f"predictive {measure}", at[1], len(rows_))
        rated = like.scores[measure].rated(shown[measure][:, columns], e).mean(axis=1)
        out[measure] = _two_sided(rated, float(np.mean([r.value for r in rows_])))
    return out


def _two_sided(simulated: Array, seen: float) -> float:
    """Twice the smaller tail, what equals the seen value counted on either side."""
    return min(1.0, 2.0 * min(float(np.mean(simulated <= seen)), float(np.mean(simulated >= seen))))
