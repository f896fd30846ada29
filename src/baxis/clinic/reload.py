"""A saved result read again: the same object, so that tables and figures are made anew without a run."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from baxis import axis
from baxis._version import __version__
from baxis.clinic.conduct.arm_run import ArmRun
from baxis.clinic.face import TrialResult
from baxis.clinic.files.save import FORMAT
from baxis.clinic.instruments import Visits
from baxis.clinic.people.matched import Matched
from baxis.clinic.result import on_drug as therapy
from baxis.core import library
from baxis.core.errors import BaxisError, BaxisWarning, InvalidValue
from baxis.core.storing import folders
from baxis.core.storing.text_files import json_of

if TYPE_CHECKING:
    from baxis.clinic.design.design import Design

TABLES = ("arms", "contrasts", "safety", "baseline", "conduct", "survival")
FILES = ("saved.json", "result.json", "patients.parquet", "visits.parquet", "trajectories.parquet",
         *(f"{n}.parquet" for n in TABLES))  # fmt: skip


def load_result(folder: str | Path) -> TrialResult:
    """The result that `TrialResult.save` (or `baxis trial --out`) wrote into a folder.

    Intervals and tables are those of the run, courses and decisions of patients too; nothing is simulated.
    A recipe made by another version, library or model is told as a UserWarning (see `differences`). Raises InvalidValue
    for a folder that holds no whole result.
    """
    path = Path(folder)
    _check(path)
    try:
        return _read(path)
    except BaxisError:
        raise
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, OSError):  # a file cut short or edited
        hurt = ", ".join(folders.changed(path, FILES))
        said = f"{hurt}: not as baxis wrote it" if hurt else "its files do not fit together"
        raise InvalidValue("saved result", f"{path} ({said})", WHOLE, REMEDY) from None


WHOLE = "a whole folder written by `baxis trial --out`"
REMEDY = "run the trial again; its recipe is in result.json"


def _check(path: Path) -> None:
    """A folder with every file. Raises InvalidValue that says what there is instead."""
    lacking = [n for n in FILES if not (path / n).is_file()]
    if not lacking:
        return
    if not path.is_dir():
        held = "a file" if path.exists() else "no such folder"
    elif (path / "large.json").is_file():
        held = "a large trial's blocks"
    else:
        held = f"no {', '.join(lacking[:3])}" + (f" and {len(lacking) - 3} more" if len(lacking) > 3 else "")
    raise InvalidValue(
        "saved result", f"{path} ({held})", "a folder written by `baxis trial --out`", "run the trial again"
    )


def _json(file: Path) -> Any:
    try:
        return json_of(file)
    except InvalidValue as e:
        raise InvalidValue("saved result", f"{e.where} ({e.got})", WHOLE, REMEDY) from None


def _read(path: Path) -> TrialResult:
    if folders.unfinished(path):
        raise InvalidValue(
            "saved result", f"{path} (a run was stopped while it replaced an earlier result)", "a whole folder", REMEDY
        )
    hurt = folders.changed(path, FILES)
    if hurt:
        warnings.warn(f"{path.name}: not as baxis wrote it: {', '.join(hurt)}", BaxisWarning, stacklevel=3)
    saved = _json(path / "saved.json")
    if saved.get("format") != FORMAT:
        raise InvalidValue(
            "format of the saved result", saved.get("format"), FORMAT, "read it with the version that wrote it"
        )
    plain = _json(path / "result.json")
    for line in differences(plain["recipe"]):
        warnings.warn(f"{path.name}: {line}", BaxisWarning, stacklevel=3)
    design, units = _design(saved["design"]), dict(saved["units"])
    runs = _runs(path, design, plain["failures"])
    patients = pd.read_parquet(path / "patients.parquet")
    measured = _visits(path, runs, units, len(patients))
    tables = {n: _table(path / f"{n}.parquet") for n in TABLES}
    return TrialResult(
        design=design, arms=tables["arms"], contrasts=tables["contrasts"], patients=patients, screened=int(saved["screened"]), failures=plain["failures"],
        recipe=plain["recipe"], runs=runs, measured=measured, units=units,
        safety=tables["safety"], baseline=tables["baseline"], conduct=tables["conduct"], survival=tables["survival"], matched=_matched(plain["matched"]),
    )  # fmt: skip


def _matched(data: dict[str, Any] | None) -> Matched | None:
    if data is None:
        return None
    names = tuple(data["matched"]), tuple(data["left_out"])
    return Matched(data["candidates"], data["screened"], data["effective"], *names)


def differences(recipe: dict[str, Any]) -> list[str]:
    """What made a result that is another now: baxis, library, model; empty where a new run would give the same bytes."""
    now = {"baxis": __version__, "library": library.digest(), "model": axis.system().digest}
    changed = {k: str(v)[:16] for k, v in now.items() if recipe.get(k) != v}
    if not changed:
        return []
    was = f"made by baxis {recipe.get('baxis')}" + (f" (this is {changed['baxis']})" if "baxis" in changed else "")
    others = [f"another {k} ({str(recipe.get(k))[:16]}; here {v})" for k, v in changed.items() if k != "baxis"]
    return [f"{was}{' with ' if others else ''}{' and '.join(others)}: a new run may give other numbers"]


def _design(data: dict[str, Any]) -> Design:
    from baxis.clinic.design.design import build

    return build(data, "saved design")


def _runs(path: Path, design: Design, failures: list[dict[str, Any]]) -> list[ArmRun]:
    table = pd.read_parquet(path / "trajectories.parquet")
    out = []
    for arm in design.arms:
        mine = table[table["arm_id"] == arm.arm_id]
        n = mine["patient"].nunique()
        shape = (n, len(mine) // n)
        outputs = {k: mine[k].to_numpy().reshape(shape) / o.healthy for k, o in axis.outputs().items() if k in mine}
        status = mine["status"].to_numpy().reshape(shape)[:, 0].astype(np.int8)
        days = mine["day"].to_numpy().reshape(shape)[0]
        failed = [f for f in failures if f["arm_id"] == arm.arm_id]
        out.append(ArmRun(arm, days, outputs, status, failed, *therapy.read(path, design, arm)))
    return out


def _visits(path: Path, runs: list[ArmRun], units: dict[str, str], n: int) -> list[Visits]:
    table = pd.read_parquet(path / "visits.parquet")
    out = []
    for run in runs:
        mine = table[table["arm_id"] == run.arm.arm_id]
        values = {m: mine.loc[mine["measure"] == m, "value"].to_numpy().reshape(n, -1) for m in units}
        out.append(Visits(run.days, values))
    return out


def _table(file: Path) -> pd.DataFrame:
    """A table with its intervals as lists and nothing as None, as a run gives them."""
    frame = pd.read_parquet(file)
    for name in frame.select_dtypes(exclude="number"):
        frame[name] = [v.tolist() if isinstance(v, np.ndarray) else v for v in frame[name]]
    for name in set(frame.columns) & {"published", "published_ci", "pi50", "pi90"}:
        frame[name] = [None if isinstance(v, float) and v != v else v for v in frame[name]]
    return frame
