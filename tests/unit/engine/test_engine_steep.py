"""Where a slope is infinite, or no number, although the rate is finite, the state moves as it should.

Right values are closed forms, or quadratures of them: x' = 1 - sqrt(x) from 0 is at x where t = -2 sqrt(x) - 2 ln(1 - sqrt(x)).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from baxis import engine
from baxis.engine.codegen.tableau import METHODS
from baxis.engine.model.system import System
from baxis.engine.reading.antimony import antimony_to_sbml

TIGHT = engine.Options(rtol=1e-8, atol=1e-11, threads=1)
EVENT = "; never = 0; E: at (time > 1e9): never = 1"


def model(body: str, event: bool = False) -> System:
    return engine.load_model(antimony_to_sbml(f"model m()\n{body}{EVENT if event else ''}\nend"))


def end(body: str, name: str, until: float, *, event: bool = False, method: str = "rodas4") -> float:
    run = engine.simulate(
        engine.compile(model(body, event), method=method), times=[until / 2, until], outputs=[name], options=TIGHT
    )
    assert run.ok.all(), run.failures
    return float(run.values[0, -1, 0])


def inverse(time_at: Callable[[float], float], low: float, high: float, when: float) -> float:
    """x with time_at(x) = when, by bisection."""
    for _ in range(200):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if time_at(middle) < when else (low, middle)
    return low


def ode(rate: Callable[[float], float], until: float, scale: float) -> float:
    """x(until) of x' = rate(x) from 0: t = integral of dx/rate(x), with x = u^3 to make the start smooth."""
    from scipy.integrate import quad

    def time_at(x: float) -> float:
        return quad(lambda u: 3 * u * u / rate(u**3), 0.0, x ** (1 / 3), epsabs=1e-13, epsrel=1e-13, limit=400)[0]

    return inverse(time_at, 0.0, scale, until)


ROOT = inverse(lambda x: -2 * math.sqrt(x) - 2 * math.log(1 - math.sqrt(x)), 0.0, 1 - 1e-12, 5.0)
GROWN = inverse(lambda x: 2 * math.sqrt(x) - 2 * math.log(1 + math.sqrt(x)), 0.0, 100.0, 5.0)
TANK = inverse(lambda x: 3 * (-2 * math.sqrt(x) - 4 * math.log(1 - math.sqrt(x) / 2)), 0.0, 4 - 1e-12, 5.0)
POWERS = {
    "x' = 1 - sqrt(x); x = 0": ("x", ROOT),
    "x' = 1 + sqrt(x); x = 0": ("x", GROWN),
    "x' = 1 + sqrt(x); x = 1e-300": ("x", GROWN),
    "x' = 1 + sqrt(x); x = 1e-40": ("x", GROWN),
    "x' = piecewise(0, x <= 0, x^0.5) + 1; x = 0": ("x", GROWN),
    "h' = (2 - sqrt(h))/3; h = 0": ("h", TANK),
    "x' = -1 - sqrt(1 - x); x = 1": ("x", 1.0 - GROWN),
    "x' = 1 - x^0.7; x = 0": ("x", ode(lambda x: 1 - x**0.7, 5.0, 1 - 1e-9)),
    "x' = 1 - x^n/(0.5^n + x^n); x = 0; n = 0.3": ("x", ode(lambda x: 1 - x**0.3 / (0.5**0.3 + x**0.3), 5.0, 5.0)),
    "J: S -> P; k*S/(1 + P^0.8); S = 1; P = 0; k = 1": ("P", ode(lambda p: (1 - p) / (1 + p**0.8), 5.0, 1 - 1e-9)),
    "y' = v^0.2; v' = z; z' = 1; v = 0; y = 0; z = 0": ("y", 5**1.4 * 0.5**0.2 / 1.4),
    "x' = -sqrt(x); x = 1": ("x", 0.0),
    "x' = 1 - x^1.5; x = 0": ("x", ode(lambda x: 1 - x**1.5, 5.0, 1 - 1e-9)),
}
GUARDED = {
    "x' = piecewise(0, y == 0, x/y) + 1; y = 0; y' = 0; x = 0": ("x", 5.0),
    "x' = 1 - 0.5*x^n; x = 0; n = 0": ("x", 2.5),
    "x' = 0.1 + 1/(1 + (K/x)^n) - x; x = 0; K = 0.5; n = 4": (
        "x",
        ode(lambda x: 0.1 + 1 / (1 + (0.5 / x) ** 4 if x else math.inf) - x, 5.0, 0.10082),
    ),
    "x' = max(0, x - 1)^0.5 + 1; x = 0": (
        "x",
        1 + inverse(lambda x: 2 * math.sqrt(x) - 2 * math.log(1 + math.sqrt(x)), 0.0, 100.0, 4.0),
    ),
    "x' = piecewise(0, time < 5, exp(-400*(time - 5))) - x; x = 1": ("x", math.exp(-5)),
    "x' = piecewise(x/y, y > 0, 0) - x; y' = 0; y = 0; x = 1": ("x", math.exp(-5)),
    "x' = piecewise(log(y), y > 0, 0) - x; y' = 0; y = 0; x = 1": ("x", math.exp(-5)),
    "x' = min(1, 1/y) - x; y' = 0; y = 1e-200; x = 0": ("x", 1 - math.exp(-5)),
    "r := piecewise(0, y == 0, x/y); x' = r - x; y' = 0; y = 0; x = 1": ("x", math.exp(-5)),
}
EVENTS = [*list(POWERS)[:1], *list(POWERS)[4:6], *list(POWERS)[8:10], *list(GUARDED)[:4], *list(GUARDED)[-2:]]


@pytest.mark.parametrize(("body", "event"), [*((b, False) for b in POWERS | GUARDED), *((b, True) for b in EVENTS)])
def test_state_moves_past_a_slope_that_is_not_finite(body: str, event: bool) -> None:
    name, right = (POWERS | GUARDED)[body]
    assert end(body, name, 5.0, event=event) == pytest.approx(right, rel=2e-6, abs=1e-9)


@pytest.mark.parametrize("method", [m for m in METHODS if m != "rodas4"])
@pytest.mark.parametrize("body", list(POWERS)[:5])
def test_every_method_leaves_the_start(body: str, method: str) -> None:
    name, right = POWERS[body]
    assert end(body, name, 5.0, method=method) == pytest.approx(right, rel=5e-6)


def test_infusion_into_elimination_by_a_root() -> None:
    """c' = rate - v sqrt(c): nothing until the infusion of 10 over [1, 3], then t = -2 sqrt(c)/v - 2 (r/v^2) ln(1 - v sqrt(c)/r)."""
    kernel = engine.compile(model("c' = rate - v*sqrt(c); c = 0; rate = 0; v = 1"))
    doses = engine.infusion("rate", [1.0], [2.0], [10.0])
    run = engine.simulate(kernel, times=[1.0, 2.0, 3.0], events=doses, options=TIGHT)
    at = [inverse(lambda c: -2 * math.sqrt(c) - 10 * math.log(1 - math.sqrt(c) / 5), 0, 25 - 1e-9, t) for t in (1, 2)]
    np.testing.assert_allclose(run.values[0, :, 0], [0.0, *at], rtol=1e-6)


@pytest.mark.parametrize("k", [1.0, 2.0])
def test_a_state_held_by_an_infinite_slope_is_not_called_at_rest(k: float) -> None:
    kernel = engine.compile(model("x' = k - x^0.5; x = 0; k = 1"))
    rest = engine.rest(kernel, {"k": k}, horizon=1000.0)
    assert rest.ok.all(), rest.sentence(0)
    assert rest.state[0, 0] == pytest.approx(k * k, rel=1e-8)


def test_a_power_just_below_zero_is_read_as_zero_within_the_tolerance() -> None:
    """a decays to nothing beside a stiff exchange; b' = a^1.5 - b has no value where a lies a rounding below 0."""
    kernel = engine.compile(model("a' = -50*a + 1e-3*sin(100*time)*a; b' = a^1.7 - b; a = 1; b = 1"))
    run = engine.simulate(
        kernel,
        initial={"a": np.array([1.0, -1e-7, 0.0])},
        times=[20.0],
        outputs=["b"],
        options=engine.Options(atol=1e-6),
    )
    assert run.ok.all(), run.failures
    assert run.values[1:, 0, 0] == pytest.approx(math.exp(-20), abs=1e-6)


def test_what_lies_clearly_below_zero_still_has_no_value() -> None:
    kernel = engine.compile(model("a' = -a; b' = a^1.7 - b; a = -0.1; b = 1"))
    run = engine.simulate(kernel, times=[1.0])
    assert not run.ok.any()
    assert "not a number" in run.failures[0].reason


def test_company_changes_nothing_where_one_row_is_in_doubt() -> None:
    kernel = engine.compile(model("x' = k - x^n; y' = x - y; x = 0; y = 0; k = 1; n = 0.5"), lanes=4)
    n = np.array([0.5, 2.0, 0.7, 1.0, 3.0, 0.1, 1.0])
    table = {"n": n, "k": np.linspace(0.5, 2.0, 7)}
    whole = engine.simulate(kernel, table, times=[1.0, 4.0], options=TIGHT)
    assert whole.ok.all()
    for i in range(len(n)):
        alone = engine.simulate(kernel, {k: v[i] for k, v in table.items()}, times=[1.0, 4.0], options=TIGHT)
        assert alone.values[0].tobytes() == whole.values[i].tobytes()


@pytest.mark.parametrize("body", ["x' = k - x^0.5; x = 0; k = 1", "J: S -> P; k*S/(1 + P^0.8); S = 1; P = 0; k = 1"])
def test_sensitivity_beside_an_infinite_slope_is_refused_by_name(body: str) -> None:
    kernel = engine.compile(engine.with_sensitivities(model(body), ["k"]))
    failures = engine.simulate(kernel, times=[5.0], options=TIGHT).failures
    assert failures
    assert "wrt k" in failures[0].state


def test_sensitivity_beside_a_guarded_branch_is_right() -> None:
    """x' = k - x whatever stands in the branch that is not taken: d x/d k = 1 - exp(-t)."""
    body = "x' = piecewise(0, y == 0, x/y) + k - x; y = 0; y' = 0; x = 0; k = 1"
    kernel = engine.compile(engine.with_sensitivities(model(body), ["k"]))
    run = engine.simulate(kernel, times=[2.0], options=TIGHT)
    assert run["x wrt k"][0, 0] == pytest.approx(1 - math.exp(-2), rel=1e-7)
