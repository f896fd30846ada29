"""Forward sensitivities against finite differences of sixth order, across doses, infusions and set inputs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from baxis import engine
from baxis.core.errors import InvalidValue, UnknownName, Unsupported
from baxis.engine.formula.numeric import evaluate
from baxis.engine.formula.tangent import tangent
from baxis.engine.reading.antimony import antimony_to_sbml

PK = """
model pk()
  drug' = rate - vmax*drug/(km + drug)
  effect' = kin*(1 - drug^h/(ic50^h + drug^h)) - kout*effect
  ratio := effect/e0
  e0 = kin/kout
  drug = 0; effect = e0; rate = 0; vmax = 4; km = 3; ic50 = 3; kin = 0.5; kout = 0.5; h = 1.7
end
"""
TOY = "A -> B; k1*A; B + C -> A + C; k2*B*C; 2 B -> B + C; k3*B*B; k1 = 0.04; k2 = 10; k3 = 30; A = 1; B = 0; C = 0"
TIMES = np.arange(0, 15.0)
TIGHT = engine.Options(rtol=1e-10, atol=1e-12)
EXACT = engine.Options(rtol=1e-12, atol=1e-14)
DOSES = engine.concat(
    engine.bolus("drug", [0, 3.5, 7], [10, 10, 5]),
    engine.infusion("rate", [5.0], [2.0], [4.0]),
    engine.setting("kin", [9.0], [0.8]),
    engine.setting("drug", [12.0], [4.0]),
)


def slope(run: Callable[[float], np.ndarray], value: float, step: float) -> np.ndarray:
    """Central difference of sixth order."""
    h = step * (abs(value) or 1.0)
    terms = [w * (run(value + m * h) - run(value - m * h)) for m, w in ((1, 45.0), (2, -9.0), (3, 1.0))]
    return sum(terms) / (60 * h)


def simulated(system: engine.System, outputs: list[str], events: engine.Events | None) -> Callable[..., np.ndarray]:
    kernel = engine.compile(system, method="rodas5p")

    def run(name: str, value: float) -> np.ndarray:
        p, y = ({name: value}, None) if name in system.parameters else (None, {name: value})
        return engine.simulate(kernel, p, y, times=TIMES, events=events, outputs=outputs, options=EXACT).values

    return run


@pytest.mark.parametrize(
    ("text", "to", "outputs", "events"),
    [
        (PK, ["vmax", "h", "kin", "kout", "drug", "ic50"], ["drug", "effect", "ratio"], DOSES),
        (TOY, ["k1", "k2", "k3", "A"], ["A", "B", "C"], None),
    ],
)
def test_slopes_agree_with_finite_differences(
    text: str, to: list[str], outputs: list[str], events: engine.Events | None
) -> None:
    system = engine.load_antimony(text)
    kernel = engine.compile(engine.with_sensitivities(system, to), method="rodas5p")
    found = engine.sensitivities(kernel, times=TIMES, events=events, outputs=outputs, options=TIGHT)
    assert found.ensemble.ok.all()
    run = simulated(system, outputs, events)
    for q in to:
        value = system.defaults.get(q, system.initial.get(q))
        expected = slope(lambda v, q=q: run(q, v), value, 3e-3)  # type: ignore[misc]
        for k, name in enumerate(outputs):
            np.testing.assert_allclose(found[name, q], expected[:, :, k], atol=1e-6 * max(1, np.abs(expected).max()))


def test_an_ensemble_has_the_slopes_of_each_of_its_rows_and_the_values_of_the_plain_model() -> None:
    system = engine.load_antimony(PK)
    kernel = engine.compile(engine.with_sensitivities(system, ["vmax", "drug"]))
    km = np.linspace(2, 4, 9)
    given = {"parameters": {"km": km}, "times": TIMES, "events": DOSES, "outputs": ["effect"], "options": TIGHT}
    found = engine.sensitivities(kernel, **given)  # type: ignore[arg-type]
    plain = engine.simulate(engine.compile(system), **given)  # type: ignore[arg-type]
    np.testing.assert_allclose(found.values, plain.values, rtol=1e-8)
    alone = engine.sensitivities(kernel, **(given | {"parameters": {"km": km[4:5]}}))  # type: ignore[arg-type]
    assert alone.slopes.tobytes() == found.slopes[4:5].tobytes()
    np.testing.assert_array_equal(found.at, np.tile([4.0, 0.0], (9, 1)))
    np.testing.assert_allclose(
        found.elasticities[..., 0], found["effect", "vmax"][..., None] * 4 / found.values, rtol=1e-12
    )
    assert found.to_xarray()["slopes"].dims == ("patient", "time", "output", "to")


def test_a_first_value_that_is_given_no_longer_follows_the_parameters() -> None:
    system = engine.load_antimony(PK)
    kernel = engine.compile(engine.with_sensitivities(system, ["kin", "effect"]))
    own = engine.sensitivities(kernel, times=[0.0, 1.0])
    given = engine.sensitivities(kernel, initial={"effect": 2.0}, times=[0.0, 1.0])
    by_array = engine.sensitivities(kernel, initial=np.array([0.0, 2.0]), times=[0.0, 1.0])
    assert own["effect", "kin"][0, 0] == 2.0
    assert given["effect", "kin"][0, 0] == by_array["effect", "kin"][0, 0] == 0.0
    assert own["effect", "effect"][0, 0] == given["effect", "effect"][0, 0] == 1.0
    assert (own["drug", "kin"] == 0).all()


def test_what_has_no_slope_here_is_refused_by_name() -> None:
    events = engine.load_model(antimony_to_sbml("S -> ; k*S; k = 1; S = 10; at S < 5: S = 9"))
    with pytest.raises(Unsupported, match="events"):
        engine.with_sensitivities(events, ["k"])
    jump = engine.load_antimony("y' = piecewise(1, time > tau, 0); y = 0; tau = 3; k = 1; z' = -k*z; z = 1")
    with pytest.raises(Unsupported, match=r"tau.*may jump"):
        engine.with_sensitivities(jump, ["tau"])
    engine.with_sensitivities(jump, ["k"])
    bend = engine.load_antimony("y' = piecewise(y - k, y > k, 0); y = 3; k = 1")
    found = engine.sensitivities(engine.compile(engine.with_sensitivities(bend, ["k"], continuous=True)), times=[1.0])
    np.testing.assert_allclose(found["y", "k"], 1 - np.e, rtol=1e-3)
    with pytest.raises(UnknownName, match="did you mean 'tau'"):
        engine.with_sensitivities(jump, ["tua"])
    with pytest.raises(InvalidValue, match="without sensitivities"):
        engine.sensitivities(engine.compile(jump), times=[1.0])
    with pytest.raises(InvalidValue, match="different names"):
        engine.with_sensitivities(jump, ["k", "k"])


X, Y = ("sym", "x"), ("sym", "y")
FUNCTIONS = [
    "exp",
    "ln",
    "abs",
    "sin",
    "cos",
    "tan",
    "sinh",
    "cosh",
    "tanh",
    "neg",
    "floor",
    "arcsin",
    "arccos",
    "arctan",
    "arcsinh",
    "arctanh",
]


@pytest.mark.parametrize(
    "tree",
    [
        *((op, X) for op in FUNCTIONS),
        *((op, X, Y) for op in ("add", "sub", "mul", "div", "power", "min", "max")),
        ("select", ("lt", X, Y), ("mul", X, X), ("power", Y, ("num", 3.0))),
        ("power", ("add", X, Y), ("div", ("num", 1.0), ("num", 2.0))),
    ],
)
def test_tangents_of_every_operation(tree: tuple) -> None:
    at, towards, h = {"x": 0.7, "y": 1.3}, {"x": 0.9, "y": -0.4}, 1e-6
    found = evaluate(tangent(tree, {"x": ("num", 0.9), "y": ("num", -0.4)}), at)
    moved = [evaluate(tree, {n: v + s * h * towards[n] for n, v in at.items()}) for s in (1, -1)]
    np.testing.assert_allclose(found, (moved[0] - moved[1]) / (2 * h), rtol=1e-7, atol=1e-9)


def test_an_operation_without_a_tangent_is_named() -> None:
    with pytest.raises(Unsupported, match="factorial"):
        tangent(("factorial", X), {"x": ("num", 1.0)})
