"""What PEtab conditions, periods and steady states do to a model: values against closed forms."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("petab")
from baxis.core.errors import BaxisError, InvalidValue, Unsupported
from baxis.engine.petab.problem import simulate_petab

Write = Callable[..., Path]
DUMMY = "parameterId lowerBound upperBound nominalValue estimate\nzzz 0 10 1 true"


def second(
    write: Write, model: str, see: dict[str, str], times: list[float], conditions: str = "", periods: str = ""
) -> np.ndarray:
    """Simulated values (times, observables) of one experiment of version 2. see: observable -> formula."""
    see = {f"seen_{o}": f for o, f in see.items()}
    measured = [f"{o} {'e' if periods else '_'} {t} 1" for t in times for o in see]
    tables = {
        "parameter": DUMMY,
        "observable": "observableId observableFormula noiseFormula\n"
        + "\n".join(f"{o} {f.replace(' ', '')} zzz" for o, f in see.items()),
        "measurement": "observableId experimentId time measurement\n" + "\n".join(measured),
    }
    if conditions:
        tables["condition"] = "conditionId targetId targetValue\n" + conditions
    if periods:
        tables["experiment"] = "experimentId time conditionId\n" + periods
    found = simulate_petab(write(model, tables))
    assert found.simulations.time.tolist() == [t for t in times for _ in see]
    return found.simulations.simulation.to_numpy().reshape(len(times), len(see))


LN10 = math.log(10)
MATH = {
    "log(p)": LN10, "ln(p)": LN10, "log(p,10)": 1, "log10(p)": 1, "log2(p)": math.log2(10), "sqrt(p)": math.sqrt(10),
    "pow(p,0.5)": math.sqrt(10), "p^-1": 0.1, "2^3^2": 512, "-p^2": -100, "exp(-p/10)": math.exp(-1), "abs(-p)": 10,
    "sign(-p)": -1, "sign(p-10)": 0, "min(p,3)": 3, "max(p,30)": 30, "p>3&&p<5": 0, "p>3&&p<15": 1, "p>3||p<5": 1,
    "!(p>3)": 0, "p==10": 1, "p!=10": 0, "p>=10": 1, "p<=9": 0, "true": 1, "false": 0, "3+(p>3)": 4,
    "piecewise(1,p>20,2,p>5,3)": 2, "piecewise(1,p-10,2)": 2, "piecewise(1,p,2)": 1, "!(p-10)": 1, "p&&0": 0,
    "sin(p)": math.sin(10), "cos(p)": math.cos(10), "tan(p)": math.tan(10), "cot(p)": 1 / math.tan(10),
    "sec(p)": 1 / math.cos(10), "csc(p)": 1 / math.sin(10), "arcsin(1/p)": math.asin(0.1), "arccos(1/p)": math.acos(0.1),
    "arctan(p)": math.atan(10), "arccot(p)": math.atan(0.1), "arcsec(p)": math.acos(0.1), "arccsc(p)": math.asin(0.1),
    "sinh(1/p)": math.sinh(0.1), "cosh(1/p)": math.cosh(0.1), "tanh(1/p)": math.tanh(0.1), "coth(p)": 1 / math.tanh(10),
    "sech(p)": 1 / math.cosh(10), "csch(p)": 1 / math.sinh(10), "arcsinh(p)": math.asinh(10),
    "arccosh(p)": math.acosh(10), "arctanh(1/p)": math.atanh(0.1), "arccoth(p)": math.atanh(0.1),
    "arcsech(1/p)": math.acosh(10), "arccsch(p)": math.asinh(0.1), "true||false&&false": 0,
}  # fmt: skip


def test_every_function_of_petab_means_the_same_in_a_condition_and_in_an_observable(problem_of: Write) -> None:
    """Fifty-odd formulas, each as the target of a condition in a later period, and as an observable."""
    names = [f"x{k}" for k in range(len(MATH))]
    model = "p = 10; k = 1; t' = 0; t = 0; " + "; ".join(f"{n} = -7" for n in names)
    see = {f"o_{n}": n for n in names} | {f"f_{n}": f for n, f in zip(names, MATH, strict=True)}
    conditions = "\n".join(f"c {n} {f}" for n, f in zip(names, MATH, strict=True))
    found = second(problem_of, model, see, [2], conditions, "e 0 _\ne 1 c")[0]
    expected = np.array(list(MATH.values()), float)
    assert found[: len(names)] == pytest.approx(expected, rel=1e-12, abs=1e-15)
    assert found[len(names) :] == pytest.approx(expected, rel=1e-12, abs=1e-15)


AB = "A -> B; k1*A; B -> A; k2*B; A=1; B=0; k1=0.8; k2=0.6"


@pytest.mark.parametrize("periods", ["e -inf c\ne 0 _", "e -inf c"])
def test_what_the_equilibration_sets_is_kept_after_it(problem_of: Write, periods: str) -> None:
    found = second(problem_of, AB, {"a": "A", "rate": "k1"}, [0, 1, 10], "c k1 0.3", periods)
    assert found == pytest.approx(np.array([[2 / 3, 0.3]] * 3), rel=1e-6)


def test_a_period_after_the_equilibration_changes_only_what_it_names(problem_of: Write) -> None:
    found = second(problem_of, AB, {"a": "A"}, [1], "c k1 0.3\nd k2 0.9", "e -inf c\ne 0 d")
    assert found[0, 0] == pytest.approx(0.75 + (2 / 3 - 0.75) * math.exp(-1.2), rel=1e-6)  # k1 0.3, k2 0.9


def test_what_an_event_set_while_it_equilibrated_is_kept(problem_of: Write) -> None:
    found = second(
        problem_of, "x' = k - x; x = 0; k = 2; at time >= 5: k = 4", {"x": "x"}, [3, 9], "", "e -inf _\ne 0 _"
    )
    assert found[:, 0] == pytest.approx([4, 4], rel=1e-6)


def test_an_event_at_a_far_time_belongs_to_the_steady_state(problem_of: Write) -> None:
    found = second(problem_of, "x' = k - x; x = 0; k = 2; at time >= 5000: k = 4", {"x": "x"}, [math.inf])
    assert found[0, 0] == pytest.approx(4, rel=1e-6)


def test_events_do_not_fire_again_after_the_equilibration(problem_of: Write) -> None:
    model = "x' = 1 - x; x = 0; n = 0; at x >= 0.5, t0=false: n = n + 1"
    found = second(problem_of, model, {"n": "n"}, [0, 5], "", "e -inf _\ne 0 _")
    assert found[:, 0].tolist() == [1, 1]


def test_a_compartment_set_by_a_condition_keeps_concentrations_and_amounts_as_their_symbols_mean(
    problem_of: Write,
) -> None:
    model = """compartment c = 2; species A in c = 3; species B in c = 1; substanceOnly species n in c = 6
    k = 0; J: A -> B; c*k*A"""
    see = {"a": "A", "b": "B", "n": "n", "c": "c"}
    found = second(problem_of, model, see, [1, 2], "d c 4\nd A 5", "e 0 _\ne 2 d")
    assert found == pytest.approx(np.array([[3, 1, 6, 2], [5, 1, 6, 4]]))
    after = second(problem_of, model, see, [0], "d c 4\nd A 5", "e -inf _\ne 0 d")
    assert after[0] == pytest.approx([5, 1, 6, 4])


def test_values_of_a_later_period_come_from_the_moment_before_it(problem_of: Write) -> None:
    found = second(
        problem_of, "x' = 1; x = 0; y = 7; z = 2", {"x": "x", "y": "y"}, [3, 4], "c x y\nc y x+time", "e 0 _\ne 3 c"
    )
    assert found == pytest.approx(np.array([[7, 6], [8, 6]]))


def test_an_event_of_the_model_at_the_start_of_a_period_comes_after_the_condition(problem_of: Write) -> None:
    found = second(problem_of, "x' = 0; x = 1; at time >= 3: x = 10*x", {"x": "x"}, [2, 3], "c x 5", "e 0 _\ne 3 c")
    assert found[:, 0].tolist() == [1, 50]


def test_a_species_without_a_value_does_not_stop_the_others(problem_of: Write) -> None:
    model = "H -> P; k*H; k = 1; H = 1"
    assert second(problem_of, model, {"h": "H"}, [1])[0, 0] == pytest.approx(math.exp(-1), rel=1e-7)
    with pytest.raises(InvalidValue, match=r"observable 'seen_p' at time 1.*no first value to 'P'"):
        second(problem_of, model, {"p": "P"}, [1])


@pytest.mark.parametrize(
    ("model", "right"),
    [
        ("compartment c = 1e-15; species x in c = 0; k = 1e-4; J: -> x; c*k*(2 - x)", 2),
        ("x' = 1e-4*(2e-13 - x); x = 0", 2e-13),
        ("x' = 1e-9*(5e-20 - x); x = 0", 5e-20),
        ("x' = 1e3*(3 - x); x = 7", 3),
        ("x' = -x; x = 1e6; y' = x - y; y = 0", 0),
    ],
)
def test_a_steady_state_is_one_on_the_scale_of_each_variable(problem_of: Write, model: str, right: float) -> None:
    at_rest = second(problem_of, model, {"x": "x"}, [0], "", "e -inf _\ne 0 _")
    at_end = second(problem_of, model, {"x": "x"}, [math.inf])
    assert [at_rest[0, 0], at_end[0, 0]] == pytest.approx([right, right], rel=1e-5, abs=1e-6 if right == 0 else 0)


@pytest.mark.parametrize(
    "model", ["x' = 1; x = 0", "x' = cos(time*6.283185307179586/10); x = 0", "x' = y; y' = -x; x = 1; y = 0"]
)
def test_a_model_without_a_steady_state_is_told(problem_of: Write, model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("baxis.engine.petab.running.REST_STEPS", 3000)
    with pytest.raises(Unsupported, match="steady state that the model does not reach"):
        second(problem_of, model, {"x": "x"}, [math.inf])


def test_small_values_are_as_exact_as_large_ones(problem_of: Write) -> None:
    found = second(problem_of, "x' = -x; x = 3e-16; y' = x - 0.1*y; y = 0", {"x": "x", "y": "y"}, [2])
    right = [3e-16 * math.exp(-2), 3e-16 / 0.9 * (math.exp(-0.2) - math.exp(-2))]
    assert found[0] == pytest.approx(right, rel=1e-6)


def test_time_switches_and_pulses_through_a_problem(problem_of: Write) -> None:
    model = "x' = piecewise(0, time < 30, 100) - 10*x; x = 0; y' = piecewise(1, time >= 21 && time <= 21.25, 0); y = 0"
    found = second(problem_of, model, {"x": "x", "y": "y"}, [65, 100])
    assert found == pytest.approx(np.array([[10, 0.25], [10, 0.25]]), rel=1e-6)


def test_an_output_at_the_moment_of_a_delayed_event_reads_after_it(problem_of: Write) -> None:
    model = "x' = -0.1*x; x = 0; at 1 after time >= 7: x = x + 100; n' = 1; n = 0; y = 0; at 0.2 after n >= 0.1: y = 5"
    found = second(problem_of, model, {"x": "x", "y": "y"}, [0.3, 8, 9])
    assert found == pytest.approx(np.array([[0, 5], [100, 5], [100 * math.exp(-0.1), 5]]), rel=1e-6)


def test_notes_after_an_annotation_of_the_model_do_no_harm(problem_of: Write) -> None:
    tables = {
        "parameter": DUMMY,
        "observable": "observableId observableFormula noiseFormula\no x zzz",
        "measurement": "observableId experimentId time measurement\no _ 1 1",
    }
    file = problem_of("x' = -x; x = 1", tables)
    model = next(p for p in file.parent.iterdir() if "<sbml" in p.read_text())
    text = model.read_text()
    about = '<annotation><x xmlns="http://example.org"/></annotation><notes><p xmlns="http://www.w3.org/1999/xhtml"/></notes>'
    model.write_text(text.replace("<listOfParameters>", f"{about}<listOfParameters>", 1))
    assert "<annotation>" in model.read_text()
    assert simulate_petab(file).simulations.simulation.to_numpy() == pytest.approx([math.exp(-1)], rel=1e-7)


def test_measurements_of_several_models_and_of_none_named(problem_of: Write, tmp_path: Path) -> None:
    from baxis.engine.reading.antimony import antimony_to_sbml

    (tmp_path / "other.xml").write_text(antimony_to_sbml("x' = -2*x; x = 1"), encoding="utf-8")
    tables = {
        "parameter": DUMMY,
        "observable": "observableId observableFormula noiseFormula\no x zzz",
        "measurement": "observableId experimentId time measurement modelId\no _ 1 1 m\no _ 1 1 q",
    }
    file = problem_of("x' = -x; x = 1", tables)
    text = file.read_text().replace(
        "language: sbml", "language: sbml\n  q:\n    location: other.xml\n    language: sbml"
    )
    file.write_text(text)
    found = simulate_petab(file).simulations
    assert found.simulation.to_numpy() == pytest.approx([math.exp(-1), math.exp(-2)], rel=1e-7)
    assert found.modelId.tolist() == ["m", "q"]
    (tmp_path / "measurement.tsv").write_text("observableId\texperimentId\ttime\tmeasurement\no\t\t1\t1\n")
    with pytest.raises(InvalidValue, match=r"row 2, column 'modelId'.*one of m, q"):
        simulate_petab(file)


def first(write: Write, model: str, tables: dict[str, str]) -> np.ndarray:
    """Simulated values of a problem of version 1."""
    parameter = "parameterId parameterScale lowerBound upperBound nominalValue estimate\nsc lin 0 10 2 1"
    observable = "observableId observableFormula noiseFormula\no sc*x 1"
    return simulate_petab(
        write(model, {"parameter": parameter, "observable": observable, **tables}, 1)
    ).simulations.simulation.to_numpy()


DECAY = "x' = k1 - k2*x; x = 0; k1 = 0.1; k2 = 1; w = 3; k3 := 2*w"


def test_version_1_takes_names_of_the_model_in_a_condition(problem_of: Write) -> None:
    condition = "conditionId k1\nc1 k2\nc2 w\nc3 k3\nc4 sc\nc5 _\nc6 nan"
    measurement = "observableId simulationConditionId time measurement\n" + "\n".join(
        f"o c{k} inf 1" for k in range(1, 7)
    )
    found = first(problem_of, DECAY, {"condition": condition, "measurement": measurement})
    assert found == pytest.approx([2, 6, 12, 4, 0.2, 0.2], rel=1e-6)
    wrong = {
        "condition": "conditionId k1\nc1 K2",
        "measurement": "observableId simulationConditionId time measurement\no c1 1 1",
    }
    with pytest.raises(BaxisError, match=r"condition.tsv, row 2, column 'k1'.*'K2'; did you mean 'k2'"):
        first(problem_of, DECAY, wrong)


def test_version_1_with_and_without_equilibration_in_one_condition(problem_of: Write) -> None:
    """A parameter left empty has the model's value again after the equilibration, a state keeps what it has."""
    condition = "conditionId k1 x\npre 5 1\nc _ _\nd 7 _"
    measurement = """observableId simulationConditionId preequilibrationConditionId time measurement datasetId
    o c _ 0 1 a
    o c pre 0 1 _
    o c pre 50 1 _
    o d pre 50 1 _
    o c _ 50 1 b"""
    found = first(problem_of, DECAY, {"condition": condition, "measurement": measurement})
    assert found == pytest.approx([0, 10, 0.2, 14, 0.2], rel=1e-6)


def test_noise_may_use_states_of_the_model(problem_of: Write) -> None:
    tables = {
        "parameter": DUMMY,
        "observable": "observableId observableFormula noiseFormula\no x 0.1*y+o*zzz",
        "measurement": "observableId experimentId time measurement\no _ 2 5",
    }
    found = simulate_petab(problem_of("x' = 1; x = 1; y' = 2; y = 0", tables))
    noise = 0.1 * 4 + 3
    assert found.compared.noise[0] == pytest.approx(noise)
    assert found.chi2 == pytest.approx((2 / noise) ** 2)
    assert found.llh == pytest.approx(-0.5 * math.log(2 * math.pi * noise**2) - 0.5 * (2 / noise) ** 2)


@pytest.mark.parametrize("scale", ["lin", "log", "log10"])
@pytest.mark.parametrize("law", ["normal", "laplace"])
def test_version_1_noise_on_each_scale(problem_of: Write, scale: str, law: str) -> None:
    tables = {
        "observable": f"observableId observableFormula noiseFormula observableTransformation noiseDistribution\no sc*x 0.3 {scale} {law}",
        "condition": "conditionId\nc1",
        "measurement": "observableId simulationConditionId time measurement\no c1 2 1.5",
        "parameter": "parameterId parameterScale lowerBound upperBound nominalValue estimate\nsc lin 0 10 2 1",
    }
    found = simulate_petab(problem_of("x' = 1; x = 1", tables, 1))
    change = {"lin": lambda v: v, "log": math.log, "log10": math.log10}[scale]
    slope = {"lin": 1, "log": 1.5, "log10": 1.5 * LN10}[scale]
    r = (change(1.5) - change(6)) / 0.3
    density = math.exp(-abs(r)) / 0.6 if law == "laplace" else math.exp(-r * r / 2) / (0.3 * math.sqrt(2 * math.pi))
    assert found.chi2 == pytest.approx(r * r, rel=1e-9)
    assert found.llh == pytest.approx(math.log(density / slope), rel=1e-9)


@pytest.mark.parametrize("law", ["log-normal", "log-laplace"])
def test_a_simulated_value_that_has_no_logarithm_has_no_likelihood(problem_of: Write, law: str) -> None:
    tables = {
        "parameter": DUMMY,
        "observable": f"observableId observableFormula noiseFormula noiseDistribution\no x zzz {law}\nn -y zzz {law}",
        "measurement": "observableId experimentId time measurement\no _ 0 0.1\no _ 1 1\nn _ 1 2",
    }
    found = simulate_petab(problem_of("x' = 1; x = 0; y = 3", tables))
    assert (found.llh, found.chi2) == (-math.inf, math.inf)
    assert [n.split(":")[0] for n in found.notes] == [
        "measurement.tsv, row 2, observable 'o' at time 0", "measurement.tsv, row 4, observable 'n' at time 1"
    ]  # fmt: skip
    assert found.simulations.simulation.tolist() == pytest.approx([0, 1, -3])


def test_rows_come_in_the_order_of_the_table_with_the_columns_of_petab(problem_of: Write) -> None:
    from petab.v2 import Problem
    from petab.v2.calculate import calculate_chi2, calculate_llh

    tables = {
        "parameter": DUMMY,
        "observable": "observableId observableFormula noiseFormula observablePlaceholders noisePlaceholders\no s*x+d sd s;d sd",
        "condition": "conditionId targetId targetValue\nc k 2\nd k 3",
        "experiment": "experimentId time conditionId\ne1 0 c\ne2 0 d",
        "measurement": """observableId experimentId time measurement observableParameters noiseParameters
        o e2 2 1 2;zzz 0.5
        o e1 1 1 3;0 zzz
        o e2 1 1 2;zzz 0.5""",
    }
    file = problem_of("x' = k; x = 0; k = 1", tables)
    found, problem = simulate_petab(file), Problem.from_yaml(file)
    assert found.simulations.simulation.to_numpy() == pytest.approx([13, 6, 7])
    lacking = {"modelId", "observableParameters", "noiseParameters", "experimentId"} - {*found.simulations.columns}
    assert not lacking
    asked = problem.measurement_df, found.simulations, problem.observable_df, problem.parameter_df
    assert (found.chi2, found.llh) == pytest.approx((calculate_chi2(*asked), calculate_llh(*asked)))


def test_a_target_that_a_formula_gives_and_one_that_is_unknown_are_told(problem_of: Write) -> None:
    with pytest.raises(BaxisError, match="'r'"):
        second(problem_of, "x' = 1; x = 0; r := 2*x", {"x": "x"}, [1], "c r 3", "e 0 c")
    with pytest.raises(BaxisError, match="'raet'"):
        second(problem_of, "x' = 1; x = 0; rate = 2", {"x": "x"}, [1], "c raet 3", "e 0 c")


SLOW = "species R in c = 0; J: -> R; c*1e-4*(r - d*R); r = 2*u; d = 0.8"  # to r/d, as exp(-1e-4*d*t)
VANISHING = {  # model, u, first value of what vanishes, where x rests
    "saturable": (
        """compartment c = 5; compartment v = 0.001; species S in v = 7.84e-7; species P in v = 0; P ->; v*0.0664*P
        S -> P; v*5.31e-7*S/(2.31e-7 + S); x' = exp(-1.64) - 0.4*x; x = 0""", 1e-6, 7.84e-7, math.exp(-1.64) / 0.4,
    ),
    "amount": (
        """compartment c = 1e-12; compartment v = 2.5e-6; substanceOnly species S in v = 3e-6; S ->; v*0.2*S/v
        x' = x^2/(1 + x)*0.5 + 1 - 2*x; x = 3""", 1e-12, 3e-6, (math.sqrt(7) - 1) / 3,
    ),
    "concentration": (
        "compartment c = 1e-9; compartment v = 2; species S in v = 11; S ->; v*0.2*S; x = 3", 1e-15, 11, 3,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", VANISHING)
def test_a_slow_rest_beside_what_has_vanished_is_found(problem_of: Write, name: str) -> None:
    """Rest, then what a changed source does from there, and a steady state after that, at time infinity."""
    model, unit, first, rest = VANISHING[name]
    model, times = f"{model}; {SLOW}; u = {unit!r}", [0, 5, 5000, math.inf]
    see = {"r": "R", "s": "S", "x": "x"}
    found = second(problem_of, model, see, times, f"k r {6 * unit!r}", "e -inf _\ne 0 k")
    assert found[:, 0] == pytest.approx([(7.5 - 5 * math.exp(-0.8e-4 * t)) * unit for t in times], rel=1e-6, abs=0)
    assert np.abs(found[:, 1]).max() < 1e-9 * first
    assert found[:, 2] == pytest.approx(rest, rel=1e-6)
