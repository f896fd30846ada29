"""A virtual trial: screen virtual patients, simulate every arm, measure at visits, judge by the trial's endpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Unpack

from baxis.clinic.conduct.settings import Changes, Settings, settle
from baxis.clinic.conduct.simulate import simulate
from baxis.clinic.design.design import Design
from baxis.clinic.design.read import read_design
from baxis.clinic.face import TrialResult
from baxis.clinic.result.summarise import summarise


def run_trial(trial: str | Path | Design, settings: Settings | None = None, **changes: Unpack[Changes]) -> TrialResult:
    """Simulate a trial: a shipped trial id, the path of a design TOML, or a Design.

    changes: fields of Settings, e.g. `patients=1000, seed=1, threads=2`. Returns a TrialResult whose `.arms` and
    `.contrasts` are pandas tables, `.trajectories` an xarray Dataset with units, and `.plot()` a figure.
    Raises BaxisError (UnknownName, InvalidValue, Faults) for bad input, before anything is simulated.
    """
    chosen = settle(settings, changes)
    design = trial if isinstance(trial, Design) else read_design(trial, chosen.evidence)
    return TrialResult.of(summarise(simulate(design, chosen)))
