"""Same inputs, same bytes: whatever the lane width, the threads, the company and the order of patients."""

from __future__ import annotations

import numpy as np
import pytest

from baxis import engine

MODEL = """model mixed()
  sig := drug^h/(k50^h + drug^h); slow := tanh(x)*exp(-y) + min(x, 2) - max(y, 0.1)
  drug' = -ke*drug + rate; x' = 100*(1 - sig - x) + 0.1*sin(time); y' = 0.2*(slow - y) + ln(1 + x^2)*sqrt(1 + y^2)/50
  drug = 0; x = 1; y = 0.5; ke = 0.4; k50 = 1.3; h = 1.7; rate = 0
end"""
TIMES = np.arange(0, 30, 0.9)


def inputs(n: int) -> tuple[dict, engine.Events]:
    rng = np.random.default_rng(5)
    parameters = {"ke": rng.uniform(0.1, 2, n), "k50": rng.uniform(0.5, 3, n), "h": rng.uniform(1, 4, n)}
    doses = engine.bolus("drug", rng.uniform(0, 25, (n, 6)), rng.uniform(0, 5, (n, 6)))
    drips = engine.infusion("rate", rng.uniform(0, 20, (n, 2)), 3.0, rng.uniform(1, 5, (n, 2)))
    return parameters, engine.concat(doses, drips)


def simulate(lanes: int | None = None, threads: int = 1, rows: np.ndarray | None = None) -> engine.Ensemble:
    kernel = engine.compile(engine.load_antimony(MODEL), lanes=lanes)
    parameters, events = inputs(37)
    rows = np.arange(37) if rows is None else rows
    some = {k: v[rows] for k, v in parameters.items()}
    tables = [t[rows] if t.ndim == 2 else t for t in (events.times, events.amounts, events.durations)]
    own = engine.Events(tables[0], events.kinds, events.targets, tables[1], tables[2])
    options = engine.Options(threads=threads, nonnegative=("drug",))
    return engine.simulate(kernel, some, times=TIMES, events=own, outputs=["x", "y", "slow", "sig"], options=options)


@pytest.fixture(scope="module")
def plain() -> engine.Ensemble:
    run = simulate(1)
    assert run.ok.all()
    return run


@pytest.mark.parametrize("lanes", [2, 4, 8])
@pytest.mark.parametrize("threads", [1, 2, 8])
@pytest.mark.promise("The same numbers", "The same bytes whatever the threads, lanes, blocks and company of patients.")
def test_lane_width_and_threads(plain: engine.Ensemble, lanes: int, threads: int) -> None:
    run = simulate(lanes, threads)
    assert run.values.tobytes() == plain.values.tobytes()
    assert run.final.tobytes() == plain.final.tobytes()
    assert run.steps.tolist() == plain.steps.tolist()


@pytest.mark.promise("The same numbers", "The same bytes whatever the threads, lanes, blocks and company of patients.")
def test_order_and_company_of_patients(plain: engine.Ensemble) -> None:
    rows = np.random.default_rng(0).permutation(37)
    assert simulate(rows=rows).values.tobytes() == plain.values[rows].tobytes()
    assert simulate(rows=rows[:5]).values.tobytes() == plain.values[rows[:5]].tobytes()


@pytest.mark.promise("The same numbers", "The same bytes whatever the threads, lanes, blocks and company of patients.")
def test_block_size_of_a_stream() -> None:
    means = [streamed(block)["mean"][0].tobytes() for block in (256, 500, 1024)]
    assert means[0] == means[1] == means[2]


def streamed(block: int) -> dict:
    """Reductions of one stream, checked against the whole ensemble at once."""
    kernel = engine.compile(engine.load_antimony(MODEL))
    rng = np.random.default_rng(9)
    ke = rng.uniform(0.1, 2, 1024)

    def source(first: int, count: int) -> tuple:
        return {"ke": ke[first : first + count]}, {"drug": 2.0}, None

    reductions = {"mean": engine.Mean(), "quantiles": engine.Quantiles(), "visits": engine.Snapshots([5.0])}
    got = engine.stream(
        kernel, engine.Source(1024, source, block), times=[0, 5.0, 10.0], outputs=["drug", "x"], reductions=reductions
    )
    whole = engine.simulate(kernel, {"ke": ke}, {"drug": 2.0}, times=[0, 5.0, 10.0], outputs=["drug", "x"])
    mean, sd, count = got.results["mean"]
    assert (count, got.patients) == (1024, 1024)
    np.testing.assert_allclose(mean, whole.values.mean(0), rtol=1e-12)
    np.testing.assert_allclose(sd, whole.values.std(0, ddof=1), rtol=1e-9, atol=1e-12)
    assert got.results["visits"].tobytes() == whole.values[:, 1:2].tobytes()
    exact = np.quantile(whole.values, [0.05, 0.5, 0.95], axis=0, method="inverted_cdf")
    np.testing.assert_allclose(got.results["quantiles"], exact, rtol=1.1e-3)
    return dict(got.results)
