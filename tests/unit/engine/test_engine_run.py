"""Runs with decision points, rest states, results as labelled arrays."""

from __future__ import annotations

import numpy as np
import pytest

from baxis import engine
from baxis.core.errors import InvalidValue
from baxis.engine.run.resting import NOT_AT_REST

MODEL = """model m()
  unit mg = 1e-3 gram
  drug' = rate - ke*drug; x' = kin/(1 + drug) - kout*x
  drug = 0; x = 1; ke = 0.5; kin = 0.3; kout = 0.3; rate = 0; drug has mg
end"""
TIGHT = engine.Options(rtol=1e-10, atol=1e-12)


@pytest.fixture(scope="module")
def kernel() -> engine.Kernel:
    return engine.compile(engine.load_antimony(MODEL))


def test_windows_agree_with_one_run(kernel: engine.Kernel) -> None:
    ke = np.linspace(0.2, 1.5, 9)
    events = engine.concat(
        engine.bolus("drug", [0, 7, 14], [3, 2, 1]),
        engine.infusion("rate", [3, 6], [5, 10], [4, 4]),
        engine.setting("kin", [5.0, 11.0], [0.6, 0.2]),
    )
    times = np.arange(0, 21, 0.5)
    whole = engine.simulate(kernel, {"ke": ke}, times=times, events=events, options=TIGHT)
    run = engine.start(kernel, {"ke": ke}, options=TIGHT)
    parts = []
    for to in (4.0, 7.0, 13.5, 20.5):
        inside = times[(times > run.time) & (times <= to)] if run.time else times[times <= to]
        parts.append(run.advance(to, times=inside, events=events if run.time == 0 else None).values)
    np.testing.assert_allclose(np.concatenate(parts, axis=1), whole.values, rtol=1e-8, atol=1e-9)
    assert (run.parameters[:, kernel.system.parameter_index("kin")] == 0.2).all()


def test_a_decision_acts_on_the_whole_batch(kernel: engine.Kernel) -> None:
    run = engine.start(kernel, {"ke": np.full(6, 0.5)}, options=TIGHT)
    seen = run.advance(10.0, outputs=["x"], events=engine.bolus("drug", [0.0], 2.0))
    x = seen["x"][:, -1]
    responder = np.arange(6) % 2 == 0
    run.active[1] = False
    run.parameters[responder, kernel.system.parameter_index("kin")] *= 2
    run.state[~responder, kernel.system.state_index("drug")] += 1.0
    later = run.advance(40.0, outputs=["x", "drug"])
    assert np.isnan(later.values[1]).all()
    assert later.status[1] == engine.NOT_RUN
    assert run.state[1, kernel.system.state_index("x")] == x[1]
    np.testing.assert_allclose(later["x"][responder, -1], 2.0, rtol=1e-3)
    np.testing.assert_allclose(later["x"][[3, 5], -1], 1.0, rtol=1e-3)
    run.active[1] = True
    assert np.isfinite(run.advance(50.0).values[1]).all()


def test_a_failure_in_a_run_stays(kernel: engine.Kernel) -> None:
    blow = engine.compile(engine.load_antimony("model m()\n x' = a*x^2 - x; x = 1; a = 0\nend"))
    run = engine.start(blow, {"a": [0.0, 3.0]}, options=engine.Options(max_steps=2000))
    first = run.advance(5.0)
    second = run.advance(6.0)
    assert first.ok.tolist() == [True, False]
    assert run.active.tolist() == [True, False]
    assert run.status[1] != 0
    assert second.status.tolist() == [0, engine.NOT_RUN]


def test_wrong_uses_of_a_run_are_named(kernel: engine.Kernel) -> None:
    run = engine.start(kernel)
    run.advance(3.0)
    with pytest.raises(InvalidValue, match="a time after 3"):
        run.advance(3.0)
    with pytest.raises(InvalidValue, match="up to 4"):
        run.advance(4.0, times=[5.0])
    with pytest.raises(InvalidValue, match="at or after the start, 3"):
        run.advance(4.0, events=engine.bolus("drug", [1.0], 1.0))
    run.state[0, 0] = np.nan
    with pytest.raises(InvalidValue, match="active patient"):
        run.advance(4.0)
    run.state = run.state[:, :1]
    with pytest.raises(InvalidValue, match=r"shape \(1, 2\)"):
        run.advance(4.0)


def test_rest_is_polished(kernel: engine.Kernel) -> None:
    kout = np.geomspace(1e-3, 10, 13)
    rest = engine.rest(kernel, {"kout": kout, "rate": 0.7})
    assert rest.ok.all()
    np.testing.assert_allclose(rest.state[:, kernel.system.state_index("x")], 0.3 / 2.4 / kout, rtol=1e-13)
    assert "at rest" in rest.sentence(0)


def test_a_slow_rest_beside_what_has_vanished_is_polished() -> None:
    """Molar concentrations, a rate of 8e-5 beside rates of 0.4; what dies out rests at 0."""
    body = """compartment c = 5; compartment v = 0.001; species R in c = 0; J: -> R; c*1e-4*(r - 0.8*R); r = 0
    species S in v = 7.84e-7; species P in v = 0; P ->; v*0.0664*P; S -> P; v*5.31e-7*S/(2.31e-7 + S)"""
    source = np.array([2e-6, 6e-6])
    rest = engine.rest(engine.compile(engine.load_antimony(body)), {"r": source}, horizon=1e7)
    assert rest.ok.all()
    found = dict(zip(rest.states, rest.state.T, strict=True))
    np.testing.assert_allclose(found["R"], source / 0.8, rtol=1e-12)
    assert np.abs([found["S"], found["P"]]).max() < 1e-15


def test_rest_that_is_not_reached_has_a_sentence() -> None:
    drift = engine.compile(engine.load_antimony("model m()\n x' = k; y' = 1 - y; x = 0; y = 0; k = 0\nend"))
    rest = engine.rest(drift, {"k": [0.0, 1.0]}, horizon=1000.0)
    assert rest.status.tolist() == [0, NOT_AT_REST]
    assert "x would still change" in rest.sentence(1)
    assert rest.state[1, 0] == pytest.approx(1000.0)


@pytest.mark.parametrize(
    ("body", "name", "words"),
    [
        ("x' = a; y' = 1 - y; x = 0; y = 0; a = 2.5", "x", "grows by 2.5 a unit of time"),
        ("y' = 1 - y; x' = -3; x = 0; y = 0", "x", "falls by 3 a unit of time"),
        ("S = 1; P = 0; J: => P; 0.25*S", "P", "grows by 0.25 a unit of time"),
        ("x = 1; y = 0; x' = y; y' = (1 - x^2)*y - x", "", "swings between -"),
    ],
)
def test_what_never_rests_is_named_with_its_rate_and_not_sent_to_a_longer_horizon(
    body: str, name: str, words: str
) -> None:
    kernel = engine.compile(engine.load_antimony(f"model never()\n{body}\nend"))
    said = engine.rest(kernel, horizon=500.0).sentence(0)
    assert f"{name} would still change" in said
    assert words in said
    assert "longer horizon" not in said


def test_what_only_comes_late_to_rest_is_told_to_wait() -> None:
    slow = engine.compile(engine.load_antimony("model m()\n  x' = k*(1 - x); x = 0; k = 0.01\nend"))
    assert "use a longer horizon" in engine.rest(slow, horizon=100.0).sentence(0)


def test_rest_keeps_conserved_totals() -> None:
    cycle = engine.compile(
        engine.load_antimony("model m()\n x' = b*y - a*x; y' = a*x - b*y; x = 3; y = 1; a = 2; b = 1\nend")
    )
    rest = engine.rest(cycle, {"a": [2.0, 5.0]})
    np.testing.assert_allclose(rest.state.sum(1), 4.0, rtol=1e-6)
    np.testing.assert_allclose(rest.state[:, 0] * [2, 5], rest.state[:, 1], rtol=1e-9)


def test_rest_of_a_failing_patient() -> None:
    blow = engine.compile(engine.load_antimony("model m()\n x' = a*x^2 - x; x = 1; a = 0\nend"))
    rest = engine.rest(blow, {"a": [0.0, 3.0]}, options=engine.Options(max_steps=2000))
    assert rest.ok.tolist() == [True, False]
    assert "state x" in rest.sentence(1)
    with pytest.raises(InvalidValue, match="horizon"):
        engine.rest(blow, horizon=0.0)


def test_labelled_result(kernel: engine.Kernel) -> None:
    run = engine.simulate(kernel, {"ke": [0.1, 0.2]}, times=[0, 1], outputs=["drug", "x"])
    data = run.to_xarray()
    assert data["drug"].dims == ("patient", "time")
    assert data["drug"].attrs == {"units": "mg"}
    assert "units" not in data["x"].attrs
    np.testing.assert_array_equal(data["x"].values, run["x"])
    assert data["status"].values.tolist() == [0, 0]


def test_progress_is_reported_and_interruption_is_clean(kernel: engine.Kernel) -> None:
    calls: list[tuple[int, int]] = []
    engine.simulate(kernel, times=[1.0], options=engine.Options(progress=lambda a, b: calls.append((a, b))))
    assert calls[-1] == (1, 1)

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        engine.simulate(kernel, {"ke": np.full(50, 0.3)}, times=[1e3], options=engine.Options(progress=stop))
    assert engine.simulate(kernel, times=[1.0]).ok.all()


def test_a_pulse_written_into_the_model_is_not_stepped_over() -> None:
    text = "model m()\n x' = piecewise(1, time >= 50 && time < 53, 0) - 0.01*x; x = 0\nend"
    kernel = engine.compile(engine.load_antimony(text))
    run = engine.simulate(kernel, times=[53.0, 100.0], options=engine.Options(rtol=1e-6))
    np.testing.assert_allclose(run["x"][0, 0], 100 * (1 - np.exp(-0.03)), rtol=1e-3)
