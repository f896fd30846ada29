from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from baxis.clinic.therapy import kinetics


def values(n: int = 2) -> dict[str, np.ndarray]:
    one = np.ones(n)
    return {"CL": 40 * one, "V1": 30 * one, "Q1": 20 * one, "V2": 50 * one, "ka": 12 * one, "F": 0.7 * one}


def test_profile_agrees_with_the_differential_equations() -> None:
    v = {k: float(x[0]) for k, x in values().items()}
    pk = kinetics.micro_constants(values())
    shape = kinetics.profile(pk, np.full(2, 10.0), 0.5, np.arange(0, 3.1, 0.5), 2.0)

    def rhs(_: float, y: np.ndarray) -> list[float]:
        out = v["CL"] / v["V1"] * y[1] + v["Q1"] / v["V1"] * y[1] - v["Q1"] / v["V2"] * y[2]
        return [-v["ka"] * y[0], v["ka"] * y[0] - out, v["Q1"] / v["V1"] * y[1] - v["Q1"] / v["V2"] * y[2]]

    y, nodes = np.zeros(3), (np.polynomial.legendre.leggauss(kinetics.NODES)[0] + 1) * 0.25
    for k in range(6):
        if k * 0.5 < 2.0:
            y = y + np.array([10 * v["F"], 0, 0])
        sol = solve_ivp(rhs, (0, 0.5), y, t_eval=[*nodes, 0.5], rtol=1e-10, atol=1e-12, method="LSODA")
        assert shape.conc[0, k] == pytest.approx(sol.y[1, :-1] / v["V1"], rel=1e-6)
        y = sol.y[:, -1]


def test_steady_state_average_is_dose_over_clearance() -> None:
    pk = kinetics.micro_constants(values())
    edges = kinetics.grid(0.5, 60, 60)
    shape = kinetics.profile(pk, np.full(2, 10.0), 0.5, edges, 60)
    assert shape.mean(shape.conc)[0, -1] == pytest.approx(2 * 10 * 0.7 / 40, rel=1e-6)


def test_averaged_inhibition_lies_below_that_of_the_average() -> None:
    """Jensen: a fluctuating concentration inhibits less on average than its mean would."""
    pk = kinetics.micro_constants(values())
    shape = kinetics.profile(pk, np.full(2, 10.0), 0.5, kinetics.grid(0.5, 60, 60), 60)
    d = kinetics.reversible_input(shape, 5.0)[0, -1]
    assert 0 < d < 5.0 * shape.mean(shape.conc)[0, -1]


def test_wash_out_goes_to_zero() -> None:
    pk = kinetics.micro_constants(values())
    edges = kinetics.grid(0.5, 120, 60)
    shape = kinetics.profile(pk, np.full(2, 10.0), 0.5, edges, 60)
    assert kinetics.reversible_input(shape, 5.0)[0, -1] < 1e-3


def test_zero_dose_gives_exactly_zero() -> None:
    pk = kinetics.micro_constants(values())
    shape = kinetics.profile(pk, np.zeros(2), 0.5, kinetics.grid(0.5, 30, 30), 30)
    assert np.all(kinetics.reversible_input(shape, 5.0) == 0.0)
    assert np.all(kinetics.covalent_input(shape, 100.0, 1.0) == 0.0)
