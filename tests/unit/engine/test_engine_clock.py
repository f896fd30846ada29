"""What the clock alone switches is never stepped over, on either path. Right values are areas of the pulses."""

from __future__ import annotations

import math

import numpy as np
import pytest

from baxis import engine
from baxis.engine.reading.antimony import antimony_to_sbml
from baxis.engine.run.switches import switch_times
from baxis.engine.tables.user_model import simulate_model

TIME = ("time",)
WEEKLY = "A = 0; R = 100; ke = 0.002; tau = 168; dur = 1; A' = piecewise(R, time - tau*floor(time/tau) < dur, 0) - ke*A"


def weekly(until: float) -> float:
    """Infusions of 100 over the first unit of each 168, elimination 0.002: each adds R/ke (1 - e^-ke) e^-ke(t - end)."""
    ends = np.arange(1.0, until, 168.0)
    return float((100 / 0.002 * (1 - math.exp(-0.002)) * np.exp(-0.002 * (until - ends))).sum())


PULSES = {
    WEEKLY: ("A", 1344.0, weekly(1344.0)),
    "A = 0; A' = piecewise(200, time >= 1000 && time < 1000.25, 0)": ("A", 2000.0, 50.0),
    "x = 0; x' = piecewise(1, time >= 21 && time <= 21.25, 0)": ("x", 100.0, 0.25),
    "x = 0; x' = piecewise(1, time > 0.1, 0)*piecewise(1, time < 0.105, 0)": ("x", 2.0, 0.005),
    "x = 0; d = 0.125; x' = piecewise(8, (time >= 21 && time < 21 + d) || (time >= 84 && time < 84 + d), 0)": (
        "x",
        1000.0,
        2.0,
    ),
    "x = 0; x' = exp(-((time - 50.3)/0.01)^2)": ("x", 1000.0, 0.01 * math.sqrt(math.pi)),
    "x = 0; x' = max(0, sin(time) - 0.999)": (
        "x",
        1000.0,
        159 * 2 * (math.sin(math.acos(0.999)) - 0.999 * math.acos(0.999)),
    ),
    "x = 0; x' = sin(3.141592653589793*time/12)^200": ("x", 2400.0, 2400.0 * math.comb(200, 100) / 2.0**200),
    "x = 0; x' = exp(-5e4*(1 - cos(3.141592653589793*time/50)))": (
        "x",
        1000.0,
        10 * 100 * (1 + 1 / 4e5) / math.sqrt(2 * math.pi * 5e4),
    ),
    "x = 0; r := piecewise(1, time - 7*floor(time/7) < 0.01, 0); x' = r": ("x", 700.0, 1.0),
    "x = 0; x' = floor(time/10) + ceil(time/10)": ("x", 100.0, 450.0 + 550.0),
    "x = 0; x' = piecewise(1, abs(time - 33.3) < 0.001, 0)": ("x", 1000.0, 0.002),
    "x = 0; x' = piecewise(1, min(time - 3, 3.002 - time) > 0, 0)": ("x", 500.0, 0.002),
    "x = 0; x' = piecewise(1, exp(-time/100) < 0.5 && exp(-time/100) > 0.4999, 0)": (
        "x",
        500.0,
        100 * math.log(0.5 / 0.4999),
    ),
}


@pytest.mark.parametrize("event", [False, True])
@pytest.mark.parametrize("body", PULSES)
def test_no_pulse_of_the_clock_is_stepped_over(body: str, event: bool) -> None:
    name, until, right = PULSES[body]
    never = "never = 0; E: at (x9 > 1e9): never = 1; x9 = 0; x9' = 0" if event else ""
    found = simulate_model(antimony_to_sbml(f"model m()\n{body}\n{never}\nend"), [0.0, until / 2, until])
    assert found.path == ("compiled ensemble with events" if event else "compiled ensemble")
    assert not found.failures
    assert found.values[0, -1, found.outputs.index(name)] == pytest.approx(right, rel=1e-5)


@pytest.mark.parametrize("width", [1e-2, 1e-3, 1e-5])
@pytest.mark.parametrize("begin", [3.3, 50.0, 77.7, 99.0])
def test_a_pulse_of_any_width_counts(begin: float, width: float) -> None:
    kernel = engine.compile(
        engine.load_antimony("model m()\n x' = piecewise(1/w, time >= a && time < a + w, 0); x = 0; a = 1; w = 1\nend")
    )
    run = engine.simulate(kernel, {"a": begin, "w": width}, times=[100.0])
    assert run.values[0, 0, 0] == pytest.approx(1.0, rel=1e-5)


@pytest.mark.parametrize("moment", ["30", "30.0007"])
def test_triggers_of_the_clock_fire_however_short(moment: str) -> None:
    body = f"x = 0; x' = 0; q = 0; A: at (time >= {moment} && time < {moment} + 0.001): x = x + 1"
    assert simulate_model(antimony_to_sbml(f"model m()\n{body}\nend"), [0.0, 1000.0]).values[0, -1, 0] == 1.0


def test_rows_switch_at_their_own_times_with_the_bits_they_have_alone() -> None:
    kernel = engine.compile(
        engine.load_antimony("model m()\n x' = piecewise(1, time - p*floor(time/p) < d, 0); x = 0; p = 7; d = 1\nend")
    )
    p, d = np.array([7.0, 10.0, 3.0, 50.0, 7.0]), np.array([0.01, 0.5, 0.001, 49.0, 0.0])
    whole = engine.simulate(kernel, {"p": p, "d": d}, times=[50.0, 210.0])
    count = np.array([30, 21, 70, 4, 30])
    np.testing.assert_allclose(whole["x"][:, 1], count * d + np.array([0, 0, 0, 10.0 - 0.0, 0]), rtol=1e-6, atol=1e-9)
    for i in range(len(p)):
        alone = engine.simulate(kernel, {"p": p[i], "d": d[i]}, times=[50.0, 210.0])
        assert alone.values[0].tobytes() == whole.values[i].tobytes()


def test_a_switch_moves_with_a_parameter_that_is_set_on_the_way() -> None:
    kernel = engine.compile(
        engine.load_antimony("model m()\n x' = piecewise(1, time >= a && time < a + 0.01, 0); x = 0; a = 5\nend")
    )
    run = engine.simulate(kernel, times=[20.0, 1000.0], events=engine.setting("a", [10.0], [500.0]))
    np.testing.assert_allclose(run.values[0, :, 0], [0.01, 0.02], rtol=1e-6)


def test_visits_see_the_clock_too() -> None:
    kernel = engine.compile(
        engine.load_antimony("model m()\n x' = piecewise(1, time >= a && time < a + 0.01, 0); x = 0; a = 5\nend")
    )
    run = engine.start(kernel)
    for visit in (200.0, 1000.0):
        run.advance(visit)
        assert run.state[0, 0] == pytest.approx(0.01, rel=1e-6)


def test_switch_times_are_exact() -> None:
    below = ("lt", ("sub", TIME, ("mul", ("sym", "p"), ("floor", ("div", TIME, ("sym", "p"))))), ("sym", "d"))
    found = switch_times([below], {"p": np.array([168.0]), "d": np.array([1.0])}, (0.0, 504.0))
    np.testing.assert_array_equal(found, [[1.0, 168.0, 169.0, 336.0, 337.0]])
    assert switch_times([("lt", TIME, ("num", 1e-6))], {}, (0.0, 1e4)) == pytest.approx(1e-6, rel=1e-15)
    curved = switch_times([("lt", ("exp", ("neg", TIME)), ("num", 0.1))], {}, (0.0, 100.0))
    np.testing.assert_allclose(curved, [[math.log(10.0)]], rtol=1e-14)
