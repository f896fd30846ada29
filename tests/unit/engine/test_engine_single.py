"""The single-trajectory path: switches of the clock, jumps, values that lack, tolerances with a scale. Right: closed forms."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest

from baxis.core.errors import BaxisError
from baxis.engine.formula.mathml import Tree
from baxis.engine.model.network_code import NAMESPACE, expression
from baxis.engine.reading.antimony import antimony_to_sbml
from baxis.engine.reading.network_file import load_network
from baxis.engine.single.single import IntegrationFailed, trajectory
from baxis.engine.single.time_switches import TimeSwitches
from baxis.engine.tables.user_model import simulate_model


def course(model: str, times: list[float], name: str = "x", **tolerance: float) -> np.ndarray:
    return trajectory(load_network(antimony_to_sbml(model)), times, **tolerance)[name]


@pytest.mark.parametrize("clock", ["time", "n"])
def test_a_jump_out_of_rest_does_not_stall_the_integrator(clock: str) -> None:
    """The clock itself, and a state that counts like one."""
    began = time.process_time()
    found = course(f"n' = 1; n = 0; x' = piecewise(0, {clock} < 30, 100) - 10*x; x = 0", [30, 65])
    assert found == pytest.approx([0, 10], abs=1e-9)
    assert time.process_time() - began < 10


PULSES = {
    "piecewise(1, time >= 21 && time <= 21.25, 0)": 0.25,
    "piecewise(1, time > 21 && time < 21.001, 0)": 0.001,
    "piecewise(0, time < 99.5, time < 99.500001, 1e6, 0)": 0.0,
    "piecewise(4, 2*time + 1 > 43 && time/3 < 7.01, 0)": 0.12,
    "piecewise(1, abs(time - 50) < 0.01, 0)": 0.02,
    "piecewise(1, min(time, 60) >= 40 && max(time, 41) < 41.001, 0)": 1.001,
    "piecewise(1, not(time < p || time >= p + w), 0)": 0.01,
    "piecewise(1, floor(time) == 17, 0)": 1.0,
    "piecewise(1, ceil(time/10) == 4, 0)": 10.0,
    "piecewise(1, time - 10*floor(time/10) < 0.01, 0)": 0.1,
    "piecewise(1, r < 0.01, 0)": 0.1,
    "piecewise(1, sin(0.62831853071795864769*time) > 0.99999, 0)": 10 * 10 / math.pi * math.acos(0.99999),
    "piecewise(1, exp(-time/10) < 0.5, 0)": 100 - 10 * math.log(2),
    "piecewise(1, time^2 > 400, 0)": 80.0,
}  # fmt: skip


@pytest.mark.parametrize("gate", PULSES)
@pytest.mark.parametrize("times", [[100.0], [0.0, 33.0, 100.0]])
def test_no_pulse_of_the_clock_is_stepped_over(gate: str, times: list[float]) -> None:
    if "99.5" in gate:
        gate = "piecewise(0, time < 99.5, piecewise(1e6, time < 99.500001, 0))"
        right = 1.0
    else:
        right = PULSES[gate]
    found = course(f"p = 55; w = 0.01; r := time - 10*floor(time/10); x' = {gate}; x = 0", times)
    assert found[-1] == pytest.approx(right, rel=2e-6)


def test_periodic_doses_and_events_at_exact_times() -> None:
    model = (
        "A' = piecewise(R, time - tau*floor(time/tau) < dur, 0) - ke*A; A = 0; R = 100; ke = 0.002; tau = 168; dur = 1"
    )
    one = 100 / 0.002 * (1 - math.exp(-0.002))  # a week's dose at its end
    right = sum(one * math.exp(-0.002 * (1344 - 168 * k - 1)) for k in range(8))
    assert course(model, [1344], "A")[0] == pytest.approx(
        right, rel=1e-7
    )  # the dose that begins at 1344 adds nothing yet
    exact = course("x' = 0; x = 0; at time >= 0.3: x = x + time; at time == 7: x = x + 100", [0.3, 6.9, 7])
    assert exact.tolist() == [0.3, 0.3, 100.3]


def test_an_event_may_move_the_moment_of_a_switch() -> None:
    """p is constant but for events: the moment is worked out anew after each."""
    found = course("x' = piecewise(1, time >= p && time < p + 0.001, 0); x = 0; p = 90; at time >= 10: p = 50", [100])
    assert found[0] == pytest.approx(0.001, rel=1e-6)


@pytest.mark.parametrize(
    ("trigger", "delay", "at"), [("time >= 7", 1, 8), ("time >= 0.1", 0.2, 0.3), ("n >= 0.7", 0.1, 0.8)]
)
def test_an_output_at_the_moment_of_a_delayed_event_reads_after_it(trigger: str, delay: float, at: float) -> None:
    found = course(f"n' = 1; n = 0; x = 0; at {delay} after {trigger}: x = 100", [at - 0.05, at, 9])
    assert found.tolist() == [0, 100, 100]


def test_a_variable_without_a_first_value_does_not_stop_the_others() -> None:
    model = "H -> P; k*H; k = 1; H = 1; q' = P; q = 1; r := 2*H; z' = y; y = 2; z = 0; at time >= 0.5: P = 3"
    table = trajectory(load_network(antimony_to_sbml(model)), [0.25, 1.0])
    assert table["H"] == pytest.approx(np.exp([-0.25, -1]), rel=1e-6)
    assert table["r"] == pytest.approx(2 * np.exp([-0.25, -1]), rel=1e-6)
    assert table["z"] == pytest.approx([0.5, 2])
    assert math.isnan(table["P"][0])
    assert np.isnan(table["q"]).all()  # it has lost its value for good
    assert table["P"][1] == pytest.approx(3 + math.exp(-0.5) - math.exp(-1), rel=1e-6)  # the event gave it one


def test_a_rate_that_is_no_number_is_told_with_its_name() -> None:
    with pytest.raises(IntegrationFailed, match="the rate of 'x' is not a number"):
        course("x' = 0/(x - 1); x = 1; y' = 1; y = 0", [1])


@pytest.mark.parametrize("size", ["1", "1e-9", "1e-15", "1e-18", "1e6"])
def test_the_size_of_a_compartment_does_not_change_the_precision(size: str) -> None:
    model = f"""compartment c = {size}; species A in c, B in c, D in c; A = 1; B = 0; D = 0; k = 3; k2 = 0.5
    J: A -> B; c*k*A^2;  J2: B -> D; c*k2*B;  J3: A + B -> D; c*50*A*B;  at time >= 500: k = 0"""
    found = trajectory(load_network(antimony_to_sbml(model)), [100], rtol=1e-6, atol=1e-9)
    assert found["A"][0] == pytest.approx(0.002391, rel=1e-3)
    assert found["D"][0] == pytest.approx(0.5116, rel=1e-3)


def test_a_state_that_slides_along_a_jump_is_told_in_bounded_time() -> None:
    began = time.process_time()
    with pytest.raises(IntegrationFailed, match="jumps to and fro"):
        course("x' = piecewise(-1, x > 0, 1); x = 1", [2])
    assert time.process_time() - began < 30


@pytest.mark.parametrize(
    ("model", "at", "right"),
    [
        ("x' = piecewise(0, x <= 0, x^0.5) + 1; x = 0", 5, None),
        ("x' = piecewise(0, y == 0, x/y) + 1; y = 0; y' = 0; x = 0", 5, 5),
        ("x' = 1 - sqrt(x); x = 0", 5, 0.938665),
        ("x' = piecewise(sqrt(x), x > 1, 1); x = 0", 1 + 2 * (math.sqrt(4) - 1), 4),
        ("x' = -piecewise(1, x > 0, 0); x = 2", 5, 0),
    ],
)
def test_branches_that_guard_others(model: str, at: float, right: float | None) -> None:
    if right is None:  # x' = sqrt(x) + 1: time = 2*(s - ln(1 + s)) with s = sqrt(x)
        s = math.sqrt(course(model, [at])[0])
        assert 2 * (s - math.log(1 + s)) == pytest.approx(at, rel=1e-6)
        return
    assert course(model, [at])[0] == pytest.approx(right, rel=1e-5, abs=1e-9)


def test_functions_at_the_edge_of_their_range() -> None:
    def of(name: str, *args: float) -> float:
        tree: Tree = (name, *(("num", a) for a in args))
        return float(eval(expression(tree, {}), dict(NAMESPACE)))

    assert of("arctanh", 1) == math.inf
    assert of("arctanh", -1) == -math.inf
    assert math.isnan(of("arctanh", 2))
    assert (of("sinh", 1000), of("sinh", -1000)) == (math.inf, -math.inf)
    assert (of("power", -10, 1001), of("power", -10, 1000)) == (-math.inf, math.inf)
    assert (of("ln", 0), of("log10", 0), of("log2", 0)) == (-math.inf,) * 3
    assert (of("log10", 1000), of("log2", 8)) == (3, 3)
    assert math.isnan(of("log10", -1))


def test_switches_are_found_to_the_last_bit() -> None:
    tree: Tree = ("ge", ("mul", ("num", 3.0), ("time",)), ("num", 0.3))
    at = lambda t, x: lambda trees: [eval(expression(one, {}), {**NAMESPACE, "t": t}) for one in trees]  # noqa: E731
    moment = TimeSwitches([tree], {}, at).after(0.0, [], 10.0)
    assert 3.0 * moment >= 0.3
    assert 3.0 * math.nextafter(moment, 0) < 0.3
    assert TimeSwitches([tree], {}, at).after(moment, [], 10.0) == math.inf


def test_times_that_do_not_rise_are_refused() -> None:
    with pytest.raises(BaxisError, match="rising"):
        course("x' = 1; x = 0", [2, 1])


@pytest.mark.parametrize("last", [4.99, 5.0, 5.2, 4.9819])
def test_an_event_by_state_just_before_the_last_output_is_not_missed(last: float) -> None:
    """10 exp(-k t) falls below 8.3 and is put to 12; the second time at ln(12/8.3)/k after the first, just before `last`."""
    k = 0.1114
    network = load_network(antimony_to_sbml(f"x' = -{k}*x; x = 10; C' = -0.2*C; C = 20; at x < 8.3: x = 12"))
    second = math.log(10 / 8.3) / k + math.log(12 / 8.3) / k
    found = trajectory(network, np.array([4.5, last]), rtol=1e-9)["x"][-1]
    assert found == pytest.approx(12 * math.exp(-k * (last - second)), rel=1e-6)


@pytest.mark.parametrize("unit", [1.0, 1e-9, 1e-12, 1e-15, 1e-20])
def test_without_an_absolute_tolerance_the_unit_of_a_state_does_not_change_its_precision(unit: float) -> None:
    """A chain x -> y with rates 1 and 2, in closed form; also where simulate_model falls back to the single path."""
    text = antimony_to_sbml(f"x' = -x; x = {unit}; y' = x - 2*y; y = 0; z' = -w; w := delay(z, 1); z = 1")
    times = np.array([0.5, 2.0, 5.0])
    right = unit * (np.exp(-times) - np.exp(-2 * times))
    assert trajectory(load_network(text), times)["y"] == pytest.approx(right, rel=1e-5, abs=0)
    found = simulate_model(text, times, outputs=["y"])
    assert found.path == "single trajectory"
    assert found.values[0, :, 0] == pytest.approx(right, rel=1e-3, abs=0)
