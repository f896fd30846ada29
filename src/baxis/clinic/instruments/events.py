"""From recorded visits to time-to-event data: when an event was first seen, and when follow-up ended."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from baxis.clinic.instruments.base import Instrument, Visits
from baxis.clinic.statistics.survival import Times
from baxis.core.errors import UnknownName


def first_event(
    tool: Instrument, name: str, visits: Visits, last_day: float, left: NDArray[np.int64] | None = None
) -> Times:
    """Days from baseline to the first visit with the event, censored at the last visit attended up to `last_day`.

    name: an event of the instrument, or one of its hazard-ratio endpoints. left: (n,) index of the first visit missed
    (drop-out). Events at screening and baseline do not count. UnknownName for an event that the instrument lacks.
    """
    table = tool.events()
    event = tool.hazard.get(name, name)
    if event not in table:
        raise UnknownName(f"event in {tool.code}", name, [*table, *tool.hazard])
    seen = np.array(table[event](visits), dtype=bool)
    seen[:, : min(2, seen.shape[1])] = False
    n, t = seen.shape
    index = np.arange(t)
    stop = np.full(n, t) if left is None else np.asarray(left)
    attended = (index < stop[:, None]) & (visits.days <= last_day + 1e-9)
    seen &= attended
    came = np.asarray(seen.any(axis=1))
    last = np.maximum(np.where(attended, index, 1).max(axis=1), 1)
    when = np.where(came, seen.argmax(axis=1), last)
    return Times(np.maximum(visits.days[when], 0.0), came)
