"""The space of patients that inference moves in: the normals behind a patient's parameters, and steps through them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from baxis.core import streams
from baxis.insight.patient.inference.prior import Index

Array = NDArray[np.float64]
TRUST = 0.8  # of the cloud's own moments in a step, the rest the prior's: few particles know many directions badly


class Latent:
    """The normals behind patients, (m, k) by purpose; stands in for `core.streams` when parameters are made."""

    def __init__(self, values: dict[str, Array] | None = None) -> None:
        self.values = values or {}

    def normal(self, seed: int, purpose: str, patients: ArrayLike, n: int = 1) -> Array:
        """What is kept, else (first call) the patients' own stream."""
        if purpose not in self.values:
            self.values[purpose] = streams.normal(seed, purpose, patients, n)
        return self.values[purpose]

    def uniform(self, seed: int, purpose: str, patients: ArrayLike, n: int = 1) -> Array:
        """The normal of the same purpose as a uniform."""
        return np.clip(ndtr(self.normal(seed, purpose, patients, n)), 1e-15, 1 - 1e-15)

    def take(self, index: Index) -> Latent:
        """Some of the patients."""
        return Latent({k: v[index] for k, v in self.values.items()})

    @property
    def flat(self) -> Array:
        """All normals, (m, K)."""
        return np.concatenate(list(self.values.values()), axis=1)

    def filled(self, flat: Array) -> Latent:
        """The same purposes with these normals (m, K)."""
        edges = np.cumsum([v.shape[1] for v in self.values.values()])[:-1]
        return Latent(dict(zip(self.values, np.split(flat, edges, axis=1), strict=True)))

    def chosen(self, other: Latent, where: NDArray[np.bool_]) -> Latent:
        """The other's patients where `where` (m,) holds."""
        return Latent({k: np.where(where[:, None], other.values[k], v) for k, v in self.values.items()})


@dataclass(frozen=True, eq=False)
class Steps:
    """Crank-Nicolson steps about a normal law that is near the target (Rudolf and Sprungk 2018,
    doi:10.1007/s10208-016-9340-x): mean (K,) and root (K, K) of its covariance."""

    mean: Array
    root: Array

    @classmethod
    def of(cls, z: Array) -> Steps:
        """About the moments of a cloud z (m, K), drawn towards those of the prior."""
        covariance = TRUST * np.cov(z, rowvar=False) + (1.0 - TRUST) * np.eye(z.shape[1])
        return cls(TRUST * z.mean(axis=0), np.asarray(np.linalg.cholesky(covariance)))

    def moved(self, z: Array, size: float, fresh: Array) -> Array:
        """A step of size 0 to 1 from z (m, K), with standard normals `fresh` (m, K); it keeps the normal law."""
        kept = np.sqrt(1.0 - size * size)
        return np.asarray(self.mean + kept * (z - self.mean) + size * fresh @ self.root.T)

    def excess(self, z: Array) -> Array:
        """Log density (m,) of the prior over that of the normal law at z (m, K), up to a constant.

        A step from z to z' that is accepted by the ratio of likelihoods times exp(excess(z') - excess(z)) keeps the
        posterior.
        """
        y = np.linalg.solve(self.root, (z - self.mean).T)
        return np.asarray(0.5 * (y * y).sum(axis=0) - 0.5 * (z * z).sum(axis=1))
