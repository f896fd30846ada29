"""A checked question about a combination, and what one arm of it showed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from baxis.clinic.design.design import Arm, Design, Treatment
from baxis.insight.combine import setting
from baxis.insight.combine.harm import Cost

if TYPE_CHECKING:
    pass

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Ask:
    """A checked question: regimens (one a drug), design without arms, endpoint, day on which each drug begins."""

    disease: str
    regimens: tuple[tuple[Treatment, ...], ...]
    design: Design
    endpoint: str
    starts: tuple[float, ...]

    def arm(self, doses: tuple[float, ...]) -> Arm:
        """The arm with these fractions of the usual doses; zero doses are left out."""
        given: list[Treatment] = []
        for regimen, factor, start in zip(self.regimens, doses, self.starts, strict=True):
            given += setting.scaled(regimen, factor, start) if factor > 0 else ()
        name = " + ".join(f"{f:g}" for f in doses) or "none"
        return Arm(arm_id=name, n=100, role="active", treatments=setting.merged(given))


@dataclass(frozen=True, eq=False)
class Shown:
    """What one arm shows, by patient (n,), NaN where the solver failed, and its harms.

    infl, igg, bcount: at the last visit; mean_infl: mean over time; low_igg: lowest from the first dose on; response.
    """

    values: dict[str, Array]
    cost: Cost


MEAN = "mean effect"
