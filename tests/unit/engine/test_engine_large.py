"""Large networks: loops over tables give what straight-line code gives, and what plain integrators give."""

from __future__ import annotations

import itertools
import sys
import time
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest

from baxis import engine
from baxis.engine.codegen import model_code
from baxis.engine.codegen.loop_code import PANEL, pattern_of
from baxis.engine.codegen.program import build_program
from baxis.engine.codegen.tableau import METHODS
from baxis.engine.formula.elimination import eliminate
from baxis.engine.kernel import kernel as kernels
from baxis.engine.reading.antimony import antimony_to_sbml

sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))
from rule_network import sbml_of_receptor

EVERY = """model m()
  a' = k1*exp(-b) - a*piecewise(k2, a > 1 && k3 > 2, k2*2, time > 2 || !(b < 0.1), 0.3) + 0.1*sqrt(a + 1)
  b' = a^1.3 - min(b, 2)*k1 + tanh(a - b) - log(1 + c)
  c' = max(a, 0.5*b) - abs(c)*k3/2 + floor(time)*0.01 + piecewise(1, k1 >= 0.5, 0)
  d' = total - d*(1/(c^2 + k2^2))
  total := a + b + c
  ready := piecewise(1, a > b, 0)
  a = 0.5; b = 0.2; c = 1; d = 0; k1 = 0.7; k2 = 0.4; k3 = 3
end"""


def fresh(system: engine.System, lanes: int = 2) -> engine.Kernel:
    """A kernel compiled now, past every cache."""
    return kernels._compiled(system, lanes, METHODS["rodas4"], f"test {time.perf_counter()}")


def ring(size: int) -> str:
    """Antimony text of states that all drive one another: factors fill up completely."""
    rng = np.random.default_rng(size)
    lines = []
    for i in range(size):
        others = rng.choice(size, 4, replace=False)
        lines.append(f"s{i}' = {' + '.join(f'{rng.uniform(0.1, 1):.3f}*s{j}' for j in others)} - 3*s{i}^2 + 0.01")
    return "model ring()\n" + "\n".join([*lines, *(f"s{i} = {0.1 + i % 5}" for i in range(size))]) + "\nend"


@pytest.mark.parametrize(("operations", "multiplications"), [(0, 10**9), (10**9, 0), (0, 0)])
def test_tables_give_what_straight_line_code_gives(monkeypatch, operations, multiplications):
    system = engine.load_antimony(EVERY)
    ask = {"times": np.linspace(0, 5, 11), "outputs": [*system.states, *system.assignments]}
    values, options = {"k1": [0.4, 0.6, 0.7]}, engine.Options(rtol=1e-8, atol=1e-10)
    plain = engine.simulate(fresh(system), values, **ask, options=options)
    monkeypatch.setattr(model_code, "MOST_OPERATIONS", operations)
    monkeypatch.setattr(model_code, "MOST_MULTIPLICATIONS", multiplications)
    kernel = fresh(system)
    assert (kernel.shape.tabled, kernel.shape.looped) == (operations == 0, multiplications == 0)
    found = engine.simulate(kernel, values, **ask, options=options)
    assert found.ok.all()
    np.testing.assert_allclose(found.values, plain.values, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("size", [5, 17, 40, 53])
def test_the_dense_block_gives_what_straight_line_code_gives(monkeypatch, size):
    system = engine.load_antimony(ring(size))
    options = engine.Options(rtol=1e-7, atol=1e-9)
    plain = engine.simulate(fresh(system), times=[1.0, 4.0], options=options)
    monkeypatch.setattr(model_code, "MOST_MULTIPLICATIONS", 0)
    found = engine.simulate(fresh(system), times=[1.0, 4.0], options=options)
    assert (found.steps == plain.steps).all()
    np.testing.assert_allclose(found.values, plain.values, rtol=1e-11)


def test_the_dense_block_is_where_fill_is():
    full = pattern_of(eliminate(50, itertools.product(range(50), range(50))))
    assert full.side == 3 * PANEL
    band = pattern_of(eliminate(50, [(i, i + 1) for i in range(49)]))
    assert (band.side, len(band.columns)) == (0, 99)


def test_a_lost_pivot_spoils_the_lane(monkeypatch):
    """1/0 in the factors of a model whose rate of change is not a number must fail the row, not the batch."""
    monkeypatch.setattr(model_code, "MOST_MULTIPLICATIONS", 0)
    system = engine.load_antimony("x' = log(k)*x; y' = x - y; x = 1; y = 0; k = 2")
    found = engine.simulate(fresh(system), {"k": [2.0, -1.0]}, times=[1.0])
    assert found.ok.tolist() == [True, False]


def test_a_rule_based_network_against_a_plain_integrator():
    text = sbml_of_receptor(7)
    system = engine.load_sbml(text)
    assert (len(system.states), len(system.assignments)) == (132, 1797)
    kernel = engine.compile(system)
    assert kernel.shape.looped
    times = np.array([0.5, 5.0, 20.0])
    found = engine.simulate(kernel, times=times, options=engine.Options(rtol=1e-8, atol=1e-11))
    roadrunner = pytest.importorskip("roadrunner")
    other = roadrunner.RoadRunner(text)
    other.integrator.relative_tolerance, other.integrator.absolute_tolerance = 1e-10, 1e-13
    other.timeCourseSelections = [f"[{n}]" for n in system.states]
    expected = np.asarray(other.simulate(times=[0.0, *times]))[1:]
    np.testing.assert_allclose(found.values[0], expected, rtol=1e-5, atol=1e-9)


def test_events_of_a_tabled_model(monkeypatch):
    text = antimony_to_sbml("S -> P; k*S; k = 0.5; S = 10; P = 0; at (S < 4) && (k > 0.1): S = 8")
    plain = engine.simulate_model(text, np.linspace(0, 5, 6))
    monkeypatch.setattr(model_code, "MOST_OPERATIONS", 0)
    monkeypatch.setattr(kernels, "_MEMORY", OrderedDict())
    monkeypatch.setattr(kernels, "_from_disk", lambda *_: None)
    found = engine.simulate_model(text, np.linspace(0, 5, 6))
    assert found.code.startswith("loops over tables")
    np.testing.assert_allclose(found.values, plain.values, rtol=1e-6)


def test_the_network_compiles_in_bounded_time_and_tells_how(tmp_path, monkeypatch):
    monkeypatch.setenv("BAXIS_CACHE", str(tmp_path))
    found = engine.simulate_model(sbml_of_receptor(8), [1.0, 2.0], outputs=["touched"])
    assert found.code == "loops over tables"
    assert found.cost["compile s"] < 60
    assert {"load s", "compile s", "simulate s"} <= set(found.cost)
    assert 0 < found.values[0, 0, 0] < found.values[0, 1, 0] <= 1


def test_lanes_change_no_bit_of_a_large_network(monkeypatch):
    monkeypatch.setattr(model_code, "MOST_OPERATIONS", 0)
    system = engine.load_sbml(sbml_of_receptor(6))
    program = build_program(system)
    assert program.elimination.multiplications < model_code.MOST_MULTIPLICATIONS
    values = {"k_on": np.linspace(0.2, 0.6, 9)}
    runs = [engine.simulate(fresh(system, lanes), values, times=[3.0, 9.0]).values for lanes in (1, 4)]
    np.testing.assert_array_equal(*runs)
