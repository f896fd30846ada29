"""A measure over a sample of virtual patients: its mean or median time, with a 90 % interval.

The interval holds resampling of the patients and the posterior draws that they carry.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from baxis.clinic.people.posterior import between_draws
from baxis.clinic.statistics.survival import Times, kaplan_meier
from baxis.core import streams

Array = NDArray[np.float64]
REPLICATES, LEAST = 400, 10
LOW = 0.7  # inflammation at most this share of its start counts as low (assumed)
LOW_IGG = 7.0  # g/L: lower end of the glossary's normal range


@dataclass(frozen=True, eq=False)
class Cohort:
    """Patients that a measure is about: ids (m,), disease, seed of the resampling."""

    ids: NDArray[np.int64]
    disease: str
    seed: int

    def row(self, name: str, arm: str, values: Any, unit: str) -> dict[str, Any]:
        """Mean of values (m,) with interval."""
        values = np.asarray(values, dtype=np.float64)
        value = float(values.mean()) if values.size >= LEAST else float("nan")
        draws = self._mean(values) if values.size >= LEAST else np.array([np.nan])
        return _row(name, arm, unit, value, draws) | {"patients": int(values.size)}

    def time_row(self, name: str, arm: str, times: Times) -> dict[str, Any]:
        """Median time with interval; infinite where fewer than half get there within follow-up."""
        n = times.time.size
        if n < LEAST:
            return _row(name, arm, "day", float("nan"), np.array([np.nan])) | {"patients": n}
        picks = self._picks(n, name + arm)
        draws = np.array([median(Times(times.time[p], times.event[p])) for p in picks])
        shift = between_draws(times.time, self.ids, self.disease)
        return _row(name, arm, "day", median(times), draws + shift * self._normal(name)) | {"patients": n}

    def means(self, values: Array) -> Array:
        """Draws (REPLICATES,) of the mean of values (m,), for what is computed from it."""
        return self._mean(np.asarray(values, dtype=np.float64))

    def _mean(self, values: Array) -> Array:
        spread = between_draws(values, self.ids, self.disease)
        picks = self._picks(values.size, "mean")
        return np.asarray(values[picks].mean(axis=1) + spread * self._normal("mean"))

    def _picks(self, n: int, purpose: str) -> NDArray[np.int64]:
        return streams.generator(self.seed, f"limits {purpose}").integers(n, size=(REPLICATES, n))

    def _normal(self, purpose: str) -> Array:
        return np.asarray(streams.generator(self.seed, f"limits draw {purpose}").standard_normal(REPLICATES))


def median(times: Times) -> float:
    """Kaplan-Meier median, infinite where it is not reached."""
    curve = kaplan_meier(times)
    reached = np.flatnonzero(curve.survival <= 0.5)
    return float(curve.day[reached[0]]) if reached.size else float("inf")


def _row(name: str, arm: str, unit: str, value: float, draws: Array) -> dict[str, Any]:
    low, high = (float(x) for x in np.quantile(draws, (0.05, 0.95), method="nearest"))
    if unit == "%":
        low, high = max(low, 0.0), min(high, 100.0)
    elif unit == "day":
        low, high = max(low, 0.0), max(high, 0.0)
    return {"measure": name, "arm": arm, "value": value, "low": low, "high": high, "unit": unit}
