"""The exported SBML, run by libRoadRunner, agrees with the engine within 1e-4."""

from __future__ import annotations

import numpy as np
import pytest

from baxis import engine

roadrunner = pytest.importorskip("roadrunner", reason="libRoadRunner is not installed")

MODEL = """model signalling()
  species R in c, RL in c, L in c; compartment c; c = 1.5
  bind: R + L -> RL; c*(kon*R*L - koff*RL); clear: L -> ; c*kel*L
  active := RL^hill/(0.3^hill + RL^hill)
  p' = 50*(active*(1 - p) - 0.4*p/(0.2 + p)); q' = 0.05*(ln(1 + p) - q) + 0.01*sin(time/3)
  R = 1; RL = 0; L = 2; p = 0; q = 0.1; kon = 3; koff = 0.2; kel = 0.1; hill = 1.6
end"""


def test_exported_model_runs_in_libroadrunner() -> None:
    system = engine.load_antimony(MODEL)
    times = np.linspace(0, 60, 61)
    ours = engine.simulate(engine.compile(system), times=times, options=engine.Options(rtol=1e-8, atol=1e-10))
    rr = roadrunner.RoadRunner(system.to_sbml())
    rr.integrator.relative_tolerance, rr.integrator.absolute_tolerance = 1e-10, 1e-12
    floating = set(rr.model.getFloatingSpeciesIds())
    rr.timeCourseSelections = ["time", *(f"[{n}]" if n in floating else n for n in system.states)]
    theirs = np.asarray(rr.simulate(times=times.tolist()))[:, 1:]
    np.testing.assert_allclose(ours.values[0], theirs, rtol=1e-4, atol=1e-6)
