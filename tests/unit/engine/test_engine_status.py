"""Failures are values: each kind of breakdown gives a status with a sentence, and the other patients finish."""

from __future__ import annotations

import numpy as np
import pytest

from baxis import engine
from baxis.core.errors import InvalidValue, UnknownName
from baxis.engine.codegen import layout

GROWTH = """model growth()
  x' = a*x^2 - b*x + c*time; calm' = -calm
  x = 1; calm = 1; a = 0; b = 1; c = 0
end"""


@pytest.fixture(scope="module")
def growth() -> engine.Kernel:
    return engine.compile(engine.load_antimony(GROWTH))


def test_blow_up_is_a_status_and_others_finish(growth: engine.Kernel) -> None:
    a = np.array([0.0, 2.0, 0.0, 3.0, 0.5])
    run = engine.simulate(growth, {"a": a, "b": 0.0}, times=[0, 0.2, 5.0], options=engine.Options(max_steps=5000))
    assert run.ok.tolist() == [True, False, True, False, False]
    assert [f.patient for f in run.failures] == [1, 3, 4]
    for failure, pole in zip(run.failures, [0.5, 1 / 3, 2.0], strict=True):
        assert failure.time == pytest.approx(pole, rel=1e-3)
        assert failure.state == "x"
        assert failure.reason
    assert np.isnan(run.values[1, 2]).all()
    assert np.isfinite(run.values[1, :2]).all()
    assert np.isfinite(run.values[run.ok]).all()


def test_not_a_number_from_the_start() -> None:
    kernel = engine.compile(engine.load_antimony("model m()\n x' = ln(p - 1) - x; y' = -y; x = 1; y = 1; p = 2\nend"))
    run = engine.simulate(kernel, {"p": np.array([2.0, 0.5])}, times=[0, 1.0])
    assert run.status.tolist() == [layout.OK, layout.NOT_FINITE]
    assert run.failures[0].state == "x"
    assert "not a number" in run.failures[0].reason
    assert run.failures[0].time == 0.0


def test_overflow() -> None:
    kernel = engine.compile(engine.load_antimony("model m()\n x' = exp(x); x = 1\nend"))
    run = engine.simulate(kernel, initial={"x": [800.0, -1.0]}, times=[0.5])
    assert run.status[0] in (layout.NOT_FINITE, layout.UNDERFLOW)
    assert run.status[1] == layout.OK


def test_step_underflow_at_a_singularity() -> None:
    kernel = engine.compile(engine.load_antimony("model m()\n x' = -1/x; x = 1\nend"))  # x = sqrt(1 - 2t): ends at 1/2
    run = engine.simulate(kernel, times=[0.4, 1.0])
    assert run.status[0] in (layout.UNDERFLOW, layout.NOT_FINITE, layout.STEP_LIMIT)
    assert run.reached[0] == pytest.approx(0.5, abs=1e-3)


def test_step_limit(growth: engine.Kernel) -> None:
    run = engine.simulate(growth, {"c": [0.0, 1.0]}, times=[1e4], options=engine.Options(max_steps=10, rtol=1e-8))
    assert run.status.tolist() == [layout.STEP_LIMIT] * 2
    assert (run.steps == 10).all()
    assert "max_steps" in run.failures[0].reason


def test_negative_rates_are_a_status_when_asked() -> None:
    kernel = engine.compile(engine.load_antimony("model m()\n x' = -k; y' = -y; x = 1; y = 1; k = 1\nend"))
    free = engine.simulate(kernel, times=[3.0])
    assert free.ok.all()
    assert free["x"][0, 0] == pytest.approx(-2.0)
    for rule in (True, ("x",)):
        run = engine.simulate(kernel, {"k": [1.0, 0.1]}, times=[3.0], options=engine.Options(nonnegative=rule))
        assert run.status.tolist() == [layout.NEGATIVE, layout.OK]
        assert run.failures[0].state == "x"
        assert run.reached[0] == pytest.approx(1.0, abs=1e-4)
    assert engine.simulate(kernel, times=[3.0], options=engine.Options(nonnegative=("y",))).ok.all()


def test_failures_do_not_depend_on_neighbours(growth: engine.Kernel) -> None:
    a = np.array([0.0, 2.0, 0.0, 3.0, 0.5, 1.0, 0.0, 0.7, 0.1])
    together = engine.simulate(growth, {"a": a, "b": 0.0}, times=[0.2, 5.0], options=engine.Options(max_steps=500))
    for i, one in enumerate(a):
        alone = engine.simulate(growth, {"a": one, "b": 0.0}, times=[0.2, 5.0], options=engine.Options(max_steps=500))
        assert alone.values[0].tobytes() == together.values[i].tobytes()
        assert (alone.status[0], alone.steps[0]) == (together.status[i], together.steps[i])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"rtol": -1e-4}, "rtol: got -0.0001"),
        ({"rtol": float("nan")}, "rtol"),
        ({"max_steps": 0}, "max_steps"),
        ({"threads": 0}, "threads"),
        ({"first_step": 0.0}, "first_step"),
        ({"max_step": -1.0}, "max_step"),
        ({"start": float("inf")}, "start"),
    ],
)
def test_wrong_options_are_named(change: dict, words: str) -> None:
    with pytest.raises(InvalidValue, match=words):
        engine.Options(**change)


def test_wrong_tolerances_of_states_are_named(growth: engine.Kernel) -> None:
    with pytest.raises(InvalidValue, match="atol"):
        engine.simulate(growth, times=[1], options=engine.Options(atol=-1.0))
    with pytest.raises(UnknownName, match="did you mean 'calm'"):
        engine.simulate(growth, times=[1], options=engine.Options(atol={"calmm": 1e-3}))
    with pytest.raises(UnknownName, match="state in nonnegative"):
        engine.simulate(growth, times=[1], options=engine.Options(nonnegative=("z",)))


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"parameters": {"aa": 1}}, UnknownName, "unknown parameter 'aa'"),
        ({"parameters": {"a": float("nan")}}, InvalidValue, "nan for 'a' of patient 0"),
        ({"parameters": [1.0, 2.0]}, InvalidValue, "in the order of the parameters"),
        ({"parameters": {"a": "high"}}, InvalidValue, "numbers"),
        ({"parameters": {"a": [1, 2]}, "initial": {"x": [1, 2, 3]}}, InvalidValue, "the same number everywhere"),
        ({"initial": {"y": 1}}, UnknownName, "unknown state 'y'"),
        ({"times": []}, InvalidValue, "at least one time"),
        ({"times": [1, 1]}, InvalidValue, "strictly rising"),
        ({"times": [2, 1]}, InvalidValue, "1 after 2"),
        ({"times": [float("nan")]}, InvalidValue, "times"),
        ({"times": [-1.0, 1.0]}, InvalidValue, "at or after the start"),
        ({"outputs": ["xx"]}, UnknownName, "unknown output 'xx'"),
        ({"outputs": "x"}, InvalidValue, "a list of names"),
        ({"events": [(1, 2)]}, InvalidValue, "Events, from bolus"),
    ],
)
def test_wrong_inputs_are_named(growth: engine.Kernel, arguments: dict, error: type, words: str) -> None:
    with pytest.raises(error, match=words):
        engine.simulate(growth, **{"times": [1.0], **arguments})


def test_decay_below_the_smallest_normal_number_is_zero() -> None:
    kernel = engine.compile(engine.load_antimony("model m()\n x' = -x; x = 3e-308\nend"))
    run = engine.simulate(kernel, times=[0.0, 500.0, 1000.0])
    assert run["x"][0, 0] == 3e-308
    assert run.final[0, 0] == 0.0
    assert np.float64(1e-310) / 4 > 0  # the caller's arithmetic is as before
