"""Rung 2: pathway experiments on the isolated signalling module, all cells in one ensemble."""

from __future__ import annotations

import numpy as np

from baxis.axis.checks.rungs import Check, judge
from baxis.axis.pathway import isolated
from baxis.axis.pathway.isolated import Courses
from baxis.core.errors import UnknownName

COLIGATED = "fcg_lig=3"
CD40L = "ag=0 cd40_in=20"
DOSES = np.geomspace(0.003, 30, 41)
BLOCK = np.geomspace(1e-3, 1e3, 61)


def rows(table: list[dict[str, str]]) -> list[Check]:
    """One judged row for each table row; those outside the model's scope are listed with the reason."""
    inside = [r for r in table if not r["out_of_scope"]]
    wanted: dict[tuple[str, bool], int] = {}
    for row in inside:
        for key in _cells(row):
            wanted.setdefault(key, len(wanted))
    courses = isolated.run([c for c, _ in wanted], primed=[p for _, p in wanted]) if wanted else None
    values = {row["id"]: _value(row, courses, wanted) for row in inside if courses is not None}
    return [judge(row, "pathway", values.get(row["id"]), "1") for row in table]


def _cells(row: dict[str, str]) -> list[tuple[str, bool]]:
    """Conditions (and whether primed) that a row needs."""
    a, b, kind = row["condition"], row["versus"], row["measure"]
    plain = {
        "ratio": [a, b], "value": [a], "residual": [a, b, "rest", _rested(a)], "residual40": [f"{CD40L} {a}", CD40L, "rest", _rested(a)],
        "brake": [a, f"{a} {COLIGATED}", "", COLIGATED], "second": ["", "rest"],
        "ic50": ["", "rest", *(f"{a}={1 / (1 + x):.9g}" for x in BLOCK)],
        "steepness": [*(f"{a} ag={d:.6g}" for d in DOSES), *(f"{b} ag={d:.6g}" for d in DOSES)],
    }  # fmt: skip
    if kind not in plain:
        raise UnknownName("measure of a pathway row", kind, plain)
    cells = [(" ".join(c.split()), False) for c in plain[kind]]
    return cells + ([(a, True)] if kind == "second" else [])


def _rested(condition: str) -> str:
    """The same cell left alone."""
    keep = [p for p in condition.split() if p.split("=")[0] not in isolated.STIMULI]
    return " ".join([*keep, "rest"])


def _value(row: dict[str, str], courses: Courses, at: dict[tuple[str, bool], int]) -> float:
    """The row's statistic: see `_cells` for the conditions behind each measure."""
    s = [statistic(courses, at[key], row["readout"], row["stat"]) for key in _cells(row)]
    kind = row["measure"]
    if kind == "ratio":
        return s[0] / s[1]
    if kind == "value":
        return s[0]
    if kind in ("residual", "residual40"):
        return (s[0] - s[3]) / (s[1] - s[2])
    if kind == "brake":
        return (1 - s[1] / s[0]) / (1 - s[3] / s[2])
    if kind == "second":
        first = s[0] - statistic(courses, at["rest", False], row["readout"], "base")
        return (s[2] - statistic(courses, at[row["condition"], True], row["readout"], "base")) / first
    if kind == "ic50":
        effect = (np.array(s[2:]) - s[1]) / (s[0] - s[1])
        return float(np.interp(-0.5, -effect, BLOCK))
    half = len(DOSES)
    return hill(np.array(s[:half])) / hill(np.array(s[half:]))


def hill(response: np.ndarray) -> float:
    """Steepness of a dose response from its 10 and 90 % doses."""
    y = (response - response[0]) / (response[-1] - response[0])
    low, high = np.interp([0.1, 0.9], y, np.log(DOSES))
    return float(np.log(81) / (high - low))


def statistic(courses: Courses, cell: int, readout: str, stat: str) -> float:
    """`aucN` (0 to N min), `lateN` (N/2 to N), `atN`, `peak`, `t_peak`, `t_half` (half of its own rise within 10 min) or `base`."""
    t, y = courses.minutes, courses.of(cell, readout)
    if stat == "base":
        return float(y[0])
    if stat == "peak":
        return float(y[t <= 60].max())
    if stat == "t_peak":
        return float(t[y.argmax()])
    if stat == "t_half":
        rise = y[: int(y[t <= 10].argmax()) + 1]
        return float(np.interp(0.5 * (rise[0] + rise[-1]), rise, t[: rise.size]))
    number = float(stat.lstrip("auclte"))
    if stat.startswith("at"):
        return float(np.interp(number, t, y))
    keep = (t <= number) & (t >= (number / 2 if stat.startswith("late") else 0))
    return float(np.trapezoid(y[keep], t[keep]))
