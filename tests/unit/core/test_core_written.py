"""Numbers as text: only zero reads as zero, only a whole as a whole."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from baxis.core.storing.written import fixed, none_of, p_value, share, visible


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(0, 6))
def test_a_number_that_is_not_zero_is_not_written_as_zero(value: float, digits: int) -> None:
    text = fixed(value, digits)
    assert (float(text) == 0) == (value == 0)
    if value:
        assert (float(text) > 0) == (value > 0)
    assert fixed(-0.0, digits) == fixed(0.0, digits)


@given(st.floats(0, 1))
def test_a_share_is_0_or_100_per_cent_only_when_it_is(value: float) -> None:
    text = share(value)
    assert text.startswith("0.0 ") == (value == 0)
    assert (text == "100.0 %") == (value == 1)


def test_a_probability_of_chance_is_never_0() -> None:
    assert p_value(1e-20) == p_value(0.0) == "<0.0001"
    assert p_value(0.0001) == "0.0001"
    assert p_value(0.049951) == "0.0500"
    assert p_value(math.nan) == p_value(None) == "-"
    assert p_value(1e-9, 3) == "<0.001"


def test_none_in_n_leaves_the_share_open_that_the_binomial_gives() -> None:
    assert none_of(100).startswith("0 of 100 (below 3 %")  # 1 - 0.05 ** (1 / 100) = 2.95 %
    assert none_of(20) == "0 of 20 (below 14 %)"  # 1 - 0.05 ** (1 / 20) = 13.9 %


def test_control_characters_and_turned_text_are_written_out() -> None:
    assert visible("a\x1b]0;title\x07b\x9b31m\r") == "a\\x1b]0;title\\x07b\\x9b31m\\x0d"
    assert visible("abc\u202egnp.exe") == "abc\\u202egnp.exe"
    assert visible("µ é 試 😀\n\t{}$") == "µ é 試 😀\n\t{}$"
