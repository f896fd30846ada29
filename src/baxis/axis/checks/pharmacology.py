"""Rung 4: pharmacology in people, the typical patient of each disease treated dose by dose."""

from __future__ import annotations

import numpy as np

from baxis.axis.checks.rungs import Check, judge
from baxis.axis.dosing import treatment
from baxis.axis.dosing.treatment import Trajectory
from baxis.axis.tables import observables
from baxis.core.errors import UnknownName

UNITS = {"fold": "fold", "level": "", "change": "", "recover": "h"}
DAILY = ("bid", "qd", "tid")


def rows(table: list[dict[str, str]]) -> list[Check]:
    """Judged rows; each treatment is simulated once, to the longest week that any of its rows needs."""
    need: dict[tuple[str, str], tuple[float, set[str]]] = {}
    for row in table:
        week, names = need.get((row["disease"], row["treatment"]), (0.0, set()))
        extra = 10.0 if row["measure"] == "recover" else 0.0
        key = (row["disease"], row["treatment"])
        need[key] = (max(week, float(row["week"]) + extra), names | {row["readout"]})
    courses = {k: simulated(k[0], k[1], week, sorted(names)) for k, (week, names) in need.items()}
    return [judge(r, "pharmacology", value(r, courses[r["disease"], r["treatment"]]), _unit(r)) for r in table]


def simulated(disease: str, text: str, weeks: float, names: list[str]) -> Trajectory:
    """Course of one treatment; oral daily drugs are followed in half-day steps, as trough and mean are asked for."""
    step = 0.125 if text.split()[-1] in DAILY or " qd " in f" {text} " else 7.0
    return treatment.course(disease, [text], weeks, names, step)


def _unit(row: dict[str, str]) -> str:
    measure = row["measure"]
    if measure in ("level", "change"):
        return observables.find(row["readout"]).unit
    return "week" if measure.startswith("return") else UNITS.get(measure, "%")


def value(row: dict[str, str], course: Trajectory) -> float:
    """The row's measure of its read-out at its week."""
    y, weeks, at = course.of(row["readout"]), course.days / 7.0, float(row["week"])
    now = float(np.interp(at, weeks, y))
    before = weeks <= at + 1e-9
    last = (weeks > at - 4.0) & before if at > 4 else (weeks > at - 1.0) & before
    measures = {
        "percent": lambda: 100 * (now / y[0] - 1),
        "mean_percent": lambda: 100 * (float(y[last].mean()) / y[0] - 1),
        "peak_percent": lambda: 100 * (float(y[before].max()) / y[0] - 1),
        "nadir_percent": lambda: 100 * (float(y[before].min()) / y[0] - 1),
        "fold": lambda: now / y[0],
        "level": lambda: float(observables.find(row["readout"]).measured(now)),
        "change": lambda: float(observables.find(row["readout"]).measured(now - y[0])),
        "inhibition": lambda: 100 * (1 - float(y[last].mean()) / y[0]),
        "trough_inhibition": lambda: 100 * (1 - float(y[last].max()) / y[0]),
        "recover": lambda: half_life(weeks, y),
    }
    if row["measure"].startswith("return"):
        return back(weeks, y, float(row["measure"].removeprefix("return")) / 100)
    if row["measure"] not in measures:
        raise UnknownName("measure of a pharmacology row", row["measure"], measures)
    return measures[row["measure"]]()


def back(weeks: np.ndarray, y: np.ndarray, share: float) -> float:
    """Week when a depleted count is back to a share of its baseline (the end of the course if it is not)."""
    nadir = int(np.argmin(y))
    later = np.flatnonzero(y[nadir:] >= share * y[0])
    return float(weeks[nadir + later[0]]) if later.size else float(weeks[-1])


def half_life(weeks: np.ndarray, y: np.ndarray) -> float:
    """Half-life (h) of lost activity after the last dose: from the slope of log(1 - y) over the last five weeks."""
    occupied = np.maximum(y[0] - y, 1e-12)
    keep = (weeks > 3.0) & (occupied > 0.02)
    slope = np.polyfit(weeks[keep] * 168.0, np.log(occupied[keep]), 1)[0]
    return float(np.log(2) / -slope)
