"""A patient's course: laboratory values and scores at visits, and the treatments so far, in the model's terms."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Rating:
    """A score at a visit, in its own unit. sign: `<` or `>` where the value is a limit of what could be measured."""

    measure: str
    value: float
    day: float
    sign: str = ""


@dataclass(frozen=True)
class Given:
    """A treatment from a day on: doses by `schedule` (slots), or a daily exposure until the next row (background)."""

    day: float
    drug: str
    amount: float
    unit: str
    route: str = ""
    schedule: str = "once"


@dataclass(frozen=True)
class Standing:
    """Where the patient stands in a signature among patients of the disease, in their standard deviations."""

    signature: str
    value: float


@dataclass(frozen=True, eq=False)
class Measurements:
    """Laboratory values: observable's model name, value in multiples of health, day, each (m,); ratings; treatments;
    standings in signatures of expression.

    signs: `<` or `>` of each laboratory value that is a limit (below or above it; empty: a value), none: all are values.
    The last visit is now: predictions begin there. Days count from any day; `dated`: they are days of the calendar
    (`core.reading.dates`). notes: how the file was read.
    """

    names: tuple[str, ...]
    values: NDArray[np.float64]
    days: tuple[float, ...]
    ratings: tuple[Rating, ...] = ()
    given: tuple[Given, ...] = field(default=())
    standings: tuple[Standing, ...] = field(default=())
    signs: tuple[str, ...] = ()
    dated: bool = False
    notes: tuple[str, ...] = ()

    def sign(self, i: int) -> str:
        """`<`, `>` or empty: what value i is."""
        return self.signs[i] if self.signs else ""

    @property
    def times(self) -> tuple[float, ...]:
        """Days on which something was measured, in order."""
        return tuple(sorted({*self.days, *(r.day for r in self.ratings)}))

    @property
    def now(self) -> float:
        """The last day of the file."""
        return max((*self.times, *(g.day for g in self.given)))
