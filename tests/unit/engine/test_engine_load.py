"""Antimony and SBML: what is read, what is refused by name, and that malformed text is an error, never a crash."""

from __future__ import annotations

import libsbml
import numpy as np
import pytest

from baxis import engine
from baxis.core.errors import BaxisError, InvalidValue, UnknownName, Unsupported
from baxis.engine.reading.export import to_sbml
from baxis.engine.reading.sbml import read_equations

TIGHT = engine.Options(rtol=1e-10, atol=1e-12)

REACTIONS = """function mm(s, vmax, km)
  vmax*s/(km + s)
end
model chain()
  compartment c, d; c = 2; d = 0.5
  species S1 in c, S2 in c, S3 in d; substanceOnly species T in c
  const species $B in c; B = 3
  J0: S1 -> 2 S2; c*mm(S1, v, 0.7); J1: S2 -> S3; k2*S2*B; J2: 2 S3 -> T; k3*S3^1.5
  S1 = 2*a; S2 = 0; S3 = 0.3; T = 0; a = 1; v = 1; k2 = 0.2; k3 = k2/3
  half := S1/2; gate := piecewise(1, time > 2, 0.5, half > 0.4, 0) + (half > 0.2)
end"""


def equal_trajectories(a: engine.System, b: engine.System) -> float:
    times = np.linspace(0, 5, 21)
    one, two = (engine.simulate(engine.compile(s), times=times, options=TIGHT) for s in (a, b))
    assert one.outputs == two.outputs
    return float(np.abs(one.values - two.values).max())


def test_reactions_compartments_and_functions() -> None:
    system = engine.load_antimony(REACTIONS)
    assert set(system.states) == {"S1", "S2", "S3", "T"}
    assert system.initial["S1"] == 2.0
    assert {"J0", "J1", "J2", "half", "gate", "k3"} <= set(system.assignments)
    assert "B" in system.parameters
    kernel = engine.compile(system)
    times = [0.0, 0.5, 3.0]
    run = engine.simulate(
        kernel, {"k2": [0.2, 0.6]}, times=times, outputs=[*system.states, "gate", "k3"], options=TIGHT
    )
    plain = engine.reference(system, {"k2": [0.2, 0.6]}, times=times, rtol=1e-10)
    every = [*system.states, *system.assignments]
    plain = plain[:, :, [every.index(n) for n in run.outputs]]
    np.testing.assert_allclose(run.values, plain, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(run["k3"][:, 0], [0.2 / 3, 0.2], rtol=1e-15)
    atoms = 2 * run["S1"] * 2 + run["S2"] * 2 + run["S3"] * 0.5 + 2 * run["T"]
    np.testing.assert_allclose(atoms, np.broadcast_to(atoms[:, :1], atoms.shape), rtol=1e-12)


def test_initial_assignments_follow_parameters() -> None:
    kernel = engine.compile(engine.load_antimony(REACTIONS))
    run = engine.simulate(kernel, {"a": [1.0, 3.0]}, times=[0.0], outputs=["S1", "S3"])
    np.testing.assert_array_equal(run.values[:, 0], [[2.0, 0.3], [6.0, 0.3]])
    given = engine.simulate(kernel, {"a": [1.0, 3.0]}, {"S1": 9.0}, times=[0.0], outputs=["S1"])
    np.testing.assert_array_equal(given.values[:, 0, 0], [9.0, 9.0])


def test_export_and_import_give_the_same_trajectories() -> None:
    system = engine.load_antimony(REACTIONS)
    again = engine.load_sbml(system.to_sbml())
    assert again == system
    assert again.digest == system.digest
    assert equal_trajectories(system, again) <= 1e-8


def test_level_2_text_is_converted() -> None:
    system = engine.load_antimony("model m()\n species x; x -> ; k*x; x = 1; k = 0.5\nend")
    document = libsbml.readSBMLFromString(system.to_sbml())
    assert document.setLevelAndVersion(2, 4, False)
    older = engine.load_sbml(libsbml.writeSBMLToString(document))
    assert equal_trajectories(system, older) < 1e-12


def test_record_round_trip_needs_no_libraries() -> None:
    system = engine.load_antimony(REACTIONS)
    again = engine.System.from_record(system.as_record(), read_equations)
    assert (again.states, again.parameters, again.initial) == (system.states, system.parameters, system.initial)
    assert str(again.rates["S1"]) == str(system.rates["S1"])


def test_sympy_expressions() -> None:
    system = engine.load_antimony("model m()\n x' = -k*x + z; z := x^2; x = 1; k = 2\nend")
    assert str(system.rates["x"]) == "-k*x + z"
    assert str(system.rules["z"]) == "x**2"
    assert not system.uses_time


def test_modules_are_flattened() -> None:
    text = "model cell(k)\n x' = -k*x; x = 1\nend\nmodel two()\n A: cell(ka); B: cell(kb); ka = 1; kb = 2\nend"
    assert engine.load_antimony(text, "two").states == ("A_x", "B_x")
    assert engine.load_antimony(text, "cell").states == ("x",)
    with pytest.raises(UnknownName, match="did you mean 'two'"):
        engine.load_antimony(text, "twoo")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "model m(\n x' = \nend",
        "x' = )",
        "not antimony at all",
        "model m()\n x' = y\n",
        "\x00\x01",
        "model m() x := y; y := x end",
    ],
)
def test_malformed_antimony_is_an_error(text: str) -> None:
    with pytest.raises((BaxisError, ValueError)) as caught:
        engine.compile(engine.load_antimony(text))
    assert "\n" not in str(caught.value)[:40]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("<sbml>", "not well-formed XML"),
        ("<html></html>", "line 1"),
        ("<sbml level='3'", "not well-formed XML"),
        ("no/such/file.xml", "got 'no/such/file.xml'.*a path to an SBML file"),
        ("<?xml version='1.0'?>", "not well-formed XML"),
    ],
)
def test_malformed_sbml_is_an_error(text: str, says: str) -> None:
    with pytest.raises(BaxisError, match=says):
        engine.load_sbml(text)


def test_truncated_sbml_is_an_error_everywhere() -> None:
    text = engine.load_antimony(REACTIONS).to_sbml()
    for cut in range(100, len(text) - 10, 997):
        with pytest.raises(BaxisError, match="not well-formed XML"):
            engine.load_sbml(text[:cut])


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("E1: at (time > 1): x = 2", "event 'E1'"),
        ("p = 1; q := delay(x, 2)", "delay"),
        ("y = 1; q := rateOf(x)", "rateOf"),
        ("p = x", "initial assignment of the parameter 'p'"),
    ],
)
def test_unsupported_elements_are_named(line: str, words: str) -> None:
    with pytest.raises(Unsupported, match=words):
        engine.load_antimony(f"model m()\n x' = -x; x = 1; {line}\nend")


def test_cycle_of_rules_is_named() -> None:
    text = engine.load_antimony("model m()\n x' = z; z := 2*w; w := 3*x; x = 1\nend").to_sbml()
    broken = text.replace("<ci> x </ci>", "<ci> z </ci>")
    with pytest.raises((InvalidValue, BaxisError), match="z"):
        engine.load_sbml(broken)


def test_algebraic_rule_is_refused() -> None:
    text = engine.load_antimony("model m()\n x' = -x; z := 2*x; x = 1\nend").to_sbml()
    text = text.replace('<assignmentRule variable="z">', "<algebraicRule>").replace(
        "</assignmentRule>", "</algebraicRule>"
    )
    with pytest.raises(BaxisError, match="lgebraic"):
        engine.load_sbml(text)


def test_parameter_without_value_is_named_when_needed() -> None:
    kernel = engine.compile(engine.load_antimony("model m()\n x' = -k*x; x = 1\nend"))
    with pytest.raises(InvalidValue, match="give 'k' a value"):
        engine.simulate(kernel, times=[1.0])
    assert engine.simulate(kernel, {"k": 1.0}, times=[1.0]).ok.all()


def test_units_are_checked() -> None:
    head = "unit per_day = 1/(86400 second); unit mg = 1e-3 gram; unit time_unit = 86400 second; "
    good = engine.load_antimony(f"model m()\n {head} x' = -k*x; x = 1; k = 1; x has mg; k has per_day\nend")
    assert engine.check_units(good) == []
    assert good.units == {"x": "mg", "k": "per_day"}
    wrong = engine.load_antimony(f"model m()\n {head} x' = -k*x; x = 1; k = 1; x has mg; k has mg\nend")
    assert any("units" in s for s in engine.check_units(wrong))
    bare = engine.load_antimony(f"model m()\n {head} x' = -k*x; x = 1; k = 1; x has mg\nend")
    assert "'k' has no unit" in engine.check_units(bare)


def test_export_with_a_patients_numbers() -> None:
    system = engine.load_antimony(REACTIONS)
    parameters, initial = {"k2": 0.5, "a": 2.0, "c": 3.0}, {"S1": 1.5, "T": 0.2}
    times = np.linspace(0, 5, 11)
    mine = engine.simulate(engine.compile(system), parameters, initial, times=times, options=TIGHT)
    again = engine.load_sbml(to_sbml(system, parameters, initial))
    theirs = engine.simulate(engine.compile(again), times=times, options=TIGHT)
    np.testing.assert_allclose(theirs.values, mine.values, rtol=1e-10)
    assert again.defaults["k2"] == 0.5
    with pytest.raises(UnknownName, match="unknown parameter"):
        to_sbml(system, {"k9": 1.0})


def test_long_and_deep_formulas() -> None:
    names = [f"x{i}" for i in range(1500)]
    long = "model m()\n s' = " + " + ".join(f"k*{n}" for n in names) + " - s; s = 0; k = 1e-3\n"
    system = engine.load_antimony(long + "\n".join(f"{n} = 1" for n in names) + "\nend")
    run = engine.simulate(engine.compile(system), times=[50.0])
    assert run["s"][0, 0] == pytest.approx(1.5, rel=1e-4)
    deep = "model m()\n s' = " + "sin(" * 3000 + "s" + ")" * 3000 + "; s = 1\nend"
    with pytest.raises(BaxisError, match="brackets too deep"):
        engine.load_antimony(deep)


def test_a_truth_that_only_parameters_decide_may_stand_beside_one_that_moves() -> None:
    system = engine.load_antimony("y' = piecewise(1, (time > 2) && (k < 0.5), 0); y = 0; k = 0.2")
    options = engine.Options(rtol=1e-8, atol=1e-8)
    run = engine.simulate(engine.compile(system), {"k": [0.2, 0.8]}, times=[5.0], outputs=["y"], options=options)
    np.testing.assert_allclose(run["y"][:, 0], [3, 0], atol=1e-6)


def test_inverse_functions_and_factorials_are_vector_code_with_slopes() -> None:
    names = ("arcsin", "arccos", "arctan", "arcsinh", "arctanh", "arcsec")
    text = "; ".join(f"q{k} := {n}({'3*x' if n == 'arcsec' else 'x'})" for k, n in enumerate(names))
    text = f"x' = -0.3*arctan(x) + 0.001*factorial(ceil(3*x)); x = 0.8; f := factorial(ceil(3*x)); {text}"
    system = engine.load_antimony(text)
    outputs = ["x", *(f"q{k}" for k in range(len(names))), "f"]
    run = engine.simulate(
        engine.compile(system), times=[1.0], outputs=outputs, options=engine.Options(rtol=1e-10, atol=1e-12)
    )
    x = run["x"][0, 0]
    expected = [np.arcsin(x), np.arccos(x), np.arctan(x), np.arcsinh(x), np.arctanh(x), np.arccos(1 / (3 * x))]
    np.testing.assert_allclose(run.values[0, 0, 1:-1], expected, rtol=1e-14)
    assert run["f"][0, 0] == 2
    with pytest.raises(Unsupported, match="factorial"):
        engine.compile(engine.load_antimony("x' = -factorial(x); x = 1"))
