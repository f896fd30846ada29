"""Leave-one-trial-out predictions of the calibration trials.

The standard deviations of the groups keep their draws from the whole fit (one trial of eighty moves them little);
all coefficients are fitted anew without the trial, with exact importance weights.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from baxis.evidence.rival.data import Training, training
from baxis.evidence.rival.fit import REPEATS, _coefficients, packed, resampled
from baxis.evidence.rival.laplace import Marginal
from baxis.evidence.rival.model import Model, compile_model
from baxis.evidence.rival.plain import learn
from baxis.evidence.rival.predict import Rival, load
from baxis.evidence.rival.score import predictions

if TYPE_CHECKING:
    from baxis.evidence import Evidence

Vector = NDArray[np.floating[Any]]


def leave_one_out(evidence: Evidence, whole: Rival | None = None, draws: int = 60) -> list[dict[str, Any]]:
    """Rows as of `score.predictions` for each calibration contrast, predicted without its trial. `draws`:
    draws of the standard deviations used (four times as many of the coefficients)."""
    whole = whole or load()
    out: list[dict[str, Any]] = []
    for trial, rival in refits(evidence, whole, draws):
        out += predictions(evidence, "calibration", rival, learn(evidence, (trial,)), only=(trial,))
    return out


def refits(evidence: Evidence, whole: Rival, draws: int = 60) -> Iterator[tuple[str, Rival]]:
    """Each calibration trial and the rival fitted without it."""
    data = training(evidence)
    model = compile_model(data)
    log_sigma = _sigma(whole, model, draws)
    for trial in sorted({t for t, _ in data.trials}):
        yield trial, without(data, model, log_sigma, trial, dict(whole.record))


def _sigma(whole: Rival, model: Model, draws: int) -> Vector:
    names = whole.fitted.names
    columns = [names.index(f"sd:{g}") for g in model.groups]
    pick = np.linspace(0, whole.draws - 1, draws).astype(int)
    return np.log(np.maximum(whole.fitted.values[pick][:, columns], 1e-5))


def without(data: Training, model: Model, log_sigma: Vector, trial: str, record: dict[str, Any]) -> Rival:
    """The rival refitted without one trial, at given draws of the standard deviations."""
    arms = np.array([a.trial_id != trial for a in data.arms])
    contrasts = np.array([c.trial_id != trial for c in data.contrasts], dtype=bool)
    rows = np.concatenate([arms, contrasts])
    part = replace(
        model, matrix=model.matrix[rows], events=model.events[arms], n=model.n[arms],
        value=model.value[contrasts], se=model.se[contrasts],
    )  # fmt: skip
    coefficients, weight = _coefficients(Marginal(part), log_sigma, 7)
    index, share = resampled(weight, len(weight), 7)
    kept = packed(part, coefficients[index], log_sigma[index // REPEATS], record | {"weights": share})
    return Rival(kept)
