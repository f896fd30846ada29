"""Schedules as people write them: the same days as the grammar's own words."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baxis.core.errors import InvalidValue
from baxis.core.reading import schedule

SAME = {
    "qd": ("daily", "once daily", "Once a day", "every day", "OD", "q24h"),
    "bid": ("BID", "b.i.d.", "twice daily", "twice a day", "two times a day", "every 12 hours", "2x daily"),
    "tid": ("three times a day", "t.i.d.", "thrice daily", "q8h"),
    "qw": ("weekly", "once weekly", "every week", "q1w", "Q1 week"),
    "q2w": ("every other week", "every-other-week", "every 2 weeks", "every two weeks", "fortnightly", "q2 wk"),
    "q4w": ("every 4 weeks", "Every Four Weeks", "q4 weeks", "4-weekly", "monthly", "once a month", "every 28 days"),
    "q26w": ("every 6 months", "q6m", "every six months", "twice a year"),
    "once": ("single dose", "one dose", "a single dose"),
    "days 1,15": ("days 1 and 15", "on days 1 and 15", "Day 1 and day 15", "days 1, 15", "day 1 & 15"),
    "weeks 0,2,24": ("weeks 0, 2 and 24", "wk 0,2,24", "at weeks 0, 2 and 24"),
    "weeks 26": ("month 6",),
    "weeks 0,26,52": ("months 0, 6 and 12",),
    "q2w x2": ("two doses two weeks apart", "every 2 weeks x 2", "every other week for 2 doses"),
    "qw x4": ("weekly x4", "weekly for 4 weeks", "weekly × 4"),
    "100 mg bid x56 then 150 mg qd": ("100 mg bid for 4 weeks then 150 mg daily",),
    "240 mg once then 120 mg q4w": ("240 mg once, followed by 120 mg every 4 weeks",),
}


@pytest.mark.parametrize(("words", "plain"), [(w, p) for p, every in SAME.items() for w in every])
def test_words_give_the_days_of_the_grammar(words: str, plain: str) -> None:
    assert schedule.parse(words).doses(400.0) == schedule.parse(plain).doses(400.0)


def test_a_reading_is_told_and_the_grammar_is_not() -> None:
    assert schedule.reading("every 4 weeks") == "read 'every 4 weeks' as q4w"
    assert schedule.reading("Q4W") == ""


@given(n=st.integers(1, 60), unit=st.sampled_from(["day", "week"]))
def test_every_n_days_or_weeks_are_that_far_apart(n: int, unit: str) -> None:
    days = [d.day for d in schedule.parse(f"every {n} {unit}s").doses(2000.0)]
    assert days[1] - days[0] == n * (7 if unit == "week" else 1)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("biweekly", "two things"),
        ("twice weekly", "list the days"),
        ("prn", "list the days"),
        ("q" + "9" * 400 + "w", "at most 9 digits"),
        ("tid x" + "9" * 400, "at most 9 digits"),
        ("days " + ",".join(map(str, range(1, 3000))), "at most 400 listed"),
        ("q4w then " * 60 + "qd", "40 parts"),
        ("every \u0664 weeks", "schedule"),
    ],
)
def test_what_has_two_meanings_or_no_end_is_told_quickly(text: str, says: str) -> None:
    began = time.perf_counter()
    with pytest.raises(InvalidValue, match=says) as error:
        schedule.parse(text)
    assert time.perf_counter() - began < 1
    assert len(str(error.value)) < 400


def test_the_text_is_told_once() -> None:
    with pytest.raises(InvalidValue) as error:
        schedule.parse("sometimes")
    assert str(error.value).count("sometimes") == 1


def test_the_grammar_alone_takes_no_words() -> None:
    with pytest.raises(InvalidValue, match=r"'monthly'.*qNw"):
        schedule.parse("monthly", words=False)
