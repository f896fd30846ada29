"""Normal probabilities of values of which only a limit is known, by importance sampling (Geweke, Hajivassiliou, Keane).

One limit has its exact probability. Several that go together are taken one after the other, each given draws of those
before it, on points that are the same for every virtual patient (Genz 1992, doi:10.1080/10618600.1992.10477010).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr, logsumexp, ndtri_exp

Array = NDArray[np.float64]
POINTS = 256  # of the integral over the values before; a power of 2
MOST_AT_ONCE = 2_000  # patients


@dataclass(frozen=True, eq=False)
class Censoring:
    """Residuals (k,) of a normal law with covariance (k, k) that lie below (sign 1) or above (-1) a bound."""

    covariance: Array
    signs: Array

    @property
    def root(self) -> Array:
        """Cholesky factor of the covariance of the signed residuals, all of which lie below their bounds."""
        signed = self.covariance * np.outer(self.signs, self.signs)
        return np.asarray(np.linalg.cholesky(signed))

    def log_probability(self, bounds: Array) -> Array:
        """(n,): that residuals of mean 0 lie on their side of bounds (n, k)."""
        parts = [self._paths(b)[0] for b in _parts(bounds)]
        return np.concatenate(parts) if parts else np.zeros(0)

    def moments(self, bounds: Array) -> tuple[Array, Array]:
        """Mean (n, k) of the residuals given that they lie on their side of bounds (n, k), and mean of their covariances (k, k)."""
        means, spread, n = [], np.zeros_like(self.covariance), 0
        for b in _parts(bounds):
            log, weights, drawn = self._paths(b)
            mean = np.einsum("nq,nqk->nk", weights, drawn)
            off = drawn - mean[:, None, :]
            spread += np.einsum("nq,nqi,nqj->ij", weights, off, off)
            means.append(mean)
            n += log.size
        return np.concatenate(means), spread / max(n, 1)

    def drawn(self, bounds: Array, uniform: Array) -> Array:
        """One draw (n, k) of the residuals given that they lie on their side of bounds (n, k). uniform (n,) picks it."""
        out = []
        for b, u in zip(_parts(bounds), _parts(uniform), strict=True):
            _, weights, drawn = self._paths(b)
            pick = (np.cumsum(weights, axis=1) < u[:, None]).sum(axis=1).clip(max=weights.shape[1] - 1)
            out.append(drawn[np.arange(len(pick)), pick])
        return np.concatenate(out)

    def _paths(self, bounds: Array) -> tuple[Array, Array, Array]:
        """Log probability (n,), and weighted draws of the residuals: weights (n, q) summing to 1, values (n, q, k)."""
        root, upper = self.root, bounds * self.signs
        n, k = bounds.shape
        points = _points(k)
        y, log = np.zeros((n, len(points), k)), np.zeros((n, len(points)))
        for i in range(k):
            room = (upper[:, None, i] - y[:, :, :i] @ root[i, :i]) / root[i, i]
            below = log_ndtr(room)
            log += below
            y[:, :, i] = np.minimum(ndtri_exp(below + np.log(points[:, i])), room)
        total = logsumexp(log, axis=1)
        return total - np.log(len(points)), np.exp(log - total[:, None]), (y @ root.T) * self.signs


@lru_cache(maxsize=8)
def _points(k: int) -> Array:
    """(POINTS, k) points that fill the unit cube evenly (Sobol's, moved off the edge)."""
    from scipy.stats import qmc

    points = qmc.Sobol(k, scramble=False).random(POINTS)
    return np.asarray((points + 0.5 / POINTS) % 1.0)


def _parts(rows: Array) -> list[Array]:
    return [rows[i : i + MOST_AT_ONCE] for i in range(0, len(rows), MOST_AT_ONCE)]
