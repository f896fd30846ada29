"""Plain data keeps every digit, and has nothing that JSON has not."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from baxis.core.errors import InvalidValue
from baxis.core.plain import finite, records, to_json


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_comes_back_with_the_same_bits(value: float) -> None:
    for held in (value, np.float64(value)):
        assert json.loads(to_json({"x": [held]})) == {"x": [value]}
    table = pd.DataFrame({"x": [value], "name": ["a"]})
    assert json.loads(to_json(records(table))) == [{"x": value, "name": "a"}]


def test_what_is_not_a_number_is_null_wherever_it_stands() -> None:
    table = pd.DataFrame({"x": [math.nan, math.inf, 1e-300], "y": ["", None, "b"], "z": [[math.nan, 1], None, (2,)]})
    assert records(table) == [
        {"x": None, "y": "", "z": [None, 1]},
        {"x": None, "y": None, "z": None},
        {"x": 1e-300, "y": "b", "z": [2]},
    ]
    assert finite({1: np.array([[1.5, np.nan]]), "n": pd.NA, "b": np.bool_(True)}) == {
        "1": [[1.5, None]],
        "n": None,
        "b": True,
    }


def test_a_refused_value_reads_as_python_writes_it() -> None:
    for got in (np.float64(1.5), [np.float64(1.5)], {"a": np.int64(2)}, (np.float64("nan"), 1)):
        assert "np." not in str(InvalidValue("x", got, "a number"))
