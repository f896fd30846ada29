"""Full SBML core on single trajectories: events, moving compartments, stoichiometries, rates; and what is refused."""

from __future__ import annotations

import libsbml
import numpy as np
import pytest

from baxis import engine
from baxis.core.errors import BaxisError, Faults, InvalidValue, Unsupported
from baxis.engine.reading.antimony import antimony_to_sbml

TIMES = np.linspace(0, 10, 11)


def course(text: str, times: np.ndarray = TIMES) -> dict[str, np.ndarray]:
    return engine.trajectory(engine.load_network(antimony_to_sbml(text)), times)


def sbml(body: str, level: int = 3, version: int = 2) -> str:
    space = f"http://www.sbml.org/sbml/level{level}/version{version}" + ("/core" if level == 3 else "")
    return f'<sbml xmlns="{space}" level="{level}" version="{version}"><model id="m">{body}</model></sbml>'


MATH = '<math xmlns="http://www.w3.org/1998/Math/MathML">{}</math>'
TIME = '<csymbol encoding="text" definitionURL="http://www.sbml.org/sbml/symbols/time">t</csymbol>'


def test_decay_agrees_with_its_closed_form() -> None:
    found = course("S -> P; k*S; k = 0.3; S = 10; P = 0")
    np.testing.assert_allclose(found["S"], 10 * np.exp(-0.3 * TIMES), rtol=1e-6)


def test_a_state_trigger_fires_at_the_crossing() -> None:
    found = course("S -> ; k*S; k = 1; S = 10; x = 0; at S < 5: x = time")
    np.testing.assert_allclose(found["x"][-1], np.log(2), rtol=1e-7)


def test_a_delayed_event_waits_and_may_keep_the_values_of_its_trigger() -> None:
    found = course(
        "y' = 1; y = 0; a = 0; b = 0; at 2 after time >= 3, fromTrigger=true: a = y; at 2 after time >= 3, fromTrigger=false: b = y"
    )
    assert found["a"][4] == 0
    np.testing.assert_allclose([found["a"][-1], found["b"][-1]], [3, 5], rtol=1e-9)


def test_an_event_that_is_not_persistent_is_taken_back() -> None:
    text = "y' = 1; y = 0; a = 0; b = 0; at 2 after (y > 3) && (y < 4), persistent={0}: a = 1"
    assert course(text.format("false"))["a"][-1] == 0
    assert course(text.format("true"))["a"][-1] == 1


def test_the_higher_priority_goes_first() -> None:
    found = course(
        "y' = 1; y = 0; a = 1; at y >= 2, priority=1, fromTrigger=false: a = a*10; at y >= 2, priority=5: a = a + 1"
    )
    assert found["a"][-1] == 20


def test_an_event_true_at_the_start_fires_only_if_it_was_declared_false_before() -> None:
    assert course("y' = 1; y = 0; a = 0; at y >= 0, t0=false: a = 1")["a"][0] == 1
    assert course("y' = 1; y = 0; a = 0; at y >= 0, t0=true: a = 1")["a"][-1] == 0


def test_an_amount_stays_when_its_compartment_grows() -> None:
    found = course("compartment C; C = 1; C' = 0.1; species S in C; S = 2; y' = 1; y = 0")
    np.testing.assert_allclose(found["S"] * found["C"], 2, rtol=1e-9)


def test_an_event_on_a_compartment_keeps_amounts() -> None:
    found = course("compartment C; C = 2; species S in C; S = 3; y' = 1; y = 0; at y >= 4.5: C = 0.5")
    np.testing.assert_allclose(found["S"][[0, -1]], [3, 12])


def test_a_jump_in_a_rate_is_met_exactly() -> None:
    found = course("y' = piecewise(1, (time > 2.5) && (time < 2.6), 0); y = 0")
    np.testing.assert_allclose(found["y"][-1], 0.1, rtol=1e-7)


def test_rate_of_a_concentration_counts_its_compartment() -> None:
    found = course("compartment C; C = 1; C' = 0.1; species S in C; S = 2; r := rateOf(S); y' = 1; y = 0")
    np.testing.assert_allclose(found["r"], -0.1 * found["S"] / found["C"], rtol=1e-9)


def test_a_conversion_factor_scales_the_reaction() -> None:
    head = (
        '<listOfCompartments><compartment id="C" size="1" constant="true" spatialDimensions="3"/></listOfCompartments>'
    )
    kind = 'hasOnlySubstanceUnits="true" boundaryCondition="false" constant="false" compartment="C"'
    body = head + f'<listOfSpecies><species id="S" initialAmount="0" conversionFactor="f" {kind}/></listOfSpecies>'
    body += '<listOfParameters><parameter id="f" value="3" constant="true"/></listOfParameters><listOfReactions>'
    body += '<reaction id="r" reversible="false"><listOfProducts><speciesReference species="S" stoichiometry="2" constant="true"/>'
    body += "</listOfProducts><kineticLaw>" + MATH.format("<cn>1</cn>") + "</kineticLaw></reaction></listOfReactions>"
    found = engine.trajectory(engine.load_network(sbml(body)), TIMES)
    np.testing.assert_allclose(found["S"], 6 * TIMES, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (
            "<listOfRules><algebraicRule>"
            + MATH.format("<apply><power/><ci>k</ci><cn>2</cn></apply>")
            + "</algebraicRule></listOfRules>",
            "algebraic rule 1: not linear in 'k'",
        ),
        (
            "<listOfConstraints><constraint>" + MATH.format("<true/>") + "</constraint></listOfConstraints>",
            "constraint",
        ),
    ],
)
def test_what_cannot_be_done_is_refused_by_name(body: str, word: str) -> None:
    text = sbml('<listOfParameters><parameter id="k" value="1" constant="false"/></listOfParameters>' + body)
    with pytest.raises(Unsupported, match=word):
        engine.load_network(text)


def test_empty_functions_and_constraints_ask_for_nothing() -> None:
    body = '<listOfFunctionDefinitions><functionDefinition id="foo"/></listOfFunctionDefinitions>'
    body += '<listOfParameters><parameter id="k" value="2" constant="false"/></listOfParameters>'
    body += f'<listOfRules><rateRule variable="k">{MATH.format("<cn>1</cn>")}</rateRule></listOfRules>'
    text = sbml(body + "<listOfConstraints><constraint/></listOfConstraints>")
    assert engine.trajectory(engine.load_network(text), [1.0])["k"] == pytest.approx(3)
    assert engine.load_sbml(text).states == ("k",)
    called = text.replace("<cn>1</cn>", "<apply><ci>foo</ci></apply>")
    with pytest.raises(BaxisError, match="foo"):
        engine.load_network(called)


def fast(text: str, name: str) -> str:
    """SBML of an Antimony text with a reaction marked as fast, in the last version that has the mark."""
    document = libsbml.readSBMLFromString(antimony_to_sbml(text))
    assert document.setLevelAndVersion(3, 1, False)
    for reaction in document.getModel().getListOfReactions():
        reaction.setFast(reaction.getId() == name)
    return str(libsbml.writeSBMLToString(document))


def test_fast_reactions_are_at_rest_at_every_moment() -> None:
    """A and B share what there is 1 : 2; only A decays; an event adds to A."""
    text = "J: A -> B; A - 0.5*B; A -> ; k*A; k = 0.3; A = 6; B = 0; at time >= 5: A = A + 3"
    found = engine.trajectory(engine.load_network(fast(text, "J")), TIMES)
    total = 6 * np.exp(-0.1 * TIMES)
    total[TIMES >= 5] += 3 * np.exp(-0.1 * (TIMES[TIMES >= 5] - 5))
    np.testing.assert_allclose(found["A"], total / 3, rtol=1e-7)
    np.testing.assert_allclose(found["B"], 2 * total / 3, rtol=1e-7)


def test_what_is_used_up_at_once_and_what_never_rests() -> None:
    found = engine.trajectory(engine.load_network(fast("J: 2 A + B -> C; 0.1*A*B; A = 3; B = 2; C = 0", "J")), TIMES)
    np.testing.assert_allclose([found["A"], found["B"], found["C"]], np.outer([0, 0.5, 1.5], np.ones(11)), atol=1e-9)
    with pytest.raises(Unsupported, match="do not come to rest"):
        engine.trajectory(engine.load_network(fast("J: -> A; 1; A = 0", "J")), TIMES)


def test_the_compiled_paths_refuse_a_fast_reaction() -> None:
    body = '<listOfCompartments><compartment id="C" size="1"/></listOfCompartments><listOfSpecies>'
    body += '<species id="S" compartment="C" initialConcentration="1"/></listOfSpecies><listOfReactions>'
    body += (
        '<reaction id="J" fast="true"><listOfReactants><speciesReference species="S"/></listOfReactants><kineticLaw>'
    )
    body += MATH.format("<ci>S</ci>") + "</kineticLaw></reaction></listOfReactions>"
    for load in (engine.load_model, engine.load_sbml):
        with pytest.raises(Unsupported, match="fast"):
            load(sbml(body, 2, 4))
    assert engine.trajectory(engine.load_network(sbml(body, 2, 4)), [1.0])["S"] == pytest.approx(0, abs=1e-9)


def test_the_compiled_path_refuses_a_concentration_that_its_compartment_would_dilute() -> None:
    text = antimony_to_sbml("compartment C; C = 1; C' = 0.1; species S in C; S = 2; y' = 1; y = 0")
    with pytest.raises(Unsupported, match="varying compartment 'C'"):
        engine.load_sbml(text)


def test_the_compiled_path_divides_an_amount_by_the_size_that_an_initial_assignment_gives() -> None:
    head = (
        '<listOfCompartments><compartment id="C" size="9" constant="true" spatialDimensions="3"/></listOfCompartments>'
    )
    kind = 'hasOnlySubstanceUnits="false" boundaryCondition="false" constant="false" compartment="C"'
    body = head + f'<listOfSpecies><species id="S" initialAmount="4" {kind}/></listOfSpecies>'
    body += '<listOfInitialAssignments><initialAssignment symbol="C">' + MATH.format("<cn>2</cn>")
    body += '</initialAssignment></listOfInitialAssignments><listOfReactions><reaction id="r" reversible="false">'
    body += '<listOfReactants><speciesReference species="S" stoichiometry="1" constant="true"/></listOfReactants><kineticLaw>'
    body += MATH.format("<ci>S</ci>") + "</kineticLaw></reaction></listOfReactions>"
    assert engine.load_sbml(sbml(body)).initial["S"] == 2
    assert engine.trajectory(engine.load_network(sbml(body)), [0.0, 1.0])["S"][0] == 2


def test_both_paths_agree() -> None:
    text = "S + E -> C; kf*S*E - kr*C; C -> E + P; kc*C; kf = 2; kr = 0.5; kc = 0.3; S = 5; E = 1; C = 0; P = 0"
    system = engine.load_antimony(text)
    fast = engine.simulate(
        engine.compile(system), times=TIMES, outputs=["P"], options=engine.Options(rtol=1e-8, atol=1e-10)
    )
    np.testing.assert_allclose(fast["P"][0], course(text)["P"], rtol=1e-6, atol=1e-9)


def test_events_without_end_are_an_error() -> None:
    with pytest.raises(InvalidValue, match="come to an end"):
        course("a = 0; b = 1; at a >= b, t0=false: b = b + 1; at b > a, t0=false: a = b; y' = 1; y = 0")


def test_an_unknown_symbol_and_wrong_times_are_named() -> None:
    body = '<listOfParameters><parameter id="k" value="1" constant="false"/></listOfParameters><listOfRules>'
    body += '<rateRule variable="k">' + MATH.format("<ci>q</ci>") + "</rateRule></listOfRules>"
    with pytest.raises(Faults, match="'k' uses 'q', which the model does not define"):
        engine.load_network(sbml(body))
    with pytest.raises(InvalidValue, match="times"):
        course("y' = 1; y = 0", np.array([1.0, 0.5]))


def test_values_of_the_past_follow_the_closed_form_and_reach_before_the_start() -> None:
    found = course(
        "x' = -delay(x, 1); x = 1; d := delay(time, 0.5); z = 0; at delay(x, 1) < 0.5: z = time", np.linspace(0, 3, 7)
    )
    t = np.linspace(0, 3, 7)
    exact = 1 - t + np.clip(t - 1, 0, None) ** 2 / 2 - np.clip(t - 2, 0, None) ** 3 / 6
    np.testing.assert_allclose(found["x"], exact, atol=1e-6)
    np.testing.assert_allclose(found["d"], t - 0.5)
    np.testing.assert_allclose(found["z"][-1], 1.5, rtol=1e-6)


def test_the_past_of_an_event_is_what_was_before_it() -> None:
    found = course("y' = 1; y = 0; a = 0; at y > 2.5: a = 1; d := delay(a, 2); e := delay(y, 2)")
    np.testing.assert_array_equal(found["d"], (TIMES > 4.5).astype(float))
    np.testing.assert_allclose(found["e"], np.clip(TIMES - 2, 0, None), atol=1e-9)


def test_a_delay_that_shrinks_below_the_first_or_holds_a_rate_is_refused() -> None:
    with pytest.raises(InvalidValue, match="delay"):
        course("x' = -delay(x, tau); x = 1; tau := 1.0001 - 0.5*time")
    text = antimony_to_sbml("x' = -0.1*x; x = 1; d := delay(x, 1)")
    with pytest.raises(Unsupported, match="delay"):
        engine.load_model(text)


def test_a_model_in_another_file_is_named() -> None:
    comp = "http://www.sbml.org/sbml/level3/version1/comp/version1"
    text = (
        f'<sbml xmlns="http://www.sbml.org/sbml/level3/version1/core" xmlns:comp="{comp}" level="3" version="1" '
        'comp:required="true"><model id="m"><comp:listOfSubmodels><comp:submodel comp:id="a" comp:modelRef="E"/>'
        "</comp:listOfSubmodels></model><comp:listOfExternalModelDefinitions><comp:externalModelDefinition "
        'comp:id="E" comp:source="enzyme.xml"/></comp:listOfExternalModelDefinitions></sbml>'
    )
    with pytest.raises(Unsupported, match=r"'enzyme\.xml'; flatten it into one file"):
        engine.load_network(text)


@pytest.mark.parametrize("moving", ["", "x = 1; x' = -x;"])
def test_what_the_past_switches_is_found_with_nothing_that_moves_beside_it(moving: str) -> None:
    """At time t, time a unit ago is t - 1: it passes 4.5 at 5.5; what an event sets at 2 is a unit old at 3."""
    late = course(f"{moving} p := time; q = 0; at delay(p, 1) > 4.5: q = time", np.array([0, 5.4, 5.6, 10]))["q"]
    assert late == pytest.approx([0, 0, 5.5, 5.5])
    early = course(f"{moving} p := time; q = 0; at delay(p, 1) < -0.5, t0=false: q = 3", np.array([0, 1, 2]))["q"]
    assert early == pytest.approx([3, 3, 3])
    text = f"{moving} p = 0; q = 0; at time > 2: p = 1; at delay(p, 1) > 0.5: q = time"
    assert course(text, np.array([0, 2.9, 3.1, 9]))["q"] == pytest.approx([0, 0, 3, 3])
