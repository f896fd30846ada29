"""Fit of the rival to the calibration trials, and its file of draws (`library/posterior/rival.parquet`)."""

from __future__ import annotations

import json
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from baxis.core.errors import InvalidValue
from baxis.evidence.rival.data import Training, training
from baxis.evidence.rival.laplace import Marginal, draw_coefficients, find_mode
from baxis.evidence.rival.model import NUISANCE, Model, compile_model, group
from baxis.evidence.rival.nuts import Chain, Tuning, effective_size, sample, split_rhat

if TYPE_CHECKING:
    from baxis.evidence import Evidence

Vector = NDArray[np.floating[Any]]

COMMAND = "python -m baxis.evidence.rival fit"
REPEATS = 4  # draws of the coefficients for each draw of the standard deviations, before resampling


@dataclass(frozen=True)
class Sampling:
    """Seed, chains, length of each, how many draws are kept; processes (0: one a core; no effect on the draws)."""

    seed: int = 20
    chains: int = 4
    warmup: int = 100
    draws: int = 220
    keep: int = 1000
    workers: int = 0


@dataclass(frozen=True, eq=False)
class Fitted:
    """Draws of the coefficients a prediction needs, of the groups' standard deviations, and the record of the fit."""

    names: tuple[str, ...]
    values: Vector
    record: dict[str, Any]


def fit(evidence: Evidence, plan: Sampling | None = None, leave_out: tuple[str, ...] = ()) -> Fitted:
    """Fit to all calibration trials but `leave_out` (for leave-one-trial-out). Raises `InvalidValue` if a trial of
    another role reaches the fit."""
    plan = plan or Sampling()
    data = training(evidence, leave_out)
    return fit_training(data, plan, leave_out)


def fit_training(data: Training, plan: Sampling, leave_out: tuple[str, ...] = ()) -> Fitted:
    """Fit to a given training set."""
    if not data.arms:
        raise InvalidValue("fit of the rival", "no calibration trial with numbers", "at least one")
    model = compile_model(data)
    chains = _chains(model, plan)
    sigma = np.concatenate([c.draws for c in chains])
    coefficients, log_weight = _coefficients(Marginal(model), sigma, plan.seed)
    index, weight_ess = resampled(log_weight, plan.keep, plan.seed)
    record = _record(data, model, chains, plan) | {"weights": weight_ess, "left_out_trials": list(leave_out)}
    return packed(model, coefficients[index], sigma[index // REPEATS], record)


def _chains(model: Model, plan: Sampling) -> list[Chain]:
    """All chains, in processes of one thread each."""
    jobs = [(model, plan, c) for c in range(plan.chains)]
    workers = min(plan.workers or os.cpu_count() or 1, plan.chains)
    if workers == 1:
        return [_chain(*job) for job in jobs]
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
        return list(pool.map(_chain, *zip(*jobs, strict=True)))


def _chain(model: Model, plan: Sampling, number: int) -> Chain:
    start = np.log(0.5 * model.half_normal)
    return sample(Marginal(model), start, (plan.seed, number), Tuning(plan.warmup, plan.draws, 0.7))


def packed(model: Model, coefficients: Vector, log_sigma: Vector, record: dict[str, Any]) -> Fitted:
    """Draws without the terms of single trials, in single precision (what the file holds)."""
    kept = [i for i, n in enumerate(model.names) if group(n) not in NUISANCE]
    names = tuple(model.names[i] for i in kept) + tuple(f"sd:{g}" for g in model.groups)
    values = np.hstack([coefficients[:, kept], np.exp(log_sigma)]).astype(np.float32).astype(np.float64)
    return Fitted(names, values, record)


def _coefficients(marginal: Marginal, sigma: Vector, seed: int) -> tuple[Vector, Vector]:
    rng = np.random.Generator(np.random.Philox(np.random.SeedSequence((seed, 999))))
    rows, columns = marginal.model.matrix.shape
    out, weight = np.empty((len(sigma) * REPEATS, columns)), np.empty(len(sigma) * REPEATS)
    for i, s in enumerate(sigma):
        mode = find_mode(marginal, s)
        for k in range(REPEATS):
            normals = (rng.standard_normal((columns,)), rng.standard_normal((rows,)))
            out[i * REPEATS + k], weight[i * REPEATS + k] = draw_coefficients(marginal, s, mode, normals)
    return out, weight


def resampled(log_weight: Vector, keep: int, seed: int) -> tuple[NDArray[np.intp], dict[str, float]]:
    """Systematic resampling by weight; reports the effective share and the largest weight."""
    w = np.exp(log_weight - log_weight.max())
    w = w / w.sum()
    share = float(1 / np.sum(w**2) / len(w))
    rng = np.random.Generator(np.random.Philox(np.random.SeedSequence((seed, 998))))
    edges = (rng.random() + np.arange(keep)) / keep
    index = np.minimum(np.searchsorted(np.cumsum(w), edges), len(w) - 1)
    return index, {"effective_share": share, "largest": float(w.max())}


def _record(data: Training, model: Model, chains: list[Chain], plan: Sampling) -> dict[str, Any]:
    stacked = np.stack([c.draws for c in chains])
    return {
        "command": COMMAND, "seed": plan.seed, "chains": plan.chains, "warmup": plan.warmup, "draws": plan.draws,
        "evidence": data.digest, "training": data.own_digest, "trials": sorted({t for t, _ in data.trials}), "arms": len(data.arms),
        "contrasts": len(data.contrasts), "sd": dict(data.sd),
        "left_out": [[x.label, x.reason] for x in data.left_out],
        "rhat_max": float(np.nanmax(split_rhat(stacked))), "ess_min": float(np.nanmin(effective_size(stacked))),
        "divergences": int(sum(c.divergences for c in chains)), "groups": list(model.groups),
    }  # fmt: skip


def write(fitted: Fitted, file: Path) -> None:
    """Parquet: one column a coefficient or standard deviation, one row a draw; the record in the metadata."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = [pa.array(fitted.values[:, i].astype(np.float32)) for i in range(len(fitted.names))]
    table = pa.Table.from_arrays(columns, names=list(fitted.names))
    table = table.replace_schema_metadata({"baxis": json.dumps(fitted.record, sort_keys=True)})
    pq.write_table(table, file, compression="zstd", version="2.6", write_statistics=False)


def read(file: Path) -> Fitted:
    """Draws and record of a file written by `write`."""
    import pyarrow.parquet as pq

    table = pq.read_table(file)
    record = json.loads((table.schema.metadata or {}).get(b"baxis", b"{}"))
    values = np.column_stack([c.to_numpy() for c in table.columns]).astype(np.float64)
    return Fitted(tuple(table.column_names), values, record)
