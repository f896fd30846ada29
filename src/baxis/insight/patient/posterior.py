"""Posterior over virtual patients: the disease's population, weighted by how well each explains the values.

A value is log-normal about the virtual patient's own at rest under background, independent between visits given the
patient. The weights are exact for the population drawn; it is enlarged until the effective sample suffices.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ... import axis
from ...clinic.design import Design
from ...clinic.population import Population, draw, join
from ...clinic.settings import Settings
from ...core import streams
from ..combine import setting
from .visits import Visits, noise

Array = NDArray[np.float64]
BLOCK, MOST, ENOUGH = 5000, 40_000, 300.0
OUTSIDE = 0.01


@dataclass(frozen=True)
class Posterior:
    """people (n,) of the prior, weights (n,) summing to 1; ess: effective sample size; tail: for each measure, the
    two-sided share of the prior (with measurement noise) at least as extreme as what was seen."""

    design: Design
    people: Population
    weights: Array
    ess: float
    tail: dict[str, float]

    @property
    def warnings(self) -> tuple[str, ...]:
        """Why this posterior should not be trusted, one sentence each."""
        odd = [axis.outputs()[k].key for k, p in self.tail.items() if p < OUTSIDE]
        out = (
            [f"Outside the virtual population (under {OUTSIDE:.0%} of it as extreme): {', '.join(odd)}."] if odd else []
        )
        if self.ess < ENOUGH / 3:
            out.append(f"Only {self.ess:.0f} effective virtual patients: intervals are unreliable.")
        return tuple(out)

    def resample(self, n: int) -> NDArray[np.int64]:
        """Positions (n,) of patients drawn from the posterior (systematic)."""
        u = streams.uniform(self.people.seed, "posterior resampling", [0])[0, 0]
        edges = np.cumsum(self.weights)
        return np.searchsorted(edges / edges[-1], (np.arange(n) + u) / n).astype(np.int64)

    def endotypes(self) -> dict[str, tuple[float, float]]:
        """Endotype -> (share in the prior, probability in the posterior)."""
        kinds = axis.disease(self.design.disease).endotypes
        shares = np.cumsum([k.share for k in kinds])
        u = streams.uniform(self.people.seed, "endotype", self.people.ids)[:, 0] * shares[-1]
        own = np.searchsorted(shares, u, side="right").clip(max=len(kinds) - 1)
        return {k.name: (k.share, float(self.weights[own == i].sum())) for i, k in enumerate(kinds)}

    def summary(self, output: str) -> tuple[float, float, float]:
        """(median, 5 %, 95 %) of an observable, multiples of health."""
        x = self.people.outputs[output]
        order = np.argsort(x)
        edges = np.cumsum(self.weights[order])
        median, low, high = (float(x[order][np.searchsorted(edges, q).clip(max=x.size - 1)]) for q in (0.5, 0.05, 0.95))
        return median, low, high


@lru_cache(maxsize=16)
def _block(disease: str, seed: int, start: int, threads: int | None) -> Population:
    options = Settings(threads=threads).options()
    pool = draw(setting.home(disease), seed, np.arange(start, start + BLOCK), options)
    return pool.take(np.flatnonzero(pool.status == 0))


def infer(visits: Visits, disease: str, settings: Settings, most: int = MOST) -> Posterior:
    """Posterior of a patient with these values before treatment. `most`: largest population drawn."""
    parts: list[Population] = []
    while True:
        parts.append(_block(disease, settings.seed, BLOCK * len(parts), settings.threads))
        people = join(parts)
        log = log_likelihood(visits, people)
        weights = np.exp(log - log.max())
        weights /= weights.sum()
        ess = float(1.0 / np.sum(weights**2))
        if settings.progress:
            settings.progress(len(people.ids), most)
        if ess >= ENOUGH or BLOCK * len(parts) >= most:
            return Posterior(setting.home(disease), people, weights, ess, _tails(visits, people))


def log_likelihood(visits: Visits, people: Population) -> Array:
    """Log density (n,) of the values for each virtual patient, up to a constant."""
    out = np.zeros(len(people.ids))
    for name, value in zip(visits.names, visits.values, strict=True):
        z = (np.log(value) - np.log(np.maximum(people.outputs[name], 1e-9))) / noise(name)
        out -= 0.5 * z * z
    return out


def _tails(visits: Visits, people: Population) -> dict[str, float]:
    """Two-sided prior predictive tail of each measure's mean log value."""
    out = {}
    for name in dict.fromkeys(visits.names):
        own = np.log(visits.values[[n == name for n in visits.names]])
        e = streams.normal(people.seed, f"predictive {name}", people.ids)[:, 0] * noise(name) / np.sqrt(own.size)
        below = float(np.mean(np.log(np.maximum(people.outputs[name], 1e-9)) + e <= own.mean()))
        out[name] = 2.0 * min(below, 1.0 - below)
    return out


def calibration_ranks(disease: str, labs: tuple[str, ...], of: str, patients: int, settings: Settings) -> Array:
    """Simulation-based calibration (Talts 2018, arXiv:1804.06788): rank in (0, 1) of the truth in its own posterior.

    Virtual patients outside the prior's draw get noisy values of `labs`; `of` is an observable that was not measured.
    Uniform ranks mean that the intervals hold what they say.
    """
    start = 10_000_000
    options = settings.options()
    truth = draw(setting.home(disease), settings.seed, np.arange(start, start + patients), options)
    ranks = []
    for i in np.flatnonzero(truth.status == 0):
        z = [streams.normal(settings.seed, f"calibration {n}", [truth.ids[i]])[0, 0] for n in labs]
        values = np.array([truth.outputs[n][i] * np.exp(noise(n) * e) for n, e in zip(labs, z, strict=True)])
        found = infer(Visits(labs, values, ("0",) * len(labs)), disease, settings, BLOCK)
        ranks.append(float(found.weights[found.people.outputs[of] < truth.outputs[of][i]].sum()))
    return np.array(ranks)
