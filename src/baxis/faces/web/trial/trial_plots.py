"""Figures of the Trial page as Plotly data: endpoint by arm beside published results, biomarkers over time."""

from __future__ import annotations

from typing import Any

import numpy as np

from baxis import axis
from baxis.clinic.face import TrialResult
from baxis.core.showing.palette import COLOURS

DASHES = ("solid", "dash", "dashdot", "dot", "longdash")
SYMBOLS = ("circle", "square", "triangle-up", "cross", "triangle-down")
PANELS = ("bcount", "aas", "igg", "infl")
_AXIS = {"showgrid": False, "zeroline": False, "linecolor": "#8a97a3", "ticks": "outside", "tickcolor": "#8a97a3"}


def labels(result: TrialResult) -> dict[str, str]:
    """Arm id -> how the arm is called on the page."""
    return {a.arm_id: a.arm_label or a.arm_id for a in result.design.arms}


def endpoint(result: TrialResult, published: list[dict[str, Any]]) -> dict[str, Any]:
    """Simulated value with 50 and 90 % intervals by arm, then what trials of the same drugs published."""
    rows: list[Any] = result.arms.to_dict("records")
    percent = rows[0]["kind"] == "proportion"
    scale = 100.0 if percent else 1.0
    called = labels(result)
    data: list[dict[str, Any]] = []
    for k, row in enumerate(rows):
        y = [called[row["arm_id"]]] * 2
        line = {"color": COLOURS[k]}
        data.append({"x": [scale * v for v in row["pi90"]], "y": y, "mode": "lines", "line": line | {"width": 2}})
        data.append({"x": [scale * v for v in row["pi50"]], "y": y, "mode": "lines", "line": line | {"width": 7}})
        marker = {"size": 12, "symbol": SYMBOLS[k], "color": COLOURS[k], "line": {"color": "white", "width": 1.5}}
        data.append({"x": [scale * row["value"]], "y": y[:1], "mode": "markers", "marker": marker})
    for row in published:
        y = [row["label"]] * 2
        if row["ci"]:
            data.append(
                {"x": [scale * v for v in row["ci"]], "y": y, "mode": "lines", "line": {"color": "#444", "width": 1}}
            )
        marker = {"size": 9, "symbol": "diamond-open", "color": "#222"}
        data.append({"x": [scale * row["value"]], "y": y[:1], "mode": "markers", "marker": marker})
    names = [called[r["arm_id"]] for r in rows] + [r["label"] for r in published]
    layout = {
        "height": 110 + 34 * len(names), "showlegend": False, "margin": {"l": 10, "r": 16, "t": 8, "b": 46},
        "xaxis": _AXIS | {"title": {"text": "patients, %" if percent else "points"}, "showgrid": True, "gridcolor": "#eef1f4",
                          "range": roomy(data)},
        "yaxis": {"autorange": "reversed", "automargin": True, "categoryorder": "array", "categoryarray": names},
    }  # fmt: skip
    said = "; ".join(f"{called[r['arm_id']]} {scale * r['value']:.1f}" for r in rows)
    return {
        "data": data,
        "layout": layout,
        "label": f"{rows[0]['endpoint']}: {said}",
        "narrow": {"font": {"size": 10.5}},
    }


def roomy(data: list[dict[str, Any]], log: bool = False) -> list[float]:
    """Ends of an axis that holds all x of the traces with room on both sides, as Plotly takes them (log: powers of ten)."""
    x = np.array([v for trace in data for v in trace["x"] if v is not None and np.isfinite(v)], dtype=float)
    x = np.log10(x[x > 0]) if log else x
    if not x.size:
        return [0.0, 1.0]
    room = 0.04 * (x.max() - x.min()) or 0.5
    return [float(x.min() - room), float(x.max() + room)]


def biomarker(result: TrialResult, name: str) -> dict[str, Any]:
    """Median of an observable over weeks, by arm, the middle half of the patients shaded."""
    known = axis.outputs()[name]
    data: list[dict[str, Any]] = []
    for k, run in enumerate(result.runs):
        values = known.measured(run.outputs[name])[run.status == 0][:, 1:]
        low, middle, high = (q.tolist() for q in np.quantile(values, [0.25, 0.5, 0.75], axis=0))
        weeks = (run.days[1:] / 7.0).tolist()
        band = {
            "x": weeks + weeks[::-1],
            "y": high + low[::-1],
            "fill": "toself",
            "mode": "lines",
            "line": {"width": 0},
        }
        data.append(band | {"fillcolor": f"{COLOURS[k]}22", "hoverinfo": "skip", "showlegend": False})
        line = {"color": COLOURS[k], "dash": DASHES[k], "width": 2.2}
        data.append(
            {"x": weeks, "y": middle, "mode": "lines", "line": line, "name": run.arm.arm_label or run.arm.arm_id}
        )
    unit = "ratio" if known.unit in {"1", "x healthy"} else known.unit
    layout = {
        "height": 260, "margin": {"l": 56, "r": 10, "t": 34, "b": 100}, "showlegend": True,
        "title": {"text": known.label.split(" (")[0].split(", mul")[0], "font": {"size": 13.5}, "x": 0.01, "xanchor": "left"},
        "legend": {"orientation": "h", "y": -0.42, "yanchor": "top", "x": 0, "font": {"size": 11}},
        "xaxis": _AXIS | {"title": {"text": "week", "standoff": 3}},
        "yaxis": _AXIS | {"title": {"text": unit}, "rangemode": "tozero", "showgrid": True, "gridcolor": "#eef1f4"},
    }  # fmt: skip
    return {"data": data, "layout": layout, "label": f"{known.label} over weeks by arm"}


def course_rows(result: TrialResult) -> list[list[str]]:
    """The biomarker figures as a table: baseline and last week, median by arm."""
    rows = []
    for name in PANELS:
        known = axis.outputs()[name]
        for run in result.runs:
            middle = np.median(known.measured(run.outputs[name])[run.status == 0], axis=0)
            unit = "ratio" if known.unit == "1" else known.unit
            arm = run.arm.arm_label or run.arm.arm_id
            rows.append([known.label, arm, unit, f"{middle[1]:.3g}", f"{middle[-1]:.3g}"])
    return rows
