"""Results on disk: result.json (stable field names), tidy Parquet, PNG figures; a folder is whole or not there."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.errors import InvalidValue
from ..core.plain import finite, to_json
from .intervals import PARTS

if TYPE_CHECKING:
    from .result import TrialResult

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


def plain(result: TrialResult) -> dict[str, Any]:
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


def _matched(result: TrialResult) -> dict[str, Any] | None:
    """What the matching did, None where patients were taken as they came."""
    m = result.matched
    return None if m is None else {**asdict(m), "enough": m.enough}


def dumps(result: TrialResult) -> str:
    """result.json as text: keys in order, two-space indent, one trailing newline."""
    return to_json(plain(result), 2) + "\n"


def check_folder(folder: Path, own: str = "result.json") -> None:
    """A result goes into a new or empty folder, or over an earlier one of its kind (known by its file `own`)."""
    if folder.exists() and not folder.is_dir():
        raise InvalidValue("--out", str(folder), "a folder, not a file")
    near = next(p for p in (folder.absolute(), *folder.absolute().parents) if p.exists())
    if not near.is_dir() or not os.access(near, os.W_OK | os.X_OK):
        raise InvalidValue("--out", str(folder), f"a folder that can be written (not inside {near})")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / own).is_file():
        allowed = "a new or empty folder, or one that holds an earlier result of this command"
        raise InvalidValue("--out", str(folder), f"{allowed} ({own})")


def save(result: TrialResult, folder: Path) -> Path:
    """Write result.json, Parquet tables and figures, all or nothing."""
    from . import figures, reload, therapy

    def write(work: Path) -> None:
        (work / "result.json").write_text(dumps(result), encoding="utf-8")
        result.arms.to_parquet(work / "arms.parquet", index=False)
        result.contrasts.to_parquet(work / "contrasts.parquet", index=False)
        result.patients.to_parquet(work / "patients.parquet", index=False)
        result.safety.to_parquet(work / "safety.parquet", index=False)
        for name in ("baseline", "conduct", "survival"):
            getattr(result, name).to_parquet(work / f"{name}.parquet", index=False)
        result.visits.to_parquet(work / "visits.parquet", index=False)
        reload.courses_table(result).to_parquet(work / "trajectories.parquet", index=False)
        therapy.courses_table(result).to_parquet(work / "courses.parquet", index=False)
        therapy.decisions_table(result).to_parquet(work / "decisions.parquet", index=False)
        (work / "saved.json").write_text(to_json(reload.record(result), 1) + "\n", encoding="utf-8")
        figures.write(result, work)

    return whole(folder, write)


def whole(folder: Path, write: Callable[[Path], None], own: str = "result.json") -> Path:
    """Write beside `folder` first and move it into place at the end, so that no half result is ever seen.

    own: the file by which an earlier result of this kind is known. Raises InvalidValue as `check_folder`.
    """
    check_folder(folder, own)
    folder.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        write(work)
        work.chmod(0o755)
        _swap(work, folder)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise
    return folder


def _swap(work: Path, folder: Path) -> None:
    """Put the finished folder in place; an earlier result is moved aside first and removed last."""
    old = None
    if folder.exists():
        old = Path(tempfile.mkdtemp(prefix=f".{folder.name}-old-", dir=folder.parent))
        os.replace(folder, old / folder.name)
    os.replace(work, folder)
    if old:
        shutil.rmtree(old, ignore_errors=True)
