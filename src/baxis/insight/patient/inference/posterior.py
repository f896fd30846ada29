"""Posterior over virtual patients: the disease's population put through the patient's treatments, weighted by the values.

A value is log-normal about the virtual patient's own at that visit times the person's own own level of the measure
(`own_levels`); a rating is that of the instrument with the rater's
error (`scores`), each virtual patient rated with several draws of the instrument's own differences and noise. The
weights are exact for the population drawn; it is enlarged until the effective sample suffices, and where that is not
enough the sample is moved (`refine`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from baxis import axis
from baxis.clinic.design.design import Design
from baxis.clinic.people.labs import noise, own_level
from baxis.clinic.people.population import Population, endotype_of
from baxis.core import streams
from baxis.insight.omics.parameters import links, log_likelihood
from baxis.insight.patient import scores
from baxis.insight.patient.course import Seen, Table
from baxis.insight.patient.inference.own_levels import OwnLevels
from baxis.insight.patient.inference.prior import Index, Made, Pool, particles
from baxis.insight.patient.visits import Measurements

Array = NDArray[np.float64]
MOST = 20_000
ENOUGH = 300.0
OUTSIDE = 0.01


@dataclass(frozen=True, eq=False)
class Posterior:
    """Particles (m,): patient `who` of `people`, instrument's stream number `tools`, weights summing to 1.

    seen: the patients at the visits and now; kinds (n,): endotype of each; ess: effective number of virtual patients; tail: for each
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


class Likelihood:
    """Log density of a file's values given virtual patients and the instrument's stream numbers."""

    def __init__(self, visits: Measurements, made: Made) -> None:
        self.visits, self.times, self.made = visits, np.array(visits.times), made
        self.scores, self.levels = scores.scores(made.disease), OwnLevels(visits)
        self.measures = tuple(dict.fromkeys(r.measure for r in visits.ratings))

    def labs(self, pool: Pool) -> Array:
        """(n,): of the laboratory values and of standings in signatures."""
        seen = pool.seen
        out = np.zeros(len(seen.ok))
        for s in self.visits.standings:
            own = pool.people.parameters[:, axis.index(links(pool.people.disease)[s.signature].parameter)[0]]
            out += log_likelihood(pool.people.disease, s.signature, s.value, own)
        return out + self.levels.log_density(seen.outputs)

    def rated(self, pool: Pool, who: Index, tools: Index) -> Array:
        """(m,): of the ratings, for particles (who, tools)."""
        return self.judged(self.made.observe(pool, who, tools) if self.measures else {}, who.size)

    def judged(self, table: Table, m: int) -> Array:
        """(m,): of the ratings, for particles that show these measures (m, T)."""
        out = np.zeros(m)
        for r in self.visits.ratings:
            k = int(np.searchsorted(self.times, r.day))
            out += self.scores[r.measure].likelihood(r.value, table[r.measure][:, k], r.sign)
        return out


def weighted(like: Likelihood, pool: Pool, log: Array, ess: float, tables: list[Table]) -> Posterior:
    """The posterior as the prior's particles weighted by these logs (m,)."""
    made, people = like.made, pool.people
    who, tools = particles(people, bool(like.measures))
    kinds = endotype_of(made.disease, streams.uniform(people.seed, "endotype", people.ids)[:, 0])
    tail = _tails(like, pool, tools, {k: np.concatenate([t[k] for t in tables]) for k in like.measures})
    weights = np.exp(log - log.max())
    return Posterior(
        design=made.design,
        people=people,
        seen=pool.seen,
        who=who,
        tools=tools,
        weights=weights / weights.sum(),
        kinds=kinds,
        ess=ess,
        tail=tail,
        moves={},
    )


def effective(log: Array, own: Index | None = None) -> float:
    """Effective sample size of log weights (m,) (Kish); what has the same number `own` (m,) counts as one."""
    w = np.exp(log - log.max())
    if own is not None:
        w = np.bincount(np.unique(own, return_inverse=True)[1], w)
    return float(w.sum() ** 2 / (w**2).sum())


def joined(parts: list[Seen]) -> Seen:
    outputs = {k: np.concatenate([p.outputs[k] for p in parts]) for k in parts[0].outputs}
    return Seen(outputs, np.concatenate([p.ok for p in parts]))


def _tails(like: Likelihood, pool: Pool, tools: Index, table: Table) -> dict[str, float]:
    """Two-sided prior predictive tail of each measure's mean: of log values, and of ratings."""
    visits, out = like.visits, {}
    for name in dict.fromkeys(visits.names):
        rows = [i for i, n in enumerate(visits.names) if n == name]
        columns = [int(np.searchsorted(like.times, visits.days[i])) for i in rows]
        own = float(np.log(visits.values[rows]).mean())
        e = streams.normal(pool.people.seed, f"predictive {name}", pool.people.ids)[:, 0]
        simulated = np.log(np.maximum(pool.seen.outputs[name][:, columns], 1e-9))
        if any(visits.sign(i) for i in rows):
            each = streams.normal(pool.people.seed, f"predictive values {name}", pool.people.ids, len(rows))
            seen = simulated + each * noise(name) + (e * own_level(name))[:, None]
            out[name] = _two_sided(_reported(seen, np.log(visits.values[rows]), [visits.sign(i) for i in rows]), own)
            continue
        sd = np.sqrt(noise(name) ** 2 / len(rows) + own_level(name) ** 2)
        out[name] = _two_sided(simulated.mean(axis=1) + e * sd, own)
    for measure in like.measures:
        rows_ = [r for r in visits.ratings if r.measure == measure]
        columns = [int(np.searchsorted(like.times, r.day)) for r in rows_]
        e = streams.normal(pool.people.seed, f"predictive {measure}", tools, len(rows_))
        rated = like.scores[measure].rated(table[measure][:, columns], e)
        values = np.array([r.value for r in rows_])
        out[measure] = _two_sided(_reported(rated, values, [r.sign for r in rows_]), float(values.mean()))
    return out


def _reported(seen: Array, limits: Array, signs: list[str]) -> Array:
    """(n,): mean of values (n, k) as they would be reported: what lies beyond a limit (k,) is reported as the limit."""
    out = seen.copy()
    for k, sign in enumerate(signs):
        if sign:
            out[:, k] = np.maximum(seen[:, k], limits[k]) if sign == "<" else np.minimum(seen[:, k], limits[k])
    return np.asarray(out.mean(axis=1))


def _two_sided(simulated: Array, seen: float) -> float:
    """Twice the smaller tail, what equals the seen value counted on either side."""
    return min(1.0, 2.0 * min(float(np.mean(simulated <= seen)), float(np.mean(simulated >= seen))))
