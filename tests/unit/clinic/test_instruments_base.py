"""The parts that every instrument shares, by their definitions."""

from types import SimpleNamespace

import numpy as np
import pytest

from baxis.clinic.instruments import CODES, Course, Visits, instrument
from baxis.clinic.instruments.base import (
    at_least,
    at_most,
    bounded,
    improved,
    lasting,
    noise,
    seen_by,
    steroid_ok,
    threshold,
)

DAYS = np.array([-14.0, 0.0, 28.0, 84.0])


def one(**measures) -> Visits:
    return Visits(DAYS, {k: np.array([v], float) for k, v in measures.items()})


def test_a_decimal_boundary_is_reached_and_nothing_beyond_it() -> None:
    rise = 1.2 - 0.9  # 0.29999999999999993
    assert at_least(np.array([rise, 0.3, 0.2999, 0.29999]), 0.3).tolist() == [True, True, False, False]
    assert at_most(np.array([0.1 + 0.2, 0.3, 0.3001, 0.30001]), 0.3).tolist() == [True, True, False, False]


@pytest.mark.parametrize(
    ("start", "end", "better"),
    [
        (10, 8, True),
        (10, 8.001, False),
        (0.5, 0.4, True),
        (0.5, 0.41, False),
        (0, 0, False),
        (1.1, 0.88, True),
        (10, 12, False),
    ],
)
def test_improvement_by_a_share_of_baseline(start, end, better) -> None:
    assert improved(one(x=[99, start, start, end]), "x", 3, 0.2).tolist() == [better]


def test_change_is_from_baseline() -> None:
    assert one(x=[1, 2, 5, 9]).change("x", 3).tolist() == [7]
    assert one(x=[1, 2, 5, 9])["x"].tolist() == [[1, 2, 5, 9]]


def test_a_steroid_dose_at_its_limit_passes_and_an_unknown_one_too() -> None:
    doses = one(steroid_mg=[40, 40, 7.5, 7.6])
    assert [bool(steroid_ok(doses, k, 7.5)[0]) for k in (2, 3)] == [True, False]
    assert steroid_ok(one(steroid_mg=[np.nan] * 4), 3, 0.0).tolist() == [True]


def test_an_event_is_seen_after_baseline_and_by_the_visit() -> None:
    event = lambda v: v["x"] > 0  # noqa: E731
    for row, by in (([1, 1, 0, 0], [0, 0, 0]), ([0, 0, 1, 0], [0, 1, 1]), ([0, 0, 0, 1], [0, 0, 1])):
        assert [seen_by(event, one(x=row), k)[0] for k in (1, 2, 3)] == by


def test_what_counts_an_event_is_adverse_or_a_hazard() -> None:
    for code in CODES:
        tool = instrument(code)
        assert tool.counted == {*tool.adverse, *tool.hazard}
    assert "time_to_remission_HR" in instrument("AAV").counted
    assert "relapse_rate" in instrument("AAV").counted


def test_draws_of_a_patient_have_a_shape() -> None:
    seen = Course(1, np.arange(5), DAYS, {})
    assert lasting(seen, "x").shape == (5, 1, 1)
    assert noise(seen, "x").shape == (5, 4, 1)
    assert lasting(seen, "x", 3).shape == (5, 1, 3)
    assert noise(seen, "x", 2).shape == (5, 4, 2)
    assert np.array_equal(lasting(seen, "x", 3)[:, :, :1], lasting(seen, "x"))


def test_a_threshold_lets_its_prevalence_pass() -> None:
    """Half pass a threshold of 0; 15.87 % pass one standard deviation (tables of the normal distribution)."""
    tool = SimpleNamespace(number={"prevalence.a": 0.5, "prevalence.b": 0.15865525}.get)
    assert threshold(tool, "a", 2.0) == pytest.approx(0.0)
    assert threshold(tool, "b", 2.0) == pytest.approx(2.0)


def test_a_bounded_scale_moves_on_the_logit() -> None:
    assert bounded(7.0, 10.0, np.array([0.0])) == pytest.approx([7.0])
    assert bounded(5.0, 10.0, np.log([3.0, 1 / 3])) == pytest.approx([7.5, 2.5])
    assert bounded(7.0, 10.0, np.array([50.0, -50.0])) == pytest.approx([10.0, 0.0])
