"""Doses as amounts and first values that follow what is set: the same on every path."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from baxis import engine
from baxis.core.errors import InvalidValue, UnknownName
from baxis.engine.reading.antimony import antimony_to_sbml
from baxis.engine.reading.export import to_sbml
from baxis.engine.tables.user_model import simulate_model

# what sends a model to each path, changing nothing
PATHS = {
    "compiled ensemble": "",
    "compiled ensemble with events": "; never = 0; at time > 1e9: never = 1",
    "single trajectory": "; never = 0; at time > 1e9: never = 1; late := delay(never, 1); slow' = late; slow = 0",
}
PATH = pytest.mark.parametrize("path", PATHS)
HOME = "compartment V = 5; species C in V; C = 0; CL = 0.5; C -> ; CL*C"


def values(text: str, path: str, times: Any, output: str, **asked: Any) -> np.ndarray:
    """(n, T) of one output, by the path that is asked for."""
    found = simulate_model(antimony_to_sbml(text + PATHS[path]), times, outputs=[output], **asked)
    assert (found.path, found.failures) == (path, {})
    return found.values[:, :, 0]


@PATH
def test_an_amount_into_a_concentration_is_divided_by_the_size(path: str) -> None:
    """C = amount / V exp(-CL / V t), for the size of the file and for sizes that are set."""
    sizes, t = np.array([5.0, 10.0, 2.0]), np.array([0.0, 1.0, 5.0])
    got = values(HOME, path, t, "C", values={"V": sizes}, doses=[("C", 0.0, 100.0)])
    assert got == pytest.approx(100 / sizes[:, None] * np.exp(-0.5 / sizes[:, None] * t), rel=1e-5)
    assert values(HOME, path, t, "C", doses=[("C", 0.0, 100.0)])[0, 0] == pytest.approx(20.0, rel=1e-12)


@PATH
def test_an_amount_into_an_amount_or_a_number_is_added_as_it_is(path: str) -> None:
    kept = HOME.replace("species C in V", "substanceOnly species C in V")
    assert values(kept, path, [0.0, 1.0], "C", doses=[("C", 0.0, 100.0)])[0, 0] == 100.0
    assert values("x' = 0; x = 3", path, [0.0, 1.0], "x", doses=[("x", 1.0, 4.0)]).tolist() == [[3.0, 7.0]]


@PATH
def test_a_size_that_is_computed_counts_too(path: str) -> None:
    """V = 0.05 w: 100 into V of 5 at w = 100, of 2.5 at w = 50; and V itself may be given a number."""
    text = HOME.replace("V = 5", "V") + "; w = 100; V = 0.05*w"
    got = values(text, path, [0.0, 1.0], "C", values={"w": [100.0, 50.0]}, doses=[("C", 0.0, 100.0)])
    assert got[:, 0] == pytest.approx([20.0, 40.0])
    got = values(text, path, [0.0, 1.0], "C", values={"V": [4.0, 8.0]}, doses=[("C", 0.0, 100.0)])
    assert got[:, 0] == pytest.approx([25.0, 12.5])
    assert values(text, path, [0.0, 1.0], "V", values={"V": [4.0, 8.0]})[:, 1] == pytest.approx([4.0, 8.0])


@pytest.mark.parametrize("path", list(PATHS)[1:])
def test_a_size_that_moves_is_taken_at_the_moment_of_the_dose(path: str) -> None:
    """V = 5 + t is 10 at 5, and C = 2 in 5 is an amount of 10: C is 1 before the dose of 100 and 11 after it."""
    text = "compartment V = 5; V' = 1; species C in V; C = 2; k = 0; C -> ; k*C"
    assert values(text, path, [0.0, 5.0], "C", doses=[("C", 5.0, 100.0)])[0] == pytest.approx([2.0, 11.0], rel=1e-6)


@PATH
def test_doses_of_one_moment_add_up_and_outputs_are_read_after_them(path: str) -> None:
    """Also through a rule, at the first time, in between and at the last."""
    text = "D' = -0.3*D; D = 1; twice := 2*D + time"
    doses = [("D", 0.0, 150.0), ("D", 0.0, 49.0), ("D", 2.0, 10.0), ("D", 2.0, 5.0), ("D", 4.0, 1.0)]
    at_2 = 200 * np.exp(-0.6) + 15
    right = np.array([200.0, at_2, at_2 * np.exp(-0.6) + 1])
    t = np.array([0.0, 2.0, 4.0])
    assert values(text, path, t, "D", doses=doses)[0] == pytest.approx(right, rel=1e-5)
    assert values(text, path, t, "twice", doses=doses)[0] == pytest.approx(2 * right + t, rel=1e-5)


@pytest.mark.parametrize("path", list(PATHS)[1:])
@pytest.mark.parametrize(
    ("event", "right"),
    [
        ("at time >= 2: D = D + 30", 130.0),
        ("at time >= 2: D = 30", 130.0),  # set by the model, then dosed: the dose is not lost
        ("at 1 after time >= 1: D = D + 30", 130.0),  # its value was fixed before the dose
        ("at time >= 2, priority = 5: D = D + 30", 130.0),
        ("at time >= 2: go = 1; at go > 0.5: D = 30", 130.0),  # set off by another event of that moment
        ("at D > 50: D = D / 2", 50.0),  # set off by the dose itself
    ],
)
def test_a_dose_comes_after_the_models_own_events_of_its_moment(path: str, event: str, right: float) -> None:
    got = values(f"D' = 0; D = 0; go = 0; {event}", path, [0.0, 2.0, 3.0], "D", doses=[("D", 2.0, 100.0)])
    assert got[0].tolist() == [0.0, right, right]


@PATH
def test_doses_that_are_never_given_are_refused_or_counted(path: str) -> None:
    text = antimony_to_sbml("D' = 0; D = 0" + PATHS[path])
    with pytest.raises(InvalidValue, match="0 of 1 doses fall within 100"):
        simulate_model(text, [0.0, 100.0], doses=[("D", 200.0, 100.0)])
    found = simulate_model(text, [0.0, 100.0], outputs=["D"], doses=[("D", 100.0, 7.0), ("D", 200.0, 100.0)])
    assert found.values[0, -1, 0] == 7.0
    assert any("1 of 2 doses fall within 100" in n for n in found.notes)
    for when in (-1.0, np.nan, np.inf):
        with pytest.raises(InvalidValue, match="time of a dose of 'D'"):
            simulate_model(text, [0.0, 100.0], doses=[("D", when, 100.0)])
    with pytest.raises(UnknownName, match="state to dose"):
        simulate_model(text.replace("never", "other"), [0.0, 1.0], doses=[("nothing", 0.0, 100.0)])


def test_a_dose_moves_the_slopes_with_the_size() -> None:
    """C = D/V exp(-CL/V t): dC/dV = C (CL t / V - 1) / V and dC/dCL = -t C / V, two doses apart."""
    system = engine.with_sensitivities(engine.load_sbml(antimony_to_sbml(HOME)), ["V", "CL"])
    v, t = np.array([5.0, 8.0]), np.array([1.0, 4.0])
    events = engine.dose(system, "C", [0.0, 2.0], [100.0, 40.0], {"V": v})
    run = engine.simulate(
        engine.compile(system), {"V": v}, times=t, events=events, outputs=["C", "C wrt V", "C wrt CL"],
        options=engine.Options(rtol=1e-9, atol=1e-12),
    )  # fmt: skip
    c, by_v, by_cl = np.zeros((2, 2)), np.zeros((2, 2)), np.zeros((2, 2))
    for when, amount in ((0.0, 100.0), (2.0, 40.0)):
        since = np.where(t >= when, t - when, np.inf)
        part = np.where(np.isfinite(since), amount / v[:, None] * np.exp(-0.5 / v[:, None] * since), 0.0)
        since = np.where(np.isfinite(since), since, 0.0)
        c += part
        by_v += part * (0.5 * since / v[:, None] - 1) / v[:, None]
        by_cl += -since * part / v[:, None]
    assert run["C"] == pytest.approx(c, rel=1e-7)
    assert run["C wrt V"] == pytest.approx(by_v, rel=1e-6)
    assert run["C wrt CL"] == pytest.approx(by_cl, rel=1e-6)


def test_a_dose_into_a_system_with_events_and_into_what_is_no_state() -> None:
    text = antimony_to_sbml(HOME + PATHS["compiled ensemble with events"])
    system = engine.load_model(text)
    run = engine.simulate(
        engine.compile(system), times=[1e-9, 1.0], events=engine.dose(system, "C", 0.0, 100.0), outputs=["C"]
    )
    assert run["C"][0, 0] == pytest.approx(20.0)
    with pytest.raises(UnknownName, match="state to add to"):
        engine.dose(system, "CL", 0.0, 1.0)


@PATH
def test_first_values_follow_the_size_that_is_set(path: str) -> None:
    """Given as an amount and read as a concentration: 10 / V; given as a concentration and kept as an amount: 5 V."""
    text = antimony_to_sbml("compartment V = 2; species C in V; C = 5; k = 0; C -> ; k*C; total := 3*C" + PATHS[path])
    text = text.replace('initialConcentration="5"', 'initialAmount="10"')
    found = simulate_model(text, [0.0, 1.0], values={"V": [2.0, 5.0]}, outputs=["C", "total"])
    assert found.path == path
    assert found.values[:, 0] == pytest.approx(np.array([[5.0, 15.0], [2.0, 6.0]]))
    kept = text.replace('initialAmount="10"', 'initialConcentration="5"').replace(
        'hasOnlySubstanceUnits="false"', 'hasOnlySubstanceUnits="true"'
    )
    found = simulate_model(kept, [0.0, 1.0], values={"V": [2.0, 5.0]}, outputs=["C"])
    assert found.values[:, 0, 0] == pytest.approx([10.0, 25.0])
    given = simulate_model(kept, [0.0, 1.0], values={"V": 5.0, "C": 3.0}, outputs=["C"])
    assert given.values[0, 0, 0] == 3.0


@PATH
def test_a_boundary_species_given_as_an_amount_follows_too(path: str) -> None:
    text = antimony_to_sbml("compartment V = 2; species $B in V; B = 5; x' = B; x = 0" + PATHS[path])
    text = text.replace('initialConcentration="5"', 'initialAmount="10"')
    assert simulate_model(text, [0.0, 1.0], values={"V": [2.0, 5.0]}, outputs=["x"]).values[:, 1, 0] == pytest.approx(
        [5, 2]
    )
    assert simulate_model(text, [0.0, 1.0], values={"B": [3.0, 4.0]}, outputs=["x"]).values[:, 1, 0] == pytest.approx(
        [3, 4]
    )


@PATH
def test_what_a_rule_gives_cannot_be_set_and_says_what_can(path: str) -> None:
    text = antimony_to_sbml("a = 2; b := 3*a; x' = b; x = 0" + PATHS[path])
    with pytest.raises(InvalidValue, match=r"value of 'b'.*given by a formula; set what its formula uses: a"):
        simulate_model(text, [0.0, 1.0], values={"b": 1.0})


@PATH
def test_local_parameters_have_names_of_their_own_and_can_be_set(path: str) -> None:
    """Local k of J1 is 0.1 beside a global J1_k of 2 and a global k of 3; A, B, D decay by 0.1, 2 and 3."""
    text = antimony_to_sbml(
        "A = 10; B = 10; D = 10; k = 3; J1_k = 2; own = 0.1; J1: A -> ; own*A; J2: B -> ; J1_k*B; J3: D -> ; k*D"
        + PATHS[path]
    )
    law = text.index("<kineticLaw")
    text = text[:law] + text[law:].replace("<ci> own </ci>", "<ci> k </ci>", 1).replace(
        "</math>", '</math><listOfLocalParameters><localParameter id="k" value="0.1"/></listOfLocalParameters>', 1
    )
    found = simulate_model(text, [0.0, 1.0], outputs=["A", "B", "D"])
    assert found.values[0, 1] == pytest.approx(10 * np.exp([-0.1, -2.0, -3.0]), rel=1e-5)
    found = simulate_model(text, [0.0, 1.0], values={"J1_k_local": 1.0, "J1_k": 0.5, "k": 0.2}, outputs=["A", "B", "D"])
    assert found.values[0, 1] == pytest.approx(10 * np.exp([-1.0, -0.5, -0.2]), rel=1e-5)


def test_local_names_never_meet_one_another() -> None:
    """J with a local a_k and J_a with a local k would both be J_a_k."""
    local = '<listOfLocalParameters><localParameter id="{}" value="{}"/></listOfLocalParameters>'
    text = antimony_to_sbml("A = 1; B = 1; one = 1; two = 2; J: A -> ; one*A; J_a: B -> ; two*B")
    for own, name, value in (("one", "a_k", 1.0), ("two", "k", 2.0)):
        head, _, tail = text.partition(f"<ci> {own} </ci>")
        text = f"{head}<ci> {name} </ci>" + tail.replace("</math>", "</math>" + local.format(name, value), 1)
    system = engine.load_sbml(text)
    assert {n: v for n, v in system.defaults.items() if n.startswith("J")} == {"J_a_k": 1.0, "J_a_k_local": 2.0}
    again = engine.load_sbml(to_sbml(system, {"J_a_k": 5.0, "J_a_k_local": 7.0}))
    assert (again.defaults["J_a_k"], again.defaults["J_a_k_local"]) == (5.0, 7.0)


def test_a_stoichiometry_used_in_a_law_goes_to_the_path_that_has_it() -> None:
    """d(P)/dt = k n with n = 3 and k = 0.5; set to 4, n also moves what the reaction takes."""
    text = antimony_to_sbml("S = 100; P = 0; k = 0.5; n = 3; J: n S -> P; k*n")
    assert simulate_model(text, [0.0, 1.0], outputs=["P"]).values[0, 1, 0] == pytest.approx(1.5)
    named = text.replace('variable="n"', 'variable="n"')
    found = simulate_model(named, [0.0, 1.0], values={"k": [0.5, 1.0]}, outputs=["S", "P"])
    assert found.values[:, 1] == pytest.approx(np.array([[95.5, 1.5], [91.0, 3.0]]))


def test_rules_of_time_alone_have_a_course() -> None:
    found = simulate_model(antimony_to_sbml("k = 2; x := k*time"), [0.0, 1.0, 3.0], values={"k": [2.0, 5.0]})
    assert found.outputs == ("x",)
    assert found.values[:, :, 0].tolist() == [[0.0, 2.0, 6.0], [0.0, 5.0, 15.0]]


@PATH
@pytest.mark.parametrize("reactions", [5, 300])
def test_a_species_in_hundreds_of_reactions(path: str, reactions: int) -> None:
    text = "A = 1; B = 0; " + "; ".join(f"J{i}: A -> B; {1 / reactions}*A" for i in range(reactions))
    assert values(text, path, [0.0, 1.0], "A")[0, 1] == pytest.approx(np.exp(-1), rel=1e-5)


AMOUNT = antimony_to_sbml("compartment V = 2; species C in V; C = 5; CL = 0.5; C -> ; CL*C").replace(
    'initialConcentration="5"', 'initialAmount="10"'
)


def test_slopes_of_first_values_follow_the_size() -> None:
    """C = 10/V exp(-CL/V t): dC/dV = C (CL t / V - 1) / V, which is -10/V^2 at the start."""
    system = engine.with_sensitivities(engine.load_sbml(AMOUNT), ["V"])
    v, t = np.array([2.0, 5.0])[:, None], np.array([0.0, 3.0])
    options = engine.Options(rtol=1e-9, atol=1e-12)
    run = engine.simulate(engine.compile(system), {"V": v[:, 0]}, times=t, outputs=["C", "C wrt V"], options=options)
    right = 10 / v * np.exp(-0.5 / v * t)
    assert run["C"] == pytest.approx(right, rel=1e-7)
    assert run["C wrt V"] == pytest.approx(right * (0.5 * t / v - 1) / v, rel=1e-6)


def test_a_written_patient_keeps_what_was_given() -> None:
    """Written out with V = 5 and read again, by us and by libRoadRunner, 10 in V is 2."""
    text = to_sbml(engine.load_sbml(AMOUNT), {"V": 5.0})
    assert simulate_model(text, [0.0, 1.0]).values[0, 0, 0] == pytest.approx(2.0)
    simulator = pytest.importorskip("roadrunner").RoadRunner(text)
    simulator.timeCourseSelections = ["[C]"]
    assert simulator.simulate(0, 1, 2)[:, 0] == pytest.approx(
        simulate_model(text, [0.0, 1.0]).values[0, :, 0], rel=1e-4
    )


def test_a_constant_that_is_computed_is_refused_by_name_where_it_is_no_parameter() -> None:
    text = antimony_to_sbml("V = 0.04*w; w = 70; b := 2*V; x' = b; x = 0")
    kernel = engine.compile(engine.load_sbml(text))
    with pytest.raises(InvalidValue, match=r"load_sbml.*given=.'V'."):
        engine.simulate(kernel, {"V": 5.0}, times=[1.0])
    with pytest.raises(InvalidValue, match="set what its rule uses"):
        engine.simulate(kernel, {"b": 5.0}, times=[1.0])
    given = engine.compile(engine.load_sbml(text, given=["V"]))
    assert engine.simulate(given, {"V": 5.0}, times=[1.0])["x"][0, 0] == pytest.approx(10.0)


def test_a_boundary_species_can_be_dosed_a_constant_one_and_one_without_size_cannot() -> None:
    """x' = B with B = 1, from 1 on 5: x is 1 and 6."""
    text = antimony_to_sbml("species $B; B = 1; x' = B; x = 0")
    found = simulate_model(text, [0.0, 1.0, 2.0], outputs=["x"], doses=[("B", 1.0, 4.0)])
    assert found.values[0, :, 0] == pytest.approx([0.0, 1.0, 6.0])
    with pytest.raises(UnknownName, match="state to dose 'B'"):
        simulate_model(
            text.replace('"true" constant="false"', '"true" constant="true"'), [0.0, 2.0], doses=[("B", 1.0, 4.0)]
        )
    with pytest.raises(InvalidValue, match="size of 'V'"):
        simulate_model(antimony_to_sbml(HOME), [0.0, 1.0], values={"V": 0.0, "C": 1.0}, doses=[("C", 0.0, 1.0)])


LEVEL_2 = (
    '<?xml version="1.0" encoding="UTF-8"?><sbml xmlns="http://www.sbml.org/sbml/level2/version4" level="2" version="4"><model>'
    '<listOfCompartments><compartment id="c" size="1"/></listOfCompartments><listOfSpecies>'
    '<species id="S" compartment="c" initialAmount="10"/></listOfSpecies><listOfParameters><parameter id="k" value="1"/>'
    '<parameter id="NAME" value="7"/></listOfParameters><listOfReactions><reaction id="J" reversible="false">'
    '<listOfReactants><speciesReference species="S"><stoichiometryMath><math xmlns="http://www.w3.org/1998/Math/MathML">'
    "<apply><times/><cn>2</cn><ci>k</ci></apply></math></stoichiometryMath></speciesReference></listOfReactants><kineticLaw>"
    '<math xmlns="http://www.w3.org/1998/Math/MathML"><ci>NAME</ci></math></kineticLaw></reaction></listOfReactions></model></sbml>'
)


@pytest.mark.parametrize("name", ["v", "generatedId_0", "S_stoichiometry"])
def test_a_stoichiometry_of_level_2_never_takes_the_name_of_a_parameter(name: str) -> None:
    """dS/dt = -2 k 7."""
    found = simulate_model(LEVEL_2.replace("NAME", name), [0.0, 0.5], outputs=["S"])
    assert found.values[0, :, 0] == pytest.approx([10.0, 3.0])
