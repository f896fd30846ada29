"""Times to event from visits: first visit with the event, censored at the last visit attended."""

import numpy as np
import pytest

from baxis.clinic.instruments import Visits, instrument
from baxis.clinic.instruments.events import first_event
from baxis.core.errors import UnknownName

DAYS = np.array([-14.0, 0.0, 28.0, 84.0, 168.0])
TOOL = instrument("IgG4-RD")


def times(rows, last_day=168.0, left=None, name="flare_HR"):
    v = Visits(DAYS, {"flaring organs": np.array(rows, float), "RI": 1.0 - np.array(rows, float)})
    found = first_event(TOOL, name, v, last_day, None if left is None else np.array(left))
    return found.time.tolist(), found.event.tolist()


def test_the_first_visit_with_the_event_counts() -> None:
    assert times([[0, 0, 0, 1, 1], [0, 0, 1, 0, 0], [0] * 5]) == ([84, 28, 168], [True, True, False])
    assert times([[0, 0, 0, 1, 1]], name="flare") == ([84], [True])
    assert times([[1, 1, 0, 1, 0]], name="complete_response_HR") == ([84], [True])  # Index 0 at day 84


def test_screening_and_baseline_are_no_events_of_the_trial() -> None:
    assert times([[1, 1, 0, 0, 0]]) == ([168], [False])
    assert times([[0, 1, 1, 0, 0]]) == ([28], [True])
    shown = Visits(DAYS, {"RI": np.array([[0.0, 0.0, 1, 1, 1]])})
    found = first_event(TOOL, "complete remission", shown, 168.0)
    assert (found.time[0], found.event[0]) == (168, False)


def test_follow_up_ends_at_the_last_visit_attended() -> None:
    never = [0] * 5
    assert times([never] * 4, left=[5, 4, 3, 2]) == ([168, 84, 28, 0], [False] * 4)
    assert times([[0, 0, 0, 0, 1]] * 2, left=[4, 5]) == ([84, 168], [False, True])
    assert times([[0, 0, 0, 1, 0]] * 2, left=[3, 4]) == ([28, 84], [False, True])
    assert times([never], left=[1]) == ([0], [False])
    assert times([never], left=[0]) == ([0], [False])


def test_follow_up_ends_at_the_week_of_the_endpoint() -> None:
    assert times([[0, 0, 0, 0, 1], [0, 0, 0, 1, 0]], 84.0) == ([84, 84], [False, True])
    assert times([[0, 0, 0, 1, 0]], 83.0) == ([28], [False])
    assert times([[0, 0, 0, 1, 0]], 84.0 - 1e-12) == ([84], [True])  # rounding of a week
    assert times([[0, 0, 0, 1, 0]], 84.0 - 5e-4) == ([28], [False])


def test_a_trial_with_two_visits_has_no_event() -> None:
    v = Visits(DAYS[:2], {"flaring organs": np.array([[1.0, 1.0]])})
    found = first_event(TOOL, "flare", v, 28.0)
    assert (found.time[0], found.event[0]) == (0, False)


def test_an_unknown_event_is_told_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="flare_HR"):
        first_event(TOOL, "flair_HR", None, 1.0)
