"""Schedules at their edges: cut short, absurd, misspelt."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baxis.core.errors import InvalidValue
from baxis.core.reading import schedule

TEXTS = ["qd", "bid", "q4w", "once then q4w", "days 1,15,29 then q4w", "weeks 0,2,4 then q4w", "qw x4 then qd",
         "q2w x3 then q4w x2 then qd", "240 mg once then 120 mg q4w", "days 1,15 then qw x10 then bid"]  # fmt: skip


@given(text=st.sampled_from(TEXTS), short=st.floats(0.1, 120), long=st.floats(120, 400))
def test_a_shorter_look_sees_the_same_doses(text: str, short: float, long: float) -> None:
    plan = schedule.parse(text)
    assert plan.doses(short) == [d for d in plan.doses(long) if d.day < short]


def test_a_part_that_outlives_the_trial_is_not_followed_by_the_next() -> None:
    assert [d.day for d in schedule.parse("qw x10 then qd").doses(30)] == [0, 7, 14, 21, 28]


def test_absurd_counts_cost_nothing() -> None:
    assert len(schedule.parse("qd x999999999").doses(30)) == 30
    assert [d.day for d in schedule.parse("q99999999w").doses(30)] == [0]


@pytest.mark.parametrize(
    "text", ["days 1,,2", "days 1.2.3", "q00w", "q0d", "qw x0", "days 15,1", "q\u0663w", "then qd", ""]
)
def test_what_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue, match="schedule"):
        schedule.parse(text)
