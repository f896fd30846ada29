"""What happens to patients in a trial besides treatment: drop-out, rescue by the design's rule, and randomisation of
responders in a withdrawal design."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from baxis.clinic.design.design import Design, Rescue
from baxis.clinic.instruments import Instrument, Visits
from baxis.clinic.instruments.base import at_most
from baxis.clinic.people.population import Population
from baxis.core import streams


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
        poor &= ~at_most(visits[name], (1.0 - rule.improvement) * visits[name][:, 1:2])
    poor[:, visits.days < rule.week * 7.0 - 1e-9] = False
    return np.asarray(np.maximum.accumulate(poor, axis=1))


def randomised(design: Design, tool: Instrument, visits: Visits, left: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(n,): who is randomised: everybody, or the responders still in the trial at the week of a withdrawal design."""
    rule = design.randomisation
    if rule is None:
        return np.ones(left.shape, dtype=bool)
    k = visit_of(visits, rule.week)
    response = tool.endpoint(rule.endpoint)(visits, k) > 0.5
    return np.asarray(response & ~tool.failed(visits)[:, k] & (left > k))


def visit_of(visits: Visits, week: float) -> int:
    """Index of the visit at a week."""
    return int(np.flatnonzero(np.isclose(visits.days, week * 7.0))[0])


def since_randomisation(design: Design, visits: Visits) -> tuple[Visits, int, float]:
    """Visits with the one of randomisation as baseline (index 1, day 0), how many were cut off in front, and its day.

    Without a later randomisation these are the visits themselves.
    """
    if design.randomisation is None:
        return visits, 0, 0.0
    k = visit_of(visits, design.randomisation.week)
    day = float(visits.days[k])
    measures = {name: values[:, k - 1 :] for name, values in visits.measures.items()}
    return type(visits)(visits.days[k - 1 :] - day, measures), k - 1, day
