"""One study of a network, and the studies of a network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from baxis.core.errors import InvalidValue
from baxis.evidence.meta.effects import LeftOut

Vector = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class StudyContrasts:
    """One study: t treatments, t - 1 contrasts (treatment - first) and their covariance (t - 1, t - 1)."""

    label: str
    treatments: tuple[str, ...]
    y: Vector
    cov: Vector

    def __post_init__(self) -> None:
        t = len(self.treatments)
        if t < 2 or len(set(self.treatments)) != t:
            raise InvalidValue(self.label, self.treatments, "two or more different treatments")
        if self.y.shape != (t - 1,) or self.cov.shape != (t - 1, t - 1):
            raise InvalidValue(self.label, (self.y.shape, self.cov.shape), f"{t - 1} contrasts and covariance")
        if not np.all(np.isfinite(self.y)) or np.linalg.eigvalsh(self.cov).min() <= 0:
            raise InvalidValue(self.label, "contrasts", "finite, with a positive definite covariance")

    @property
    def design(self) -> tuple[str, ...]:
        """Set of treatments compared, sorted."""
        return tuple(sorted(self.treatments))


@dataclass(frozen=True)
class NetworkData:
    """Studies on one scale, and those left out."""

    studies: tuple[StudyContrasts, ...]
    scale: str
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()
