from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baxis.core.errors import InvalidValue
from baxis.core.reading import schedule


@pytest.mark.parametrize(
    ("text", "until", "days"),
    [
        ("qd", 3, [0, 1, 2]),
        ("bid", 1.5, [0, 0.5, 1]),
        ("days 1,15", 90, [0, 14]),
        ("weeks 0, 2, 24, 26", 200, [0, 14, 168, 182]),
        ("days 1,15,29 then q4w", 90, [0, 14, 28, 56, 84]),
        ("q2w x3 then q4w", 90, [0, 14, 28, 56, 84]),
        ("qw x4", 90, [0, 7, 14, 21]),
        ("once", 90, [0]),
        ("q28d", 60, [0, 28, 56]),
    ],
)
def test_days_of_a_schedule(text: str, until: float, days: list[float]) -> None:
    assert [d.day for d in schedule.parse(text).doses(until)] == days


def test_a_part_carries_its_own_dose() -> None:
    doses = schedule.parse("240 mg once then 120 mg q4w").doses(60)
    assert [(d.day, d.amount, d.unit) for d in doses] == [(0, 240, "mg"), (28, 120, "mg"), (56, 120, "mg")]


def test_a_daily_course_goes_on_the_next_day() -> None:
    doses = schedule.parse("100 mg bid x4 then 150 mg qd").doses(4)
    assert [(d.day, d.amount) for d in doses] == [(0, 100), (0.5, 100), (1, 100), (1.5, 100), (2, 150), (3, 150)]


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("", "qd, bid, tid, once"),
        ("sometimes", "qd, bid, tid, once"),
        ("-5 mg qd", "qd, bid, tid, once"),
        ("q0w", "an interval of at least 1"),
        ("qw x0", "an interval of at least 1"),
        ("days 15,1", "in rising order"),
        ("days 1,1", "none twice"),
        ("q4w then qd", "an end before 'then'"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_grammar(text: str, allowed: str) -> None:
    with pytest.raises(InvalidValue) as error:
        schedule.parse(text)
    whole = f"schedule: got {text!r}; allowed: "
    part = f"schedule {text!r}: got {text.split(' then ')[0]!r}; allowed: "  # of a schedule in parts, the one at fault
    assert str(error.value).startswith(part if " then " in text else whole)
    assert allowed in str(error.value).split("; allowed: ")[1]


@given(st.integers(1, 13), st.integers(1, 30))
def test_intervals_are_even(weeks: int, count: int) -> None:
    days = [d.day for d in schedule.parse(f"q{weeks}w x{count}").doses(1e6)]
    assert days == [7.0 * weeks * i for i in range(count)]
