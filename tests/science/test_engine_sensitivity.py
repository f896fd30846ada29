"""Sensitivities of the shipped model against finite differences of sixth order, across two infusions of rituximab."""

from __future__ import annotations

import numpy as np
import pytest

from baxis import axis, engine

TO = ("k_19", "k_22")
TIMES = np.arange(0, 169, 28.0)


@pytest.mark.nightly
def test_slopes_of_the_axis_agree_with_finite_differences() -> None:
    system, p, y = axis.system(), axis.parameters("SLE").copy(), axis.rest("SLE")
    drug = axis.drug("rituximab")
    for name, value in axis.slot_parameters(drug, 1).items():
        p[system.parameter_index(name)] = value
    doses = engine.bolus(axis.dose_state(drug, 1, "iv"), [0.0, 14.0], [1000.0, 1000.0])
    kernel = engine.compile(engine.with_sensitivities(system, TO))
    found = engine.sensitivities(kernel, p, y, times=TIMES, events=doses, options=engine.Options(rtol=1e-8, atol=1e-10))
    plain = engine.compile(system, method="rodas5p")
    for k, name in enumerate(TO):
        index = system.parameter_index(name)
        at = p[index]
        rows = np.tile(p, (6, 1))
        rows[:, index] = at * (1 + 0.01 * np.array([1, -1, 2, -2, 3, -3]))
        runs = engine.simulate(
            plain, rows, y, times=TIMES, events=doses, options=engine.Options(rtol=1e-11, atol=1e-13)
        ).values
        weights = np.array([45, -45, -9, 9, 1, -1]) / (0.6 * at)
        expected = np.tensordot(weights, runs, axes=1)
        scaled = np.abs(found.slopes[0, :, :, k] - expected) * at / (0.01 + np.abs(found.values[0]))
        assert scaled.max() < 1e-6
