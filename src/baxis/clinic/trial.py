"""A virtual trial: screen virtual patients, simulate every arm, measure at visits, judge by the trial's endpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Unpack

import numpy as np
from numpy.typing import NDArray

from baxis.clinic.conduct.arms import run_arm
from baxis.clinic.conduct.laboratory import Laboratory
from baxis.clinic.conduct.settings import Changes, Settings, settle
from baxis.clinic.design.design import Design
from baxis.clinic.design.read import read_design
from baxis.clinic.face import TrialResult
from baxis.clinic.result.summarise import summarise

Array = NDArray[np.float64]


def run_trial(trial: str | Path | Design, settings: Settings | None = None, **changes: Unpack[Changes]) -> TrialResult:
    """Simulate a trial: a shipped trial id, the path of a design TOML, or a Design.

    changes: fields of Settings, e.g. `patients=1000, seed=1, threads=2`. Returns a TrialResult whose `.arms` and
    `.contrasts` are pandas tables, `.trajectories` an xarray Dataset with units, and `.plot()` a figure.
    Raises BaxisError (UnknownName, InvalidValue, Faults) for bad input, before anything is simulated.
    """
    chosen = settle(settings, changes)
    design = trial if isinstance(trial, Design) else read_design(trial, chosen.evidence)
    lab = Laboratory(design, chosen)
    people, screened = lab.screen()
    runs = [run_arm(lab, arm, people) for arm in design.arms]
    visits = [lab.measure(people, run) for run in runs]
    return TrialResult.of(summarise(design, lab.tool, people, (runs, visits), screened, chosen))
