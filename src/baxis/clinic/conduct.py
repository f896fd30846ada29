"""What happens to patients in a trial besides treatment: drop-out. Rescue is the instrument's rule."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..core import streams
from .instruments import Instrument
from .population import Population


def dropout_visit(tool: Instrument, days: NDArray[np.float64], people: Population, seed: int) -> NDArray[np.int64]:
    """Index of the first visit that each patient misses, (n,); len(days) for those who stay.

    A constant hazard (instrument's `dropout`, 1/week), the same draw for a patient in every arm.
    """
    u = streams.uniform(seed, "drop-out", people.ids)[:, 0]
    weeks = -np.log(u) / tool.number("dropout")
    return np.searchsorted(days / 7.0, weeks, side="right").astype(np.int64)
