"""SBML events on the compiled path: triggers, delays, priorities, persistence, doses; same bits however lanes are shared."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from baxis import engine
from baxis.core.errors import InvalidValue, UnknownName, Unsupported
from baxis.engine.model.system import System
from baxis.engine.reading.antimony import antimony_to_sbml
from baxis.engine.tables.user_model import with_values

TIMES = np.linspace(0, 10, 11)
TIGHT = engine.Options(rtol=1e-9, atol=1e-11)
CYCLE = """S -> ; k*S; -> S; kin; k = 1; kin = 0.05; S = 10; x = 0; n = 0; total = 0; total' = S
at S < 0.2: S = S + 3, n = n + 1
at 0.3 after S > 2.9, fromTrigger=false: x = time"""
OUTPUTS = ["S", "n", "x", "total"]


def system_of(text: str) -> System:
    return engine.load_model(antimony_to_sbml(text))


def course(text: str, times: np.ndarray = TIMES, **rest: object) -> engine.Ensemble:
    system = system_of(text)
    names = [*system.states, *system.assignments]
    return engine.simulate(engine.compile(system), times=times, outputs=names, options=TIGHT, **rest)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        CYCLE,
        "y' = 1; y = 0.01; a = 0; b = 0; at 2 after y >= 3, fromTrigger=true: a = y; at 2 after y >= 3, fromTrigger=false: b = y",
        "y' = 1; y = 0.01; a = 0; at 2 after (y > 3) && (y < 4), persistent=false: a = 1",
        "y' = 1; y = 0.01; a = 0; at 2 after (y > 3) && (y < 4), persistent=true: a = 1",
        "y' = 1; y = 0.01; a = 1; at y >= 2, priority=1, fromTrigger=false: a = a*10; at y >= 2, priority=5: a = a + 1",
        "y' = 1; y = 0; a = 0; at y >= 0, t0=false: a = 1",
        "y' = 1; y = 0; a = 0; at y >= 0, t0=true: a = 1",
        "y' = 1; y = 0.01; a = 0; at 3.3 after sin(3*y) > 0.5: a = a + y",
        "compartment C; C = 2; species S in C; S = 3; y' = 1; y = 0.01; at y >= 4.5: C = 0.5",
        "compartment C; C = 1; C' = 0.1; species S in C; S = 2; S -> ; 0.1*S*C; at S < 1: S = S + 1",
        "y' = piecewise(1, (time > 2.5) && (time < 2.6), 0); y = 0; z = 0; at y > 0.05: z = time",
    ],
)
def test_events_agree_with_the_single_trajectory_path(text: str) -> None:
    found, expected = course(text), engine.trajectory(engine.load_network(antimony_to_sbml(text)), TIMES)
    for name in found.outputs:
        np.testing.assert_allclose(found[name][0], expected[name], rtol=2e-6, atol=1e-8, err_msg=name)


def test_a_state_trigger_is_found_exactly() -> None:
    found = course("S -> ; k*S; k = 1; S = 10; x = 0; at S < 5: x = time")
    np.testing.assert_allclose(found["x"][0, -1], np.log(2), rtol=1e-8)


def test_an_output_at_the_time_of_an_event_is_read_after_it() -> None:
    found = course("y' = 1; y = 0; a = 0; b = 0; at time >= 3: a = 1; at 2 after time >= 3: b = 1")
    np.testing.assert_array_equal(found["a"][0], TIMES >= 3)
    np.testing.assert_array_equal(found["b"][0], TIMES >= 5)


@pytest.mark.parametrize(("count", "delay"), [(0.1, 0.2), (0.3, 0.3), (0.7, 0.1), (1.1, 2.2)])
def test_a_delayed_event_that_rounding_puts_just_after_an_output_is_read_in_it(count: float, delay: float) -> None:
    """The sum of the moment of the trigger and the delay is not always the number that is written for it."""
    at = round(count + delay, 1)
    found = course(f"y' = 1; y = 0; b = 0; at {delay} after y >= {count}: b = 1", np.array([at - 0.05, at, at + 0.05]))
    np.testing.assert_array_equal(found["b"][0], [0, 1, 1])


def test_the_bits_depend_on_neither_lanes_nor_threads_nor_order_nor_company() -> None:
    system, rng = system_of(CYCLE), np.random.default_rng(3)
    k = rng.uniform(0.5, 2, 37)
    expected = None
    for lanes in (1, 2, 4, 8):
        kernel = engine.compile(system, lanes=lanes)
        for threads in (1, 3):
            found = engine.simulate(
                kernel, {"k": k}, times=TIMES, outputs=OUTPUTS, options=engine.Options(threads=threads)
            )
            assert found.ok.all()
            expected = found.values if expected is None else expected
            assert found.values.tobytes() == expected.tobytes()
    order = rng.permutation(37)
    shuffled = engine.simulate(engine.compile(system), {"k": k[order]}, times=TIMES, outputs=OUTPUTS)
    assert expected is not None
    assert shuffled.values.tobytes() == expected[order].tobytes()
    alone = engine.simulate(engine.compile(system), {"k": k[5:6]}, times=TIMES, outputs=OUTPUTS)
    assert alone.values.tobytes() == expected[5:6].tobytes()


def test_an_ensemble_agrees_row_by_row() -> None:
    network, k = engine.load_network(antimony_to_sbml(CYCLE)), [0.6, 1.1, 1.9]
    found = engine.simulate(
        engine.compile(system_of(CYCLE)), {"k": np.array(k)}, times=TIMES, outputs=OUTPUTS, options=TIGHT
    )
    for i, value in enumerate(k):
        expected = engine.trajectory(with_values(network, {"k": value}), TIMES)
        for name in OUTPUTS:
            np.testing.assert_allclose(found[name][i], expected[name], rtol=1e-5, atol=1e-7)


def test_doses_and_infusions_meet_triggers() -> None:
    text = "y' = rate - 0.1*y; y = 0; rate = 0; n = 0; at y > 5: n = n + 1"
    doses = engine.concat(engine.bolus("y", [1.0, 3.0], [6.0, 1.0]), engine.infusion("rate", [6.0], [2.0], [8.0]))
    found = course(text, events=doses)
    expected = engine.reference(
        engine.load_antimony("y' = rate - 0.1*y; y = 0; rate = 0"), times=TIMES, events=doses, rtol=1e-10
    )
    np.testing.assert_allclose(found["y"][0], expected[0, :, 0], rtol=1e-7, atol=1e-9)
    np.testing.assert_array_equal(
        found["n"][0], [0, 0, 1, 1, 2, 2, 2, 3, 3, 3, 3]
    )  # after 1, at the second dose, in the drip


def test_an_event_changes_an_infused_system_and_the_drip_goes_on() -> None:
    text = "y' = rate; y = 0; rate = 0; z = 0; at y > 2: z = 1"
    found = course(text, events=engine.infusion("rate", [1.0], [4.0], [8.0]))
    np.testing.assert_allclose(found["y"][0], np.clip(2 * (TIMES - 1), 0, 8), atol=1e-9)


def test_values_and_first_states_may_be_given_by_name() -> None:
    text = "compartment C; C = 2; species S in C; S = 3; S -> ; k*S; k = 0; m := S*C; z = 0; at k > 10: z = 1"
    kernel = engine.compile(system_of(text))
    found = engine.simulate(kernel, {"C": [1.0, 4.0]}, {"S": 5.0}, times=TIMES, outputs=["S", "m"])
    np.testing.assert_allclose(found["S"], 5)
    np.testing.assert_allclose(found["m"][:, 0], [5, 20])
    with pytest.raises(UnknownName, match="did you mean"):
        engine.simulate(kernel, {"kk": 1.0}, times=TIMES)
    with pytest.raises(InvalidValue, match="given by a formula"):
        engine.simulate(kernel, {"m": 1.0}, times=TIMES)


def test_events_without_end_and_bad_delays_are_statuses_of_their_patients() -> None:
    text = "y' = 1; y = 0; lag = 1; a = 0; b = 1; at (lag) after y > 2.5: a = 1"
    kernel = engine.compile(system_of(text))
    found = engine.simulate(kernel, {"lag": [1.0, -1.0]}, times=TIMES, outputs=["a"])
    assert found.status.tolist() == [0, 9]
    assert found["a"][0, -1] == 1
    assert "delay" in found.failures[0].reason
    assert found.reached[1] == pytest.approx(2.5, rel=1e-6)
    loop = "a = 0; b = 1; at a >= b, t0=false: b = b + 1; at b > a, t0=false: a = b; y' = 1; y = 0"
    assert course(loop).status.tolist() == [8]


def test_more_of_one_event_may_wait_at_once() -> None:
    text = "y' = 1; y = 0.01; n = 0; x = 0; at 4 after sin(6*y) > 0, fromTrigger=true: n = n + 1, x = y"
    found, expected = course(text), engine.trajectory(engine.load_network(antimony_to_sbml(text)), TIMES)
    np.testing.assert_array_equal(found["n"][0], expected["n"])


def test_ties_are_decided_by_lot_and_always_the_same() -> None:
    text = "y' = 1; y = 0; a = 0; b = 0; last = 0; " + "; ".join(
        f"at y > {k}.5, priority=1: {n} = {n} + 1, last = {code}" for k in range(9) for n, code in (("a", 1), ("b", 2))
    )
    one, two = course(text), course(text)
    assert one.values.tobytes() == two.values.tobytes()
    assert set(one["last"][0, 1:]) == {1.0, 2.0}
    np.testing.assert_array_equal(one["a"][0], one["b"][0])


def test_what_needs_a_plain_model_refuses_events_by_name() -> None:
    kernel = engine.compile(system_of(CYCLE))
    for call in (engine.start, engine.rest):
        with pytest.raises(Unsupported, match="events"):
            call(kernel)
    with pytest.raises(Unsupported, match="events"):
        kernel.system.to_sbml()


def test_a_stream_and_the_disk_cache_take_models_with_events() -> None:
    kernel = engine.compile(system_of(CYCLE))

    def make(first: int, count: int) -> tuple[dict[str, np.ndarray], None, None]:
        return {"k": 0.5 + 0.01 * np.arange(first, first + count)}, None, None

    done = engine.stream(
        kernel, engine.Source(20, make, block=8), times=TIMES, outputs=["n"], reductions={"mean": engine.Mean()}
    )
    assert done.results["mean"][2] == 20
    assert not done.failures


def test_a_longest_step_of_ones_own_is_kept() -> None:
    options = replace(TIGHT, max_step=0.05)
    found = engine.simulate(engine.compile(system_of(CYCLE)), times=TIMES, outputs=["n"], options=options)
    assert found.steps[0] >= 200


def test_what_only_single_trajectories_carry_is_refused_by_name() -> None:
    for text in (
        "S' = -k*delay(S, 1); k = 1; S = 10; at S < 5: S = 10",
        "S' = -k; k = 1; S = 10; n = 0; at delay(S, 2) < 5: n = n + 1",
    ):
        with pytest.raises(Unsupported, match="delay"):
            engine.load_model(antimony_to_sbml(text))
        with pytest.raises(Unsupported, match="event"):
            engine.load_sbml(antimony_to_sbml(text))
        course = engine.trajectory(engine.load_network(antimony_to_sbml(text)), [1.0])
        assert np.isfinite(course["S"]).all()
