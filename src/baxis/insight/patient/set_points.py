"""A person's own level of a laboratory measure, which stays with that person and which the model's parameters do not vary.

Healthy people differ in IgG, IgA or a B-cell count by far more than the model's healthy persons do. What is left of the
published spread after measurement noise and the model's own is a log-normal factor of the person, the same at every
visit; the B-cell gates share that of the whole count. So the changes of a measure over time tell of the disease, and its
height alone tells less. With K the covariance of the log factors of all measures, H which measure each value is of and R
the noise, residuals of log values are normal with covariance HKH' + R.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ... import axis
from ...clinic.population import run_in, spread_parameters
from ...clinic.settings import Settings
from ...core import ledger, streams
from .visits import TABLE, Visits, measures, noise

Array = NDArray[np.float64]
HEALTHY, SEED = 400, 1  # persons of the model whose spread is taken off, and their streams
COUNT, GATES = "bcount", ("bcount", "bcount20", "tr", "naive", "memory", "plasmablast")


def set_point(output: str) -> float:
    """Log standard deviation of a person's own level of an observable, 0 where noise and model explain the published one."""
    published = ledger.value(TABLE, f"{axis.outputs()[output].key}.between")
    return float(np.sqrt(max(0.0, published**2 - noise(output) ** 2 - _model()[output] ** 2)))


@lru_cache(maxsize=1)
def _model() -> dict[str, float]:
    """Log standard deviation of each laboratory observable among the model's healthy persons at rest."""
    parameters = spread_parameters("healthy", SEED, np.arange(HEALTHY))
    ran = run_in(parameters, axis.rest("healthy"), Settings().options())
    logs = np.log(np.maximum(ran.values[ran.status == 0, -1], 1e-9))
    return {name: float(logs[:, list(axis.outputs()).index(name)].std()) for name in measures().values()}


@lru_cache(maxsize=1)
def covariance() -> Array:
    """(k, k): of the log set points of `measures()`, in order."""
    names = list(measures().values())
    sd = np.array([set_point(n) for n in names])
    out = np.diag(sd * sd)
    gates = np.array([n in GATES for n in names])
    shared = np.minimum.outer(sd, sd) ** 2
    whole = sd[names.index(COUNT)] ** 2
    return np.where(np.outer(gates, gates) & ~np.eye(len(names), dtype=bool), np.minimum(shared, whole), out)


class SetPoints:
    """What a file's values tell of a person's set points, given a virtual patient's own courses."""

    def __init__(self, visits: Visits) -> None:
        self.names, self.visits = list(measures().values()), visits
        self.columns = np.searchsorted(np.array(visits.times), visits.days).astype(np.int64)
        which = np.zeros((len(visits.names), len(self.names)))
        which[np.arange(len(visits.names)), [self.names.index(n) for n in visits.names]] = 1.0
        spread = which @ covariance()
        inside = spread @ which.T + np.diag([noise(n) ** 2 for n in visits.names])
        self.precision = np.linalg.inv(inside)
        self.gain = spread.T @ self.precision
        self.left = covariance() - self.gain @ spread

    def residuals(self, outputs: dict[str, Array]) -> Array:
        """(n, m): log of the file's values over the virtual patients' courses (n, T) at `visits.times`."""
        own = [outputs[n][:, k] for n, k in zip(self.visits.names, self.columns, strict=True)]
        some = next(iter(outputs.values()))
        table = np.stack(own, axis=1) if own else np.empty((len(some), 0))
        return np.log(self.visits.values) - np.log(np.maximum(table, 1e-9))

    def log_density(self, outputs: dict[str, Array]) -> Array:
        """(n,): of the values, up to a constant, the set points integrated out."""
        r = self.residuals(outputs)
        return -0.5 * np.asarray(np.einsum("ni,ij,nj->n", r, self.precision, r, optimize=True))

    def known(self, outputs: dict[str, Array]) -> tuple[dict[str, Array], dict[str, float]]:
        """Log set point of each measure given the values: mean (n,) and standard deviation."""
        mean = self.residuals(outputs) @ self.gain.T
        sd = np.sqrt(np.maximum(np.diag(self.left), 0.0))
        return dict(zip(self.names, mean.T, strict=True)), dict(zip(self.names, sd.tolist(), strict=True))

    def factors(self, outputs: dict[str, Array], who: tuple[int, NDArray[np.int64]]) -> dict[str, Array]:
        """A draw (n,) of each measure's set point as a factor. who: seed and stream numbers (n,)."""
        mean = self.residuals(outputs) @ self.gain.T
        logs = mean + drawn(self.left, who)
        return dict(zip(self.names, np.exp(logs).T, strict=True))


def levels(seed: int, ids: NDArray[np.int64]) -> dict[str, Array]:
    """Log set point (n,) of each laboratory observable of patients with these stream numbers."""
    return dict(zip(measures().values(), drawn(covariance(), (seed, ids)).T, strict=True))


def drawn(spread: Array, who: tuple[int, NDArray[np.int64]]) -> Array:
    """Normals (n, k) with covariance (k, k), which may be singular. who: seed and stream numbers (n,)."""
    values, vectors = np.linalg.eigh(spread)
    z = streams.normal(who[0], "set points", who[1], len(values))
    return np.asarray(z @ (vectors * np.sqrt(np.maximum(values, 0.0))).T)
