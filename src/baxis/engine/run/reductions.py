"""Summaries that are kept while patients stream past: mean and spread, quantiles, values at visits.

All give the same bits for every block size: sums are taken over fixed chunks of CHUNK patients, counts are exact.
Patients that did not finish are left out of means and quantiles and counted in `missing`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from baxis.core.errors import InvalidValue
from baxis.engine.run.ensemble import Ensemble

CHUNK = 256


class Reduction(Protocol):
    """Anything with these two methods can be given to `stream`."""

    def update(self, first: int, block: Ensemble) -> None:
        """Take in the patients `first`, `first` + 1, ... of the population."""

    def result(self) -> object:
        """What has been gathered."""


class Mean:
    """Mean, standard deviation and count at every time: result() -> (mean (T, K), sd (T, K), count)."""

    def __init__(self) -> None:
        self.count, self.missing = 0, 0
        self._sum: np.ndarray | None = None
        self._squares: np.ndarray | None = None
        self._shift: np.ndarray | None = None

    def update(self, first: int, block: Ensemble) -> None:
        for k in range(0, len(block.status), CHUNK):
            values = block.values[k : k + CHUNK][block.ok[k : k + CHUNK]]
            self.missing += min(CHUNK, len(block.status) - k) - len(values)
            if not len(values):
                continue
            if self._shift is None:
                self._shift = values[0].copy()
                self._sum, self._squares = np.zeros_like(self._shift), np.zeros_like(self._shift)
            moved = values - self._shift
            self._sum = self._sum + moved.sum(axis=0)
            self._squares = self._squares + (moved**2).sum(axis=0)
            self.count += len(values)

    def result(self) -> tuple[np.ndarray | None, np.ndarray | None, int]:
        if self._shift is None or self._sum is None or self._squares is None:
            return None, None, 0
        offset = self._sum / self.count
        spread = self._squares / self.count - offset**2
        correction = self.count / max(self.count - 1, 1)
        return self._shift + offset, np.sqrt(np.maximum(spread, 0.0) * correction), self.count


class Quantiles:
    """Quantiles at every time within `accuracy` of their value (relative): result() -> (Q, T, K).

    Counts in logarithmic bins (a DDSketch: Masson, Rim and Lee 2019, doi:10.14778/3352063.3352135), so memory does not
    grow with the population. Values nearer to 0 than `least` count as 0.
    """

    def __init__(self, at: Sequence[float] = (0.05, 0.5, 0.95), accuracy: float = 0.001, least: float = 1e-12) -> None:
        if not all(0 <= q <= 1 for q in at):
            raise InvalidValue("quantiles", list(at), "numbers from 0 to 1")
        if not (0 < accuracy < 1 and least > 0):
            raise InvalidValue(
                "accuracy, least", (accuracy, least), "an accuracy between 0 and 1 and a least size above 0"
            )
        self.at, self.least, self.count, self.missing = tuple(at), least, 0, 0
        self._base = math.log((1 + accuracy) / (1 - accuracy))
        self._bins: list[dict[int, int]] = []
        self._shape: tuple[int, ...] = ()

    def update(self, first: int, block: Ensemble) -> None:
        values = block.values[block.ok]
        self.missing += len(block.status) - len(values)
        self.count += len(values)
        if not self._bins:
            self._shape = block.values.shape[1:]
            self._bins = [{} for _ in range(int(np.prod(self._shape)))]
        flat = values.reshape(len(values), -1)
        size = np.maximum(np.abs(flat), self.least)
        steps = np.ceil(np.log(size / self.least) / self._base).astype(np.int64)
        keys = np.where(np.abs(flat) <= self.least, 0, np.where(flat > 0, steps + 1, -steps - 1))
        for column, bins in enumerate(self._bins):
            found, counts = np.unique(keys[:, column], return_counts=True)
            for key, count in zip(found.tolist(), counts.tolist(), strict=True):
                bins[key] = bins.get(key, 0) + count

    def result(self) -> np.ndarray:
        table = np.full((len(self.at), len(self._bins)), np.nan)
        for column, bins in enumerate(self._bins):
            keys = np.array(sorted(bins), dtype=np.int64)
            ranks = np.cumsum([bins[int(k)] for k in keys])
            for row, q in enumerate(self.at):
                if self.count:
                    place = np.searchsorted(ranks, max(math.ceil(q * self.count), 1))
                    table[row, column] = self._value(int(keys[place]))
        return table.reshape(len(self.at), *self._shape)

    def _value(self, key: int) -> float:
        if key == 0:
            return 0.0
        upper = self.least * math.exp((abs(key) - 1) * self._base)
        return math.copysign(2.0 * upper / (1.0 + math.exp(self._base)), key)


class Snapshots:
    """Values at chosen times, for every patient: result() -> (n, V, K), NaN after a failure. 8 bytes a value."""

    def __init__(self, times: Sequence[float] | None = None) -> None:
        self.times = None if times is None else np.asarray(times, float)
        self._parts: list[np.ndarray] = []

    def update(self, first: int, block: Ensemble) -> None:
        if self.times is None:
            self._parts.append(block.values.copy())
            return
        places = np.searchsorted(block.times, self.times)
        if (places >= len(block.times)).any() or (block.times[places] != self.times).any():
            raise InvalidValue("visit times", self.times.tolist(), f"times among the outputs, {block.times.tolist()}")
        self._parts.append(block.values[:, places])

    def result(self) -> np.ndarray:
        return np.concatenate(self._parts) if self._parts else np.zeros((0, 0, 0))
