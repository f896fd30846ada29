"""The calibration problem of the first rungs in PEtab version 2, so that others can refit it with their tools."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from ...core.errors import InvalidValue, UnknownName
from . import kinetics, pharmacodynamics, signalling
from .problem import Problem, write

__all__ = ["Problem", "export_petab", "names", "problem"]


def names() -> tuple[str, ...]:
    """Names of the problems: signalling, kinetics, and pharmacodynamics of each disease."""
    return ("signalling", "kinetics", *(f"pharmacodynamics-{d}" for d in pharmacodynamics.diseases()))


def problem(name: str) -> Problem:
    """One problem by name. UnknownName with the nearest."""
    if name not in names():
        raise UnknownName("PEtab problem", name, names())
    rung, _, disease = name.partition("-")
    if rung == "pharmacodynamics":
        return pharmacodynamics.problem(disease)
    return (signalling if rung == "signalling" else kinetics).problem()


def export_petab(folder: str | Path, wanted: tuple[str, ...] = ()) -> list[Path]:
    """Write problems (default: all) into a new or empty folder, all or nothing; returns their YAML files.

    Raises UnknownName for a problem that there is not, InvalidValue for a folder with something in it.
    """
    target = Path(folder)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise InvalidValue("--out", str(target), "a new or empty folder")
    problems = [problem(n) for n in wanted or names()]
    target.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        for p in problems:
            write(p, work / p.name)
        work.chmod(0o755)
        if target.exists():
            target.rmdir()
        work.replace(target)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise
    return [target / p.name / "problem.yaml" for p in problems]
