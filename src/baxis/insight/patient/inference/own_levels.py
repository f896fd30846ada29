"""What a file's values tell of a person's own levels (`clinic.labs`), which are integrated out of the likelihood.

The changes of a measure over time tell of the disease, and its height alone tells less. With K the covariance of the log
own levels of all measures, H which measure each value is of and R the noise, the residuals of log values are normal with
covariance HKH' + R. Of a value below detection only that it lies below is known: its probability, given the other values,
stands in place of its density (`censored`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from baxis.clinic.people.labs import covariance, drawn, measures, noise
from baxis.core import streams
from baxis.insight.patient.inference.censored import Censoring
from baxis.insight.patient.visits import Measurements

Array = NDArray[np.float64]
SIGNS = {"": 0.0, "<": 1.0, ">": -1.0}


class OwnLevels:
    """Own levels given a file's values and a virtual patient's own courses."""

    def __init__(self, visits: Measurements) -> None:
        self.names, self.visits = list(measures().values()), visits
        self.columns = np.searchsorted(np.array(visits.times), visits.days).astype(np.int64)
        which = np.zeros((len(visits.names), len(self.names)))
        which[np.arange(len(visits.names)), [self.names.index(n) for n in visits.names]] = 1.0
        prior = covariance()
        spread = which @ prior
        inside = spread @ which.T + np.diag([noise(n) ** 2 for n in visits.names])
        signs = np.array([SIGNS[visits.sign(i)] for i in range(len(visits.names))])
        self.exact, self.limited = np.flatnonzero(signs == 0), np.flatnonzero(signs)
        self.precision = np.linalg.inv(inside[np.ix_(self.exact, self.exact)])
        across = inside[np.ix_(self.limited, self.exact)] @ self.precision
        beside = inside[np.ix_(self.limited, self.limited)] - across @ inside[np.ix_(self.exact, self.limited)]
        self.across, self.limits = across, Censoring(beside, signs[self.limited])
        self.gain = spread.T @ np.linalg.inv(inside)
        self.left = prior - self.gain @ spread

    def residuals(self, outputs: dict[str, Array]) -> Array:
        """(n, m): log of the file's values over the virtual patients' courses (n, T) at `visits.times`."""
        own = [outputs[n][:, k] for n, k in zip(self.visits.names, self.columns, strict=True)]
        some = next(iter(outputs.values()))
        table = np.stack(own, axis=1) if own else np.empty((len(some), 0))
        return np.log(self.visits.values) - np.log(np.maximum(table, 1e-9))

    def log_density(self, outputs: dict[str, Array]) -> Array:
        """(n,): of the values, up to a constant, the own levels integrated out; of limits the probability."""
        every = self.residuals(outputs)
        r = every[:, self.exact]
        out = -0.5 * np.asarray(np.einsum("ni,ij,nj->n", r, self.precision, r, optimize=True))
        return out + self.limits.log_probability(self._bounds(every)) if self.limited.size else out

    def _bounds(self, every: Array) -> Array:
        """Bounds (n, k) of the limited residuals about their means given the exact ones, for residuals (n, m)."""
        return np.asarray(every[:, self.limited] - every[:, self.exact] @ self.across.T)

    def _filled(self, every: Array, inside: Array) -> Array:
        """Residuals (n, m) with those of limits about their means replaced by `inside` (n, k)."""
        out = every.copy()
        out[:, self.limited] = every[:, self.exact] @ self.across.T + inside
        return out

    def known(self, outputs: dict[str, Array]) -> tuple[dict[str, Array], dict[str, float]]:
        """Log own level of each measure given the values: mean (n,) and standard deviation."""
        every, spread = self.residuals(outputs), self.left
        if self.limited.size:
            inside, more = self.limits.moments(self._bounds(every))
            every = self._filled(every, inside)
            by = self.gain[:, self.limited]
            spread = spread + by @ more @ by.T
        sd = np.sqrt(np.maximum(np.diag(spread), 0.0))
        return dict(zip(self.names, (every @ self.gain.T).T, strict=True)), dict(
            zip(self.names, sd.tolist(), strict=True)
        )

    def factors(self, outputs: dict[str, Array], who: tuple[int, NDArray[np.int64]]) -> dict[str, Array]:
        """A draw (n,) of each measure's own level as a factor. who: seed and stream numbers (n,)."""
        every = self.residuals(outputs)
        if self.limited.size:
            u = streams.uniform(who[0], "below detection", who[1])[:, 0]
            every = self._filled(every, self.limits.drawn(self._bounds(every), u))
        logs = every @ self.gain.T + drawn(self.left, *who)
        return dict(zip(self.names, np.exp(logs).T, strict=True))
