"""Refinement of a posterior whose population holds too few patients like the one seen: tempered resample-move.

The likelihood is brought in by steps (each keeps half of the effective sample; Del Moral 2006, doi:10.1111/j.1467-9868.2006.00553.x).
After each step the particles are resampled and moved by kernels that leave the tempered posterior as it is: a
Crank-Nicolson step in the normals behind the patient's parameters, about the moments of the cloud (`latent.Steps`); a
fresh stream number, which brings another body, background dose, kinetics and posterior draw under the same normals; and
a choice among fresh draws of the instrument's own differences (iterated sampling importance resampling). With the whole
likelihood in, moves go on until what the particles' genealogy says of the Monte Carlo variance (Lee and Whiteley 2018,
doi:10.1093/biomet/asy028) is that of ENOUGH independent patients.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from baxis.clinic.people import posterior as draws
from baxis.clinic.people.population import endotype_of, join, rested, spread_parameters
from baxis.core import streams
from baxis.insight.patient.course import Seen
from baxis.insight.patient.inference.latent import Latent, Steps
from baxis.insight.patient.inference.posterior import ENOUGH, Likelihood, Posterior, effective, systematic
from baxis.insight.patient.inference.prior import APART, Index, Pool

Array = NDArray[np.float64]
PARTICLES, CHOICES = 600, 8
MOVES, LAST, MOST_MOVES = 3, 6, 24  # at each step; least and most with the whole likelihood
SIZES = (0.9, 0.6)  # of the Crank-Nicolson steps, in turn: bold and fine
NUMBERED = 0.5  # share of particles that try a fresh stream number instead
FRESH, SPAN = 500_000_000, 400_000_000  # where fresh stream numbers lie: no pool's and no true patient's
MOST_STEPS = 30


@dataclass(eq=False)
class _Cloud:
    """Particles being moved: latents, stream numbers, instrument numbers, ancestors, pool and log likelihoods.

    numbers (m,): of the posterior draw, body and background doses; the pool's own are those of kinetics, which move apart.
    """

    latent: Latent
    numbers: Index
    tools: Index
    eve: Index
    pool: Pool
    labs: Array
    rated: Array

    @property
    def log(self) -> Array:
        return np.where(self.pool.seen.ok, self.labs + self.rated, -np.inf)

    @property
    def seen(self) -> Array:
        """(m, k): log of every observable at the last visit."""
        return np.log(np.maximum(np.stack([v[:, -1] for v in self.pool.seen.outputs.values()], axis=1), 1e-9))

    def take(self, index: Index) -> _Cloud:
        pool = Pool(self.pool.people.take(index), self.pool.seen.take(index))
        return _Cloud(
            latent=self.latent.take(index), numbers=self.numbers[index], tools=self.tools[index], eve=self.eve[index], pool=pool, labs=self.labs[index],
            rated=self.rated[index],
        )  # fmt: skip


def refine(found: Posterior, like: Likelihood, log: Array) -> Posterior:
    """The posterior as PARTICLES moved particles. log (m,): log likelihood of found's particles."""
    seed = found.people.seed
    power = _next_power(log, 0.0, float(PARTICLES))
    start = systematic(np.exp(power * (log - log.max())), PARTICLES, streams.uniform(seed, "refine", [0])[0, 0])
    cloud = _begin(found, like, start, log)
    accepted: list[float] = []
    powers = [power]
    while power < 1.0 and len(powers) <= MOST_STEPS:
        cloud = _moved(cloud, like, power, accepted, MOVES)
        after = _next_power(cloud.log, power, PARTICLES / 2)
        weights = np.exp((after - power) * (cloud.log - cloud.log.max()))
        u = streams.uniform(seed, f"refine {after}", [0])[0, 0]
        cloud, power = cloud.take(systematic(weights, PARTICLES, u)), after
        powers.append(power)
    cloud = _moved(cloud, like, power, accepted, LAST)
    last = LAST
    while independent(cloud.seen, cloud.eve) < ENOUGH and last < MOST_MOVES:
        cloud, last = _moved(cloud, like, power, accepted, MOVES), last + MOVES
    ess = independent(cloud.seen, cloud.eve)
    moves = {
        "particles": float(PARTICLES), "steps": float(len(powers)), "moves": float(len(accepted)), "accepted": float(np.mean(accepted)),
        "ancestors": float(np.unique(cloud.eve).size), "population_effective": found.ess, "population": float(len(found.people.ids)),
    }  # fmt: skip
    who, weights = np.arange(PARTICLES), np.full(PARTICLES, 1.0 / PARTICLES)
    kinds = endotype_of(found.design.disease, ndtr(cloud.latent.values["endotype"][:, 0]))
    return Posterior(
        design=found.design,
        people=cloud.pool.people,
        seen=cloud.pool.seen,
        who=who,
        tools=cloud.tools,
        weights=weights,
        kinds=kinds,
        ess=ess,
        tail=found.tail,
        moves=moves,
    )


def independent(x: Array, eve: Index) -> float:
    """Effective number of independent particles (m,) from their ancestors `eve` (m,), for the means of x (m, k).

    The Monte Carlo variance of a mean is the sum over ancestors of the squared sum of their descendants' deviations
    (Lee and Whiteley 2018), here as a share of that of m independent ones, averaged over the columns that vary.
    """
    z = x - x.mean(axis=0)
    spread = z.std(axis=0)
    z = z[:, spread > 1e-9] / spread[spread > 1e-9]
    family = np.unique(eve, return_inverse=True)[1]
    if not z.size or family.max() == 0:
        return 1.0
    sums = np.zeros((family.max() + 1, z.shape[1]))
    np.add.at(sums, family, z)
    return float(len(x) / max(1.0, float((sums**2).sum(axis=0).mean() / len(x))))


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
    return _Cloud(
        latent=latent,
        numbers=people.ids,
        tools=found.tools[start],
        eve=who,
        pool=pool,
        labs=labs,
        rated=log[start] - labs,
    )


def _moved(cloud: _Cloud, like: Likelihood, power: float, accepted: list[float], n: int) -> _Cloud:
    """All kernels n times; the shares of particles that moved are added to `accepted`, whose length numbers the moves."""
    seed = cloud.pool.people.seed
    steps = Steps.of(cloud.latent.flat)
    for _ in range(n):
        cloud, share = _move(cloud, like, steps, (power, len(accepted)))
        if like.measures:
            cloud = _choose(cloud, like, (seed, len(accepted)), power)
        accepted.append(share)
    return cloud


def _move(cloud: _Cloud, like: Likelihood, steps: Steps, at: tuple[float, int]) -> tuple[_Cloud, float]:
    """Each particle tries other normals or another stream number; and the share that moved. at: power, number of the move."""
    power, step = at
    made, seed, m = like.made, cloud.pool.people.seed, np.arange(cloud.tools.size)
    numbers, kinetics, still = _numbers(cloud, step)
    z = cloud.latent.flat
    fresh = streams.normal(seed, f"move {step}", m, z.shape[1])
    other = np.where(still[:, None], z, steps.moved(z, SIZES[step % len(SIZES)], fresh))
    proposed = cloud.latent.filled(other)
    parameters = spread_parameters(made.disease, seed, numbers, proposed)
    people = rested(made.design, (seed, numbers), parameters, made.options, made.own)
    pool = made.through(replace(people, ids=kinetics), every=True)
    labs, rated = like.labs(pool), like.rated(pool, m, cloud.tools)
    gain = np.where(pool.seen.ok, labs + rated, -np.inf) - cloud.log
    ratio = power * gain + steps.excess(other) - steps.excess(z)
    yes = np.log(streams.uniform(seed, f"accept {step}", m)[:, 0]) < ratio
    out = _Cloud(
        latent=cloud.latent.chosen(proposed, yes), numbers=np.where(yes, numbers, cloud.numbers), tools=cloud.tools, eve=cloud.eve,
        pool=_mixed(cloud.pool, pool, yes), labs=np.where(yes, labs, cloud.labs), rated=np.where(yes, rated, cloud.rated),
    )  # fmt: skip
    return out, float(yes.mean())


def _numbers(cloud: _Cloud, step: int) -> tuple[Index, Index, NDArray[np.bool_]]:
    """Stream numbers (m,) to try, those of kinetics, and whose normals stay.

    Of the particles with fresh numbers a third change everything, a third all but the posterior draw and the kinetics,
    a third the kinetics alone: the smaller the change, the likelier it is kept.
    """
    people = cloud.pool.people
    u = streams.uniform(people.seed, f"number {step}", np.arange(cloud.tools.size), 4)
    fresh, kinetics = FRESH + (SPAN * u[:, :2].T).astype(np.int64)
    whole, body, drug = (np.abs(u[:, 2] / NUMBERED - (k + 0.5) / 3) < 0.5 / 3 for k in range(3))
    known = draws.draws(people.disease)
    same = fresh if known is None else fresh + (cloud.numbers - fresh) % len(known.values)
    numbers = np.where(whole, fresh, np.where(body, same, cloud.numbers))
    return numbers, np.where(whole | drug, kinetics, people.ids), whole | body | drug


def _mixed(old: Pool, new: Pool, yes: NDArray[np.bool_]) -> Pool:
    """The new patients where `yes` (m,) holds."""
    m = yes.size
    pick = np.where(yes, np.arange(m) + m, np.arange(m))
    people = join([old.people, new.people]).take(pick)
    outputs = {k: np.concatenate([v, new.seen.outputs[k]])[pick] for k, v in old.seen.outputs.items()}
    return Pool(people, Seen(outputs, np.concatenate([old.seen.ok, new.seen.ok])[pick]))


def _choose(cloud: _Cloud, like: Likelihood, name: tuple[int, int], power: float) -> _Cloud:
    """The instrument's numbers chosen anew among CHOICES fresh ones and the present one, by likelihood."""
    seed, step = name
    m = cloud.tools.size
    fresh = APART * (10 + step) + np.arange(m * CHOICES).reshape(m, CHOICES) + 100_000_000
    tools = np.concatenate([cloud.tools[:, None], fresh], axis=1)
    who = np.repeat(np.arange(m), CHOICES + 1)
    rated = like.rated(cloud.pool, who, tools.ravel()).reshape(m, CHOICES + 1)
    rated[:, 0] = cloud.rated
    edges = np.cumsum(np.exp(power * (rated - rated.max(axis=1, keepdims=True))), axis=1)
    u = streams.uniform(seed, f"choose {step}", np.arange(m))
    pick = (edges / edges[:, -1:] < u).sum(axis=1).clip(max=CHOICES)
    rows = np.arange(m)
    return replace(cloud, tools=tools[rows, pick], rated=rated[rows, pick])
