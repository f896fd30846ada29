"""Rung 5: direction and rough size of each drug on each inflammation arm at steady dosing."""

from __future__ import annotations

from baxis.axis.assembly import resting
from baxis.axis.checks.pharmacology import simulated
from baxis.axis.checks.rungs import Check, judge
from baxis.axis.dosing.treatment import Trajectory

ARMS = ("armC", "armT", "armI", "armB", "armN", "last", "infl")


def rows(table: list[dict[str, str]]) -> list[Check]:
    """Judged rows: percent change of the arm, mean of the last four weeks before the row's week."""
    courses: dict[tuple[str, str], Trajectory] = {}
    out = []
    for row in table:
        key = (row["disease"], row["treatment"])
        if key not in courses:
            courses[key] = simulated(*key, float(row["week"]), list(ARMS))
        out.append(judge(row, "arms", change(row["disease"], courses[key], row["readout"]), "%"))
    return out


def change(disease: str, course: Trajectory, arm: str) -> float:
    """Percent change of an arm from the typical rest, mean of the last four weeks (background inputs act at once)."""
    start = resting.levels(disease)[arm]
    return 100 * (float(course.of(arm)[course.days >= course.days[-1] - 28].mean()) / start - 1)
