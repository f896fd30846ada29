"""Refinement of a posterior whose population holds too few patients like the one seen: tempered resample-move.

The likelihood is brought in by steps (each keeps half of the effective sample; Del Moral 2006, doi:10.1111/j.1467-9868.2006.00553.x).
After each step the particles are resampled and moved by two kernels that leave the tempered posterior as it is: a
preconditioned Crank-Nicolson step in the normals behind the patient (Cotter 2013, doi:10.1214/13-STS421), which keeps the
prior, and a choice among fresh draws of the instrument's own differences (iterated sampling importance resampling).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from ...clinic.population import endotype_of, join, rested, spread_parameters
from ...core import streams
from .course import Seen
from .posterior import APART, ENOUGH, Index, Likelihood, Pool, Posterior, _Made, effective, systematic

Array = NDArray[np.float64]
PARTICLES, MOVES, CHOICES, LAST = 600, 3, 8, 9
STEPS = (0.7, 0.4, 0.2)  # of the Crank-Nicolson moves, in turn: from bold to fine
MOST_STEPS = 30


class Latent:
    """The normals behind patients, (m, k) by purpose; stands in for `core.streams` when parameters are made."""

    def __init__(self, values: dict[str, Array] | None = None) -> None:
        self.values = values or {}

    def normal(self, seed: int, purpose: str, patients: ArrayLike, n: int = 1) -> Array:
        """What is kept, else (first call) the patients' own stream."""
        if purpose not in self.values:
            self.values[purpose] = streams.normal(seed, purpose, patients, n)
        return self.values[purpose]

    def uniform(self, seed: int, purpose: str, patients: ArrayLike, n: int = 1) -> Array:
        """The normal of the same purpose as a uniform."""
        return np.clip(ndtr(self.normal(seed, purpose, patients, n)), 1e-15, 1 - 1e-15)

    def take(self, index: Index) -> Latent:
        """Some of the patients."""
        return Latent({k: v[index] for k, v in self.values.items()})

    def moved(self, seed: int, name: str, step: float) -> Latent:
        """A step that keeps the standard normal."""
        out = {}
        for k, v in self.values.items():
            fresh = streams.normal(seed, f"move {name} {k}", np.arange(len(v)), v.shape[1])
            out[k] = np.sqrt(1 - step * step) * v + step * fresh
        return Latent(out)

    def chosen(self, other: Latent, where: NDArray[np.bool_]) -> Latent:
        """The other's patients where `where` (m,) holds."""
        return Latent({k: np.where(where[:, None], other.values[k], v) for k, v in self.values.items()})


@dataclass
class _Cloud:
    """Particles being moved: latents, stream numbers, instrument numbers, pool and log likelihoods (labs, ratings)."""

    latent: Latent
    tools: Index
    pool: Pool
    labs: Array
    rated: Array

    @property
    def log(self) -> Array:
        return np.where(self.pool.seen.ok, self.labs + self.rated, -np.inf)

    def take(self, index: Index) -> _Cloud:
        pool = Pool(self.pool.people.take(index), self.pool.seen.take(index))
        return _Cloud(self.latent.take(index), self.tools[index], pool, self.labs[index], self.rated[index])


def refine(found: Posterior, ways: tuple[_Made, Likelihood], log: Array) -> Posterior:
    """The posterior as PARTICLES moved particles. ways: how patients are made and judged; log (m,): of found's particles."""
    made, like = ways
    seed = found.people.seed
    power = _next_power(log, 0.0, float(PARTICLES))
    start = systematic(np.exp(power * (log - log.max())), PARTICLES, streams.uniform(seed, "refine", [0])[0, 0])
    cloud = _begin(found, like, start, log)
    ancestors, accepted, step, history = np.unique(found.who[start]).size, [], 0, [power]
    while True:
        last = power >= 1.0
        for _ in range(LAST if last else MOVES):
            cloud, share = _move(cloud, ways, (seed, f"{step}"), power)
            accepted.append(share)
            step += 1
        if last or len(history) > MOST_STEPS:
            break
        after = _next_power(cloud.log, power, PARTICLES / 2)
        weights = np.exp((after - power) * (cloud.log - cloud.log.max()))
        u = streams.uniform(seed, f"refine {after}", [0])[0, 0]
        cloud, power = cloud.take(systematic(weights, PARTICLES, u)), after
        history.append(power)
    kinds = endotype_of(made.disease, ndtr(cloud.latent.values["endotype"][:, 0]))
    distinct = np.unique(cloud.log).size
    moves = {
        "particles": float(PARTICLES), "steps": float(len(history)), "accepted": float(np.mean(accepted)),
        "distinct": float(distinct), "ancestors": float(ancestors), "population_effective": found.ess, "population": float(len(found.people.ids)),
    }  # fmt: skip
    who, weights = np.arange(PARTICLES), np.full(PARTICLES, 1.0 / PARTICLES)
    ess = min(float(distinct), ENOUGH * 2)
    return Posterior(
        found.design, cloud.pool.people, cloud.pool.seen, who, cloud.tools, weights, kinds, ess, found.tail, moves
    )


def _next_power(log: Array, power: float, least: float) -> float:
    """The largest power up to 1 at which the step's weights keep an effective sample of `least`."""
    good = log[np.isfinite(log)]
    least = min(least, 0.9 * good.size)
    if effective((1.0 - power) * good) >= least:
        return 1.0
    low, high = power, 1.0
    for _ in range(50):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if effective((middle - power) * good) >= least else (low, middle)
    return max(low, power + 1e-4)


def _begin(found: Posterior, like: Likelihood, start: Index, log: Array) -> _Cloud:
    """The chosen particles with the normals that their patients were drawn by."""
    who = found.who[start]
    people, latent = found.people.take(who), Latent()
    spread_parameters(found.design.disease, people.seed, people.ids, latent)
    pool = Pool(people, found.seen.take(who))
    labs = like.labs(pool)
    return _Cloud(latent, found.tools[start], pool, labs, log[start] - labs)


def _move(
    cloud: _Cloud, ways: tuple[_Made, Likelihood], name: tuple[int, str], power: float
) -> tuple[_Cloud, float]:  # fmt: skip
    """Both kernels once; and the share of patients that moved."""
    made, like = ways
    seed, step = name
    size = STEPS[int(step) % len(STEPS)]
    proposed = cloud.latent.moved(seed, step, size)
    people = cloud.pool.people
    parameters = spread_parameters(made.disease, seed, people.ids, proposed)
    pool = made.through(rested(made.design, (seed, people.ids), parameters, made.options, made.own), every=True)
    m = np.arange(people.ids.size)
    labs, rated = like.labs(pool), like.rated(pool, m, cloud.tools)
    new = np.where(pool.seen.ok, labs + rated, -np.inf)
    u = streams.uniform(seed, f"accept {step}", m)[:, 0]
    yes = np.log(u) < power * (new - cloud.log)
    both = _mixed(cloud.pool, pool, yes)
    out = _Cloud(
        cloud.latent.chosen(proposed, yes),
        cloud.tools,
        both,
        np.where(yes, labs, cloud.labs),
        np.where(yes, rated, cloud.rated),
    )
    return (_choose(out, like, name, power) if like.visits.ratings else out), float(yes.mean())


def _mixed(old: Pool, new: Pool, yes: NDArray[np.bool_]) -> Pool:
    """The new patients where `yes` (m,) holds."""
    m = yes.size
    pick = np.where(yes, np.arange(m) + m, np.arange(m))
    people = join([old.people, new.people]).take(pick)
    outputs = {k: np.concatenate([v, new.seen.outputs[k]])[pick] for k, v in old.seen.outputs.items()}
    return Pool(people, Seen(outputs, np.concatenate([old.seen.ok, new.seen.ok])[pick]))


def _choose(cloud: _Cloud, like: Likelihood, name: tuple[int, str], power: float) -> _Cloud:
    """The instrument's numbers chosen anew among CHOICES fresh ones and the present one, by likelihood."""
    seed, step = name
    m = cloud.tools.size
    fresh = APART * (10 + int(step)) + np.arange(m * CHOICES).reshape(m, CHOICES) + 100_000_000
    tools = np.concatenate([cloud.tools[:, None], fresh], axis=1)
    who = np.repeat(np.arange(m), CHOICES + 1)
    rated = like.rated(cloud.pool, who, tools.ravel()).reshape(m, CHOICES + 1)
    rated[:, 0] = cloud.rated
    edges = np.cumsum(np.exp(power * (rated - rated.max(axis=1, keepdims=True))), axis=1)
    u = streams.uniform(seed, f"choose {step}", np.arange(m))
    pick = (edges / edges[:, -1:] < u).sum(axis=1).clip(max=CHOICES)
    rows = np.arange(m)
    return _Cloud(cloud.latent, tools[rows, pick], cloud.pool, cloud.labs, rated[rows, pick])
