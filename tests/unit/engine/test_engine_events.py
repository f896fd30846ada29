"""Doses and inputs: exact arithmetic, order, edges, and balance of amounts."""

from __future__ import annotations

import numpy as np
import pytest

from baxis import engine
from baxis.core.errors import InvalidValue, UnknownName

DEPOT = """model depot()
  gut' = -ka*gut; blood' = rate + ka*gut - ke*blood; gone' = ke*blood
  gut = 0; blood = 0; gone = 0; ka = 2; ke = 0.3; rate = 0
end"""
TIGHT = engine.Options(rtol=1e-9, atol=1e-11)


@pytest.fixture(scope="module")
def depot() -> engine.Kernel:
    return engine.compile(engine.load_antimony(DEPOT))


def total(run: engine.Ensemble) -> np.ndarray:
    return run["gut"] + run["blood"] + run["gone"]


def test_bolus_at_zero_is_read_after_the_baseline(depot: engine.Kernel) -> None:
    run = engine.simulate(depot, times=[0, 1, 2], events=engine.bolus("gut", [0.0], 10.0), options=TIGHT)
    assert run["gut"][0, 0] == 0.0
    assert run["gut"][0, 1] == pytest.approx(10 * np.exp(-2), rel=1e-7)


def test_output_at_a_dose_is_read_before_it(depot: engine.Kernel) -> None:
    run = engine.simulate(depot, times=[0, 1, 1.5], events=engine.bolus("gut", [0, 1], [10, 5]), options=TIGHT)
    assert run["gut"][0, 1] == pytest.approx(10 * np.exp(-2), rel=1e-7)
    assert run["gut"][0, 2] == pytest.approx(10 * np.exp(-3) + 5 * np.exp(-1), rel=1e-7)


def test_simultaneous_doses_add_up(depot: engine.Kernel) -> None:
    several = engine.concat(engine.bolus("gut", [1, 1], [3, 4]), engine.bolus("blood", [1], 2))
    one = engine.concat(engine.bolus("gut", [1], 7), engine.bolus("blood", [1], 2))
    a, b = (engine.simulate(depot, times=[0, 1, 3], events=e, options=TIGHT) for e in (several, one))
    np.testing.assert_allclose(a.values, b.values, rtol=1e-12)


def test_simultaneous_events_apply_in_order(depot: engine.Kernel) -> None:
    first = engine.concat(engine.bolus("gut", [1], 5), engine.setting("gut", [1], 2))
    second = engine.concat(engine.setting("gut", [1], 2), engine.bolus("gut", [1], 5))
    ends = [
        engine.simulate(depot, times=[1, 2], events=e, options=TIGHT)["gut"][0, 1] / np.exp(-2) for e in (first, second)
    ]
    np.testing.assert_allclose(ends, [2, 7], rtol=1e-7)


def test_amounts_balance(depot: engine.Kernel) -> None:
    """Everything given is somewhere: boluses and overlapping infusions, to 1e-9 of the total (criterion C10)."""
    rng = np.random.default_rng(1)
    n = 12
    doses = engine.bolus("gut", rng.uniform(0, 20, (n, 7)), rng.uniform(0, 50, (n, 7)))
    drips = engine.infusion("rate", rng.uniform(0, 10, (n, 4)), rng.uniform(0.5, 9, (n, 4)), rng.uniform(1, 30, (n, 4)))
    run = engine.simulate(depot, times=[0, 25, 40], events=engine.concat(doses, drips), options=TIGHT)
    given = doses.amounts.sum(1) + drips.amounts.sum(1)
    np.testing.assert_allclose(total(run)[:, 2], given, rtol=1e-9)


def test_infusions_overlap_and_end_at_the_base_value(depot: engine.Kernel) -> None:
    events = engine.infusion("rate", [1, 2], [3, 1], [3, 5])
    run = engine.start(depot, {"rate": 0.25}, options=TIGHT)
    rates = []
    for to in (1.5, 2.5, 3.5, 5.0):
        window = run.advance(to, times=[to - 0.25, to], events=events if to == 1.5 else None)
        slope = np.diff(total(window)[0])[0] / 0.25
        rates.append(slope)
    np.testing.assert_allclose(rates, [1.25, 6.25, 1.25, 0.25], rtol=1e-6)
    assert run.parameters[0, depot.system.parameter_index("rate")] == 0.25


def test_end_of_infusion_leaves_no_residue(depot: engine.Kernel) -> None:
    """0.1 + 0.2 - 0.1 - 0.2 is not 0 in floating point; the level is summed afresh instead."""
    events = engine.infusion("rate", [0.0, 0.0], [1.0, 2.0], [0.1, 0.4])
    run = engine.simulate(depot, times=[0, 100, 200], events=events, options=TIGHT)
    assert total(run)[0, 2] == pytest.approx(total(run)[0, 1], abs=1e-13)


def test_set_of_a_parameter_is_piecewise_constant(depot: engine.Kernel) -> None:
    events = engine.setting("rate", [1.0, 2.0, 4.0], [3.0, 1.0, 0.0])
    run = engine.simulate(depot, times=[1, 2, 4, 9], events=events, options=TIGHT)
    np.testing.assert_allclose(total(run)[0], [0, 3, 5, 5], rtol=1e-9)


def test_per_patient_times_and_amounts(depot: engine.Kernel) -> None:
    times = np.array([[0.0, 2.0], [1.0, np.inf], [3.0, 1.0]])
    amounts = np.array([[1.0, 2.0], [4.0, 9.0], [5.0, 6.0]])
    run = engine.simulate(depot, times=[1.5, 4], events=engine.bolus("gut", times, amounts), options=TIGHT)
    np.testing.assert_allclose(total(run), [[1, 3], [4, 4], [6, 11]], rtol=1e-9)


def test_zero_dose_is_bit_for_bit_nothing(depot: engine.Kernel) -> None:
    options = engine.Options()
    nothing = engine.concat(engine.bolus("gut", np.arange(30.0), 0.0), engine.setting("rate", np.arange(30.0), 0.0))
    times = np.arange(0, 30, 0.7)
    a, b = (
        engine.simulate(depot, initial={"gut": 3.0}, times=times, events=e, options=options) for e in (None, nothing)
    )
    assert a.values.tobytes() == b.values.tobytes()
    assert a.steps.tolist() == b.steps.tolist()


def test_event_at_the_end_changes_nothing(depot: engine.Kernel) -> None:
    run = engine.simulate(depot, times=[0, 2], events=engine.bolus("gut", [2.0], 5.0), options=TIGHT)
    assert total(run)[0, 1] == 0.0
    assert run.final.sum() == 0.0


def test_many_events_close_together(depot: engine.Kernel) -> None:
    times = 1.0 + np.arange(200) * 1e-13
    run = engine.simulate(depot, times=[0, 2], events=engine.bolus("gut", times, 0.5), options=TIGHT)
    assert run.failures == []
    assert total(run)[0, 1] == pytest.approx(100.0, rel=1e-9)


@pytest.mark.parametrize(
    ("events", "error", "words"),
    [
        (lambda: engine.bolus("gutt", [1], 1), UnknownName, "did you mean 'gut'"),
        (lambda: engine.bolus("ka", [1], 1), UnknownName, "unknown state to add to 'ka'"),
        (lambda: engine.setting("kaa", [1], 1), UnknownName, "did you mean 'ka'"),
        (lambda: engine.infusion("blood", [1], 1, 1), UnknownName, "rate parameter to infuse by"),
        (lambda: engine.bolus("gut", [-1], 1), InvalidValue, "at or after the start"),
        (lambda: engine.bolus("gut", [np.nan], 1), InvalidValue, "event times"),
        (lambda: engine.bolus("gut", [1], np.inf), InvalidValue, "event amounts"),
        (lambda: engine.bolus("gut", [1, 2, 3], [1, 2]), InvalidValue, "one an event"),
        (lambda: engine.infusion("rate", [1], 0, 1), InvalidValue, "infusion durations"),
        (lambda: engine.Events([1], "dose", "gut", 1), InvalidValue, "ADD, SET or INFUSE"),
        (lambda: engine.bolus("gut", np.ones((3, 1)), 1), InvalidValue, "number of patients"),
        (
            lambda: engine.concat(engine.infusion("rate", [1], 1, 1), engine.setting("rate", [2], 1)),
            InvalidValue,
            "one of the two",
        ),
    ],
)
def test_wrong_events_are_named(depot: engine.Kernel, events, error, words: str) -> None:
    with pytest.raises(error, match=words):
        engine.simulate(depot, np.tile([2.0, 0.3, 0.0], (2, 1)), times=[0, 5], events=events())


def test_repeat() -> None:
    np.testing.assert_array_equal(engine.repeat(1.0, 7.0, 3), [1, 8, 15])
    assert len(engine.repeat(0.0, 1.0, 0)) == 0
    with pytest.raises(InvalidValue, match="interval above 0"):
        engine.repeat(0.0, 0.0, 3)


def test_lag_of_each_patient(depot: engine.Kernel) -> None:
    doses = engine.bolus("gut", [0.0, 2.0], 4.0, lag=[0.0, 0.5, 3.0])
    run = engine.simulate(depot, times=[0.25, 1.0, 2.75, 6.0], events=doses, options=TIGHT)
    np.testing.assert_allclose(total(run), [[4, 4, 8, 8], [0, 4, 8, 8], [0, 0, 0, 8]], rtol=1e-9, atol=1e-12)
    drip = engine.infusion("rate", [0.0], 2.0, 4.0, lag=1.0)
    run = engine.simulate(depot, times=[1.0, 2.0, 4.0], events=drip, options=TIGHT)
    np.testing.assert_allclose(total(run)[0], [0, 2, 4], rtol=1e-9, atol=1e-12)
    with pytest.raises(InvalidValue, match="at least 0"):
        engine.bolus("gut", [0.0], 1.0, lag=-1.0)
