"""Trajectories of a result as labelled arrays with units, and visits as a tidy table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from baxis import axis

if TYPE_CHECKING:
    import xarray

    from baxis.clinic.result.trial_record import TrialRecord


def dataset(result: TrialRecord) -> xarray.Dataset:
    """xarray Dataset with dims (arm, patient, day): observables in measured units, then the instrument's measures."""
    import xarray as xr

    dims = ("arm", "patient", "day")
    first = result.runs[0]
    data = {}
    for name, info in axis.outputs().items():
        values = np.stack([info.measured(run.outputs[name]) for run in result.runs])
        data[name] = (dims, values, {"units": info.unit, "long_name": info.label})
    for name, unit in result.units.items():
        data[name] = (dims, np.stack([v[name] for v in result.measured]), {"units": unit, "long_name": name})
    coords = {
        "arm": [run.arm.arm_id for run in result.runs],
        "patient": result.patients["patient"].to_numpy(),
        "day": ("day", first.days, {"units": "day"}),
    }
    return xr.Dataset(
        data, coords=coords, attrs={"trial_id": result.design.trial_id, "notice": result.recipe["notice"]}
    )


def tidy(result: TrialRecord) -> pd.DataFrame:
    """One row a patient, arm, visit and measure, in the order arm, measure, patient, day."""
    ids = result.patients["patient"].to_numpy()
    frames = []
    for run, visits in zip(result.runs, result.measured, strict=True):
        for name, unit in result.units.items():
            values = visits[name]
            frames.append(
                pd.DataFrame(
                    {
                        "arm_id": run.arm.arm_id,
                        "patient": np.repeat(ids, visits.days.size),
                        "day": np.tile(visits.days, ids.size),
                        "measure": name,
                        "value": values.ravel(),
                        "unit": unit,
                    }
                )
            )
    return pd.concat(frames, ignore_index=True)
