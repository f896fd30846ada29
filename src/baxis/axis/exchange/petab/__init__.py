"""The calibration problem of the first rungs in PEtab version 2, so that others can refit it with their tools."""

from __future__ import annotations

from pathlib import Path

from baxis.axis.exchange.petab import kinetics, pharmacodynamics, signalling
from baxis.axis.exchange.petab.problem import Problem, write
from baxis.core.errors import UnknownName
from baxis.core.storing.folders import whole

KIND = "baxis export petab"  # of a folder that `export_petab` writes
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
    """Write problems (default: all) into a new or empty folder, or over earlier ones, all or nothing; returns their YAML files.

    Raises UnknownName for a problem that there is not, InvalidValue for a folder with files that baxis did not write.
    """
    problems = [problem(n) for n in wanted or names()]

    def put(work: Path) -> None:
        for p in problems:
            write(p, work / p.name)

    target = whole(folder, KIND, put)
    return [target / p.name / "problem.yaml" for p in problems]
