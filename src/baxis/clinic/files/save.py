"""Results on disk: result.json (stable field names), tidy Parquet, PNG figures; a folder is whole or not there."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from baxis import axis
from baxis.clinic.result import on_drug as therapy
from baxis.clinic.result import trajectories
from baxis.clinic.result import trial_figures as figures
from baxis.clinic.result.trial_record import TrialRecord
from baxis.clinic.statistics.intervals import PARTS
from baxis.core.plain import finite, to_json
from baxis.core.storing.folders import whole

if TYPE_CHECKING:
    pass

if TYPE_CHECKING:
    from baxis.clinic.result.trial_record import TrialRecord

KIND = "baxis trial"  # of a folder that `save` writes
FIGURES = ("endpoint.png", "biomarkers.png", "survival.png")
_ARM_FIELDS = (
    "arm_id",
    "n_published",
    "n_simulated",
    "endpoint",
    "week",
    "value",
    "pi50",
    "pi90",
    *PARTS,
    "published",
    "published_ci",
)


def plain(result: TrialRecord) -> dict[str, Any]:
    """Plain data of result.json."""
    arms = [{k: row[k] for k in _ARM_FIELDS} for row in result.arms.to_dict("records")]
    return finite(
        {
            "trial": {
                "trial_id": result.design.trial_id,
                "disease": result.design.disease,
                "weeks": result.design.weeks,
                "screen_failure_share": result.screen_failure_share,
            },
            "arms": arms,
            "contrasts": result.contrasts.to_dict("records"),
            "safety": result.safety.to_dict("records"),
            "baseline": result.baseline.to_dict("records"),
            "matched": _matched(result),
            "conduct": result.conduct.to_dict("records"),
            "survival": result.survival.to_dict("records"),
            "failures": result.failures,
            "recipe": result.recipe,
        }
    )


def _matched(result: TrialRecord) -> dict[str, Any] | None:
    """What the matching did, None where patients were taken as they came."""
    m = result.matched
    return None if m is None else {**asdict(m), "enough": m.enough}


def dumps(result: TrialRecord) -> str:
    """result.json as text: keys in order, two-space indent, one trailing newline."""
    return to_json(plain(result), 2) + "\n"


def save(result: TrialRecord, folder: Path) -> Path:
    """Write result.json, Parquet tables and figures, all or nothing; a figure that fails costs only itself."""

    def write(work: Path) -> None:
        (work / "result.json").write_text(dumps(result), encoding="utf-8")
        result.arms.to_parquet(work / "arms.parquet", index=False)
        result.contrasts.to_parquet(work / "contrasts.parquet", index=False)
        result.patients.to_parquet(work / "patients.parquet", index=False)
        result.safety.to_parquet(work / "safety.parquet", index=False)
        for name in ("baseline", "conduct", "survival"):
            getattr(result, name).to_parquet(work / f"{name}.parquet", index=False)
        trajectories.tidy(result).to_parquet(work / "visits.parquet", index=False)
        courses_table(result).to_parquet(work / "trajectories.parquet", index=False)
        therapy.courses_table(result).to_parquet(work / "courses.parquet", index=False)
        therapy.decisions_table(result).to_parquet(work / "decisions.parquet", index=False)
        (work / "saved.json").write_text(to_json(record(result), 1) + "\n", encoding="utf-8")

    return whole(folder, KIND, write, figures.drawings(result))


FORMAT = "baxis-result-1"


def record(result: TrialRecord) -> dict[str, Any]:
    """Plain data of saved.json: what the tables do not hold."""
    return {
        "format": FORMAT,
        "design": result.design.model_dump(mode="json"),
        "screened": result.screened,
        "units": result.units,
    }


def courses_table(result: TrialRecord) -> pd.DataFrame:
    """Observables in measured units, one row an arm, patient and visit; status 0 where the simulation ran to the end."""
    ids = result.patients["patient"].to_numpy()
    frames = []
    for run in result.runs:
        columns: dict[str, Any] = {
            "arm_id": run.arm.arm_id,
            "patient": np.repeat(ids, run.days.size),
            "day": np.tile(run.days, ids.size),
            "status": np.repeat(run.status, run.days.size),
        }
        measured = {n: info.measured(run.outputs[n]).ravel() for n, info in axis.outputs().items()}
        frames.append(pd.DataFrame(columns | measured))
    return pd.concat(frames, ignore_index=True)
