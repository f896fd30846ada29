"""Absolute tolerances have a scale: molar units, cells of a femtolitre, livers in cubic metres. Right values are closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest

from baxis import engine
from baxis.engine.reading.antimony import antimony_to_sbml
from baxis.engine.tables.user_model import simulate_model

EVENT = "never = 0; E: at (time > 1e9): never = 1"
CONSUMED = """compartment c = {size}; species A in c, B in c, D in c; A = 1; B = 0; D = 0; k = 3; k2 = 0.5
  J: A -> B; c*k*A^2; J2: B -> D; c*k2*B; J3: A + B -> D; c*50*A*B"""


def sbml(body: str, event: bool = False) -> str:
    return antimony_to_sbml(f"model m()\n  {body}\n  {EVENT if event else ''}\nend")


def last(body: str, name: str, until: float, *, event: bool = False, **more: object) -> float:
    found = simulate_model(sbml(body, event), [0.0, until / 2, until], outputs=[name], **more)  # type: ignore[arg-type]
    assert not found.failures, found.failures
    assert found.path == ("compiled ensemble with events" if event else "compiled ensemble")
    return float(found.values[0, -1, 0])


@pytest.mark.parametrize("size", ["1e-3", "1e-6", "1e-9", "1e-12", "1e-15", "1e-18"])
def test_an_event_beside_a_small_compartment_changes_nothing(size: str) -> None:
    times = np.linspace(0.0, 100.0, 51)
    plain = simulate_model(sbml(CONSUMED.format(size=1)), times)
    small = simulate_model(sbml(CONSUMED.format(size=size), event=True), times)
    assert small.path == "compiled ensemble with events"
    np.testing.assert_allclose(small.values, plain.values, rtol=2e-5, atol=1e-9)
    assert small.values[0, -1, 0] == pytest.approx(0.002391, abs=1e-6)
    assert small.values[0, -1, 2] == pytest.approx(0.5116, abs=1e-4)


@pytest.mark.parametrize("atol", [1e-9, 1e-12])
def test_a_tolerance_that_is_given_holds_for_the_concentration(atol: float) -> None:
    options = engine.Options(rtol=1e-6, atol=atol)
    plain = simulate_model(sbml(CONSUMED.format(size=1)), [0.0, 50.0, 100.0], options=options)
    small = simulate_model(sbml(CONSUMED.format(size=1e-12), event=True), [0.0, 50.0, 100.0], options=options)
    np.testing.assert_allclose(small.values, plain.values, rtol=1e-5, atol=1e-9)


def test_consumed_glucose_in_a_cell_of_a_femtolitre_stays_above_zero() -> None:
    """Vmax is 1 a unit of concentration: glucose is gone by 10, and what ATP gave comes back as exp(-t)."""
    cell = """compartment cell = 1e-15; species atp in cell, glc in cell, adp in cell; atp = 3; glc = 5; adp = 0
      Vmax = 1e-15; Kg = 0.1; Ka = 0.2; kb = 1e-15
      hk: atp + glc -> adp; Vmax*(glc/(Kg+glc))*(atp/(Ka+atp)); back: adp -> atp; kb*adp"""
    found = simulate_model(sbml(cell, event=True), np.linspace(0, 20, 5), outputs=["glc", "atp", "adp"])
    glc, atp, adp = found.values[0].T
    assert glc[-1] == pytest.approx(0.0, abs=1e-9)
    assert (glc > -1e-9).all()
    np.testing.assert_allclose(atp + adp, 3.0, rtol=1e-6)


@pytest.mark.parametrize("volume", [1.5e-3, 1e-4, 1e-6, 1e-9])
def test_a_liver_in_cubic_metres_is_as_right_as_one_in_litres(volume: float) -> None:
    """Clearance CL of a dose d from volume V: C = d/V exp(-CL t/V); the dose comes as an event of the model."""
    body = f"compartment liver = {volume}; species C in liver; C = 0; CL = 0.3*{volume}; J: C -> ; CL*C"
    dosed = body + "; E: at (time >= 1): C = C + 2e-3"
    found = simulate_model(sbml(dosed), [0.0, 2.0, 20.0, 40.0], outputs=["C"])
    right = [0.0, *(2e-3 * math.exp(-0.3 * (t - 1)) for t in (2.0, 20.0, 40.0))]
    np.testing.assert_allclose(found.values[0, :, 0], right, rtol=1e-3)


def bound(a: float, b: float, k: float, t: float) -> float:
    """C of A + B -> C from 0."""
    e = math.exp((b - a) * k * t)
    return a * b * (e - 1) / (b * e - a)


@pytest.mark.parametrize("event", [False, True])
@pytest.mark.parametrize("unit", [1.0, 1e-6, 1e-9, 1e-12])
def test_binding_in_molar_units_is_right_at_the_defaults(unit: float, event: bool) -> None:
    body = f"A = {unit}; B = {2 * unit}; C = 0; k = {0.1 / unit}; J: A + B -> C; k*A*B; J2: C -> D; 0; D = 0"
    for name, right in (("C", bound(unit, 2 * unit, 0.1 / unit, 30.0)), ("A", None)):
        right = unit - bound(unit, 2 * unit, 0.1 / unit, 30.0) if right is None else right
        assert last(body, name, 30.0, event=event) == pytest.approx(right, rel=1e-4)


@pytest.mark.parametrize("event", [False, True])
@pytest.mark.parametrize(
    ("body", "name", "right"),
    [
        ("X = 0; -> X; 1e-12; X -> ; 2*X", "X", 0.5e-12 * (1 - math.exp(-10.0))),
        ("S = 1; X = 0; -> X; 1e-12*S; X -> ; 2*X", "X", 0.5e-12 * (1 - math.exp(-10.0))),
        ("S = 1e-10; P = 0; Q = 0; J1: S -> P; S; J2: P -> Q; 0.5*P", "P", 2e-10 * (math.exp(-2.5) - math.exp(-5.0))),
        ("X = 0; x1 = 0; X' = 1e-12 - X; x1' = X - x1", "x1", 1e-12 * (1 - 6 * math.exp(-5.0))),
        ("x = 0; x' = piecewise(1e-12, time >= 2, 0) - x", "x", 1e-12 * (1 - math.exp(-3.0))),
        ("N = 1e9; c = 1e-12; N' = -0.1*N; c' = 1e-21*N - c", "c", None),
        ("V = -65; g = 1e-11; V' = -V; g' = -g^2/1e-11", "g", 1e-11 / 6.0),
    ],
)
def test_small_states_are_right_at_the_defaults(body: str, name: str, right: float | None, event: bool) -> None:
    if right is None:  # c' = 1e-12 exp(-0.1 t) - c from 1e-12
        right = 1e-12 * (math.exp(-0.5) - math.exp(-5.0)) / 0.9 + 1e-12 * math.exp(-5.0)
    assert last(body, name, 5.0, event=event) == pytest.approx(right, rel=1e-4)


def test_a_state_that_starts_at_zero_has_the_size_of_its_dose() -> None:
    doses = [("A", 0.0, 1e-11), ("A", 3.0, 2e-11)]
    right = 1e-11 * math.exp(-5.0) + 2e-11 * math.exp(-2.0)
    for event in (False, True):
        assert last("A = 0; A' = -A", "A", 5.0, event=event, doses=doses) == pytest.approx(right, rel=1e-4)


def test_an_infusion_wakes_a_state_at_its_own_size() -> None:
    kernel = engine.compile(engine.load_antimony("model m()\n  x' = rate - x; y' = x - y; x = 0; y = 0; rate = 0\nend"))
    run = engine.simulate(kernel, times=[5.0], events=engine.infusion("rate", [0.0], [10.0], [1e-10]))
    right = [1e-11 * (1 - math.exp(-5.0)), 1e-11 * (1 - 6 * math.exp(-5.0))]
    np.testing.assert_allclose(run.values[0, 0], right, rtol=1e-3)


def test_visits_and_rest_keep_the_scale() -> None:
    kernel = engine.compile(engine.load_antimony("model m()\n  x' = k - x; x = 0; k = 1e-13\nend"))
    run = engine.start(kernel)
    for visit in (1.0, 2.0, 5.0):
        run.advance(visit)
        assert run.state[0, 0] == pytest.approx(1e-13 * (1 - math.exp(-visit)), rel=1e-3)
    rest = engine.rest(kernel, horizon=100.0)
    assert rest.ok.all()
    assert rest.state[0, 0] == pytest.approx(1e-13, rel=1e-8)


def test_slopes_by_a_molar_parameter_are_right() -> None:
    system = engine.load_antimony("model m()\n  x' = k - x; x = 0; k = 1e-12\nend")
    found = engine.sensitivities(engine.compile(engine.with_sensitivities(system, ["k"])), times=[2.0])
    assert found.slopes[0, 0, 0, 0] == pytest.approx(1 - math.exp(-2.0), rel=1e-3)


def test_each_row_has_its_own_scale_whatever_its_company() -> None:
    kernel = engine.compile(engine.load_antimony("model m()\n  x' = k - x^2/k; y' = x - y; x = 0; y = 0; k = 1\nend"))
    k = np.array([1.0, 1e-12, 0.0, 1e3, 1e-6])
    whole = engine.simulate(kernel, {"k": np.where(k == 0, 1e-9, k)}, times=[1.0, 3.0])
    np.testing.assert_allclose(whole["x"][:, 0], np.where(k == 0, 1e-9, k) * math.tanh(1.0), rtol=1e-3)
    for i, one in enumerate(np.where(k == 0, 1e-9, k)):
        alone = engine.simulate(kernel, {"k": one}, times=[1.0, 3.0])
        assert alone.values[0].tobytes() == whole.values[i].tobytes()


def test_a_given_tolerance_above_a_state_is_told() -> None:
    body = "x = 1; y = 2e-9; x' = -x; y' = -0.1*y"
    told = simulate_model(sbml(body), [0.0, 1.0], options=engine.Options(rtol=1e-6, atol=1e-9)).notes
    assert len(told) == 1
    assert "y at most 2e-09" in told[0]
    assert "1e-09" in told[0]
    assert not simulate_model(sbml(body), [0.0, 1.0]).notes
    assert not simulate_model(sbml(body), [0.0, 1.0], options=engine.Options(rtol=1e-6, atol=1e-15)).notes
