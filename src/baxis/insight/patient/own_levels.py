"""What a file's values tell of a person's own levels (`clinic.labs`), which are integrated out of the likelihood.

The changes of a measure over time tell of the disease, and its height alone tells less. With K the covariance of the log
own levels of all measures, H which measure each value is of and R the noise, the residuals of log values are normal with
covariance HKH' + R.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...clinic.labs import covariance, drawn, measures, noise
from .visits import Visits

Array = NDArray[np.float64]


class OwnLevels:
    """Own levels given a file's values and a virtual patient's own courses."""

    def __init__(self, visits: Visits) -> None:
        self.names, self.visits = list(measures().values()), visits
        self.columns = np.searchsorted(np.array(visits.times), visits.days).astype(np.int64)
        which = np.zeros((len(visits.names), len(self.names)))
        which[np.arange(len(visits.names)), [self.names.index(n) for n in visits.names]] = 1.0
        prior = covariance()
        spread = which @ prior
        inside = spread @ which.T + np.diag([noise(n) ** 2 for n in visits.names])
        self.precision = np.linalg.inv(inside)
        self.gain = spread.T @ self.precision
        self.left = prior - self.gain @ spread

    def residuals(self, outputs: dict[str, Array]) -> Array:
        """(n, m): log of the file's values over the virtual patients' courses (n, T) at `visits.times`."""
        own = [outputs[n][:, k] for n, k in zip(self.visits.names, self.columns, strict=True)]
        some = next(iter(outputs.values()))
        table = np.stack(own, axis=1) if own else np.empty((len(some), 0))
        return np.log(self.visits.values) - np.log(np.maximum(table, 1e-9))

    def log_density(self, outputs: dict[str, Array]) -> Array:
        """(n,): of the values, up to a constant, the own levels integrated out."""
        r = self.residuals(outputs)
        return -0.5 * np.asarray(np.einsum("ni,ij,nj->n", r, self.precision, r, optimize=True))

    def known(self, outputs: dict[str, Array]) -> tuple[dict[str, Array], dict[str, float]]:
        """Log own level of each measure given the values: mean (n,) and standard deviation."""
        mean = self.residuals(outputs) @ self.gain.T
        sd = np.sqrt(np.maximum(np.diag(self.left), 0.0))
        return dict(zip(self.names, mean.T, strict=True)), dict(zip(self.names, sd.tolist(), strict=True))

    def factors(self, outputs: dict[str, Array], who: tuple[int, NDArray[np.int64]]) -> dict[str, Array]:
        """A draw (n,) of each measure's own level as a factor. who: seed and stream numbers (n,)."""
        logs = self.residuals(outputs) @ self.gain.T + drawn(self.left, *who)
        return dict(zip(self.names, np.exp(logs).T, strict=True))
