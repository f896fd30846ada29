"""Laboratory measures of a person: noise of a measurement, and the person's own level.

Healthy people differ in IgG, IgA or a B-cell count by far more than the model's healthy persons do. What is left of the
published spread (`<measure>.between` of `library/instruments/labs.csv`) after the noise of a measurement (`.cv`) and the
model's own spread (`.model`) is a log-normal factor of the person, the same at every visit; the B-cell gates share that
of the whole count. It scales what a laboratory reports and enters no equation: whatever is read as a change from a
person's own start is the same with and without it, whatever meets a fixed limit is not.

`python -m baxis.clinic.people.labs` prints the model's own spread, which the table holds.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from baxis import axis
from baxis.core import ledger, streams

Array = NDArray[np.float64]
TABLE = "instruments/labs"
COUNT, GATES = "bcount", ("bcount", "bcount20", "tr", "naive", "memory", "plasmablast")


def measures() -> dict[str, str]:
    """Laboratory measures: key -> name in the model."""
    keys = [n.removesuffix(".cv") for n in ledger.read(TABLE) if n.endswith(".cv")]
    return {o.key: o.output for o in axis.outputs().values() if o.key in keys}


def written(key: str) -> str:
    """A measure as clinics write it: CD19, IgG, C3, BAFF; anything else as it is."""
    if key in ("igg", "igm", "iga", "igg4"):
        return "Ig" + key[2:].upper()
    return key.upper() if key in ("cd19", "cd20", "c3", "c4", "baff") else key


def noise(output: str) -> float:
    """Log standard deviation of a measurement (assay and within-person), from its cv."""
    return float(np.sqrt(np.log1p(_number(output, "cv") ** 2)))


def own_level(output: str) -> float:
    """Log standard deviation of a person's own level, 0 where noise and the model's spread explain the published one."""
    between, model = _number(output, "between"), _number(output, "model")
    return float(np.sqrt(max(0.0, between**2 - noise(output) ** 2 - model**2)))


def _number(output: str, what: str) -> float:
    return ledger.value(TABLE, f"{axis.outputs()[output].key}.{what}")


def covariance() -> Array:
    """(k, k): of the log own levels of `measures()`, in order."""
    names = list(measures().values())
    sd = np.array([own_level(n) for n in names])
    gates = np.array([n in GATES for n in names])
    shared = np.minimum(np.minimum.outer(sd, sd), sd[names.index(COUNT)]) ** 2
    between = np.outer(gates, gates) & ~np.eye(len(names), dtype=bool)
    return np.where(between, shared, np.diag(sd * sd))


def drawn(spread: Array, seed: int, ids: NDArray[np.int64]) -> Array:
    """Normals (n, k) of patients with these stream numbers (n,), with covariance (k, k), which may be singular."""
    values, vectors = np.linalg.eigh(spread)
    z = streams.normal(seed, "own levels", ids, len(values))
    return np.asarray(z @ (vectors * np.sqrt(np.maximum(values, 0.0))).T)


def levels(seed: int, ids: NDArray[np.int64]) -> dict[str, Array]:
    """Log own level (n,) of each laboratory observable of patients with these stream numbers."""
    return dict(zip(measures().values(), drawn(covariance(), seed, ids).T, strict=True))


def reported(output: str, values: Array, seed: int, ids: NDArray[np.int64]) -> Array:
    """An observable (n,) or (n, T) in its unit as at each person's own level, without noise."""
    own = np.exp(levels(seed, ids)[output])
    return np.asarray(axis.outputs()[output].measured(values) * own.reshape(-1, *(1,) * (np.ndim(values) - 1)))


def model_spread(persons: int = 2000, seed: int = 1) -> dict[str, float]:
    """Log standard deviation of each laboratory observable among the model's healthy persons at rest, by key."""
    from baxis.clinic.people.population import run_in, spread_parameters
    from baxis.engine import Options

    ran = run_in(spread_parameters("healthy", seed, np.arange(persons)), axis.rest("healthy"), Options(atol=1e-6))
    logs = np.log(np.maximum(ran.values[ran.status == 0, -1], 1e-9))
    return {key: float(logs[:, list(axis.outputs()).index(name)].std()) for key, name in measures().items()}


if __name__ == "__main__":
    for key, value in model_spread().items():
        print(f"{key}.model,{value:.3f}")
