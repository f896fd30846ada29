"""Rung 1: healthy and each disease rest at published baselines and stay there for five untreated years."""

from __future__ import annotations

import numpy as np

from baxis.axis.assembly import model, resting, vector
from baxis.axis.checks.rungs import Check, judge
from baxis.axis.tables import observables

YEARS = 5.0


def rows(table: list[dict[str, str]]) -> list[Check]:
    """Judged rows; a read-out `a/b` is a ratio, `drift` the largest relative change of an observable in five years."""
    levels = {d: resting.levels(d) for d in dict.fromkeys(r["disease"] for r in table)}
    out = []
    for row in table:
        if row["readout"] == "drift":
            value = drift(row["disease"])
        else:
            value = read(levels[row["disease"]], row["readout"])
            value = measured(row["readout"], value) if row["unit"] != "x healthy" else value
        out.append(judge(row, "rest", value, row["unit"]))
    return out


def read(levels: dict[str, float], readout: str) -> float:
    """A level, or the ratio of two."""
    top, _, bottom = readout.partition("/")
    return levels[top] / (levels[bottom] if bottom else 1.0)


def measured(readout: str, value: float) -> float:
    """A level in the observable's measured unit."""
    return float(observables.find(readout).measured(value))


def drift(disease: str) -> float:
    """Largest relative change of any observable (damage apart) over five years from the typical rest."""
    from baxis.engine import Options, simulate

    names = [n for n in observables.outputs() if n != "dam"]
    run = simulate(
        model.kernel(), vector.vector(disease)[None], resting.rest(disease)[None],
        times=[0.0, 365.0, 365.0 * YEARS], outputs=names, options=Options(atol=1e-6, threads=1),
    )  # fmt: skip
    course = run.values[0]
    return float(np.max(np.abs(course - course[0]) / (1e-3 + np.abs(course[0]))))
