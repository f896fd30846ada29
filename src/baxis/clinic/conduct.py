"""What happens to patients in a trial besides treatment: drop-out, and rescue by the design's rule."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..core import streams
from .design import Rescue
from .instruments import Instrument, Visits
from .population import Population


def dropout_visit(tool: Instrument, days: NDArray[np.float64], people: Population, seed: int) -> NDArray[np.int64]:
    """Index of the first visit that each patient misses, (n,); len(days) for those who stay.

    A constant hazard (instrument's `dropout`, 1/week), the same draw for a patient in every arm.
    """
    u = streams.uniform(seed, "drop-out", people.ids)[:, 0]
    weeks = -np.log(u) / tool.number("dropout")
    return np.searchsorted(days / 7.0, weeks, side="right").astype(np.int64)


def rescued(rule: Rescue | None, visits: Visits) -> NDArray[np.bool_]:
    """(n, T): the patient has met the design's rescue rule at this visit or before."""
    shape = next(iter(visits.measures.values())).shape
    if rule is None:
        return np.zeros(shape, dtype=bool)
    poor = np.ones(shape, dtype=bool)
    for name in rule.measures:
        poor &= visits[name] > (1.0 - rule.improvement) * visits[name][:, 1:2]
    poor[:, visits.days < rule.week * 7.0 - 1e-9] = False
    return np.asarray(np.maximum.accumulate(poor, axis=1))
