"""The shipped model by the engine against CVODE (libRoadRunner, rtol 1e-10): endpoints and states, patient by patient."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from baxis import axis, engine
from baxis.engine.reading.export import to_sbml

roadrunner = pytest.importorskip("roadrunner", reason="libRoadRunner is not installed")

WEEKS = np.arange(0, 169, 28.0)


def patients(count: int, disease: str = "SLE") -> tuple[np.ndarray, np.ndarray]:
    """Parameters spread by a tenth around the typical patient, and states after ten years of run-in."""
    rng = np.random.default_rng(20)
    p = axis.parameters(disease) * np.exp(0.1 * rng.standard_normal((count, len(axis.system().parameters))))
    options = engine.Options(rtol=1e-8, atol=1e-10)
    run = engine.simulate(axis.kernel(), p, np.tile(axis.rest(disease), (count, 1)), times=[3650.0], options=options)
    assert run.ok.all()
    return p, run.final


def treated(p: np.ndarray, drug: str, route: str) -> tuple[np.ndarray, str]:
    out, given = p.copy(), axis.drug(drug)
    for name, value in axis.slot_parameters(given, 1).items():
        out[:, axis.system().parameter_index(name)] = value
    return out, axis.dose_state(given, 1, route)


def by_cvode(p: np.ndarray, y: np.ndarray, doses: list[tuple[float, float]], state: str) -> np.ndarray:
    """(n, T, N) states at WEEKS, read before a dose, stopped and started again at each dose."""
    system = axis.system()
    rr = roadrunner.RoadRunner(to_sbml(system, p[0], y[0]))
    rr.integrator.relative_tolerance, rr.integrator.absolute_tolerance = 1e-10, 1e-13
    rr.integrator.maximum_num_steps = 1_000_000
    rr.timeCourseSelections = list(system.states)
    ids = rr.model.getGlobalParameterIds()
    p_ids, y_ids = ([ids.index(n) for n in names] for names in (system.parameters, system.states))
    out = np.empty((len(p), len(WEEKS), len(system.states)))
    days = [0.0, *(d for d, _ in doses if d > 0), WEEKS[-1]]
    for i in range(len(p)):
        rr.reset()
        rr.model.setGlobalParameterValues(p_ids, p[i])
        rr.model.setGlobalParameterValues(y_ids, y[i])
        out[i, 0] = y[i]
        for begin, end in pairwise(days):
            for _, amount in (d for d in doses if d[0] == begin):
                rr[state] = rr[state] + amount
            inside = (begin < WEEKS) & (end >= WEEKS)
            grid = np.unique([begin, *WEEKS[inside], end])
            got = np.asarray(rr.simulate(times=grid.tolist()))
            out[i, inside] = got[np.isin(grid, WEEKS[inside])]
    return out


def scaled(got: np.ndarray, exact: np.ndarray) -> float:
    """Largest error beside the state's size, or beside a hundredth of its normal value 1."""
    return float((np.abs(got - exact) / (1e-2 + np.abs(exact))).max())


def check(count: int, drug: str, route: str, doses: list[tuple[float, float]]) -> None:
    p, y = patients(count)
    p, state = treated(p, drug, route)
    exact = by_cvode(p, y, doses, state)
    events = engine.bolus(state, [d for d, _ in doses], [a for _, a in doses])
    fine = engine.simulate(
        axis.kernel(), p, y, times=WEEKS, events=events, options=engine.Options(rtol=1e-6, atol=1e-8)
    )
    assert scaled(fine.values, exact) < 1e-4
    usual = engine.simulate(axis.kernel(), p, y, times=WEEKS, events=events)
    endpoints = [axis.system().state_index(n) for n in ("infl", "igg", "aas", "aal", "c3") if n in axis.system().states]
    assert scaled(usual.values[:, -1, endpoints], exact[:, -1, endpoints]) < 1e-3


RITUXIMAB = [(0.0, 1000.0), (14.0, 1000.0)]
FENEBRUTINIB = [(d / 2, 200.0) for d in range(56)]


def test_depleting_antibody_and_inhibitor() -> None:
    check(1, "rituximab", "iv", RITUXIMAB)
    check(1, "fenebrutinib", "oral", FENEBRUTINIB[:6])


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("drug", "route", "doses"), [("rituximab", "iv", RITUXIMAB), ("fenebrutinib", "oral", FENEBRUTINIB[:6])]
)
def test_two_hundred_patients(drug: str, route: str, doses: list[tuple[float, float]]) -> None:
    check(200, drug, route, doses)
