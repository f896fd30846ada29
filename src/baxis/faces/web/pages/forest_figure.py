"""Forest plot of a meta-analysis as Plotly data: comparisons by group, pooled effects as diamonds."""

from __future__ import annotations

from typing import Any

from baxis.evidence.meta.run import MetaResult
from baxis.faces.web.trial.trial_plots import roomy

BLUE, INK = "#0072b2", "#16222e"


def unit(m: MetaResult) -> tuple[str, float]:
    """Unit as shown and the factor to it: a risk difference is shown in percentage points."""
    return (", percentage points", 100.0) if m.scale == "RD" else ("", 1.0)


def shown(m: MetaResult, value: float) -> str:
    """A value on its scale: percentage points with one decimal, else two."""
    factor = unit(m)[1]
    return f"{factor * value:.{1 if factor > 1 else 2}f}"


def forest(m: MetaResult) -> dict[str, Any]:
    """Squares by weight with 95 % intervals, group by group, each with its pooled diamond, all of them last."""
    scale = unit(m)[1]
    rows = _rows(m)
    place = list(range(len(rows)))
    data: list[dict[str, Any]] = []
    for y, (name, r, whole) in zip(place, rows, strict=True):
        line = {"color": BLUE if whole else INK, "width": 3 if whole else 1.3}
        ends = [scale * r["ci_low"], scale * r["ci_high"]]
        data.append({"x": ends, "y": [y, y], "mode": "lines", "line": line, "hoverinfo": "skip"})
        size = 13 if whole else 5 + min(10.0, 0.6 * r["weight"])
        marker = {"symbol": "diamond" if whole else "square", "size": size, "color": line["color"]}
        text = f"{name}: {shown(m, r['estimate'])} ({shown(m, r['ci_low'])} to {shown(m, r['ci_high'])})"
        data.append(
            {
                "x": [scale * r["estimate"]],
                "y": [y],
                "mode": "markers",
                "marker": marker,
                "text": [text],
                "hoverinfo": "text",
            }
        )
    null = 1.0 if m.effects.is_log else 0.0
    layout = {
        "height": 90 + 25 * len(rows), "showlegend": False, "margin": {"l": 10, "r": 16, "t": 8, "b": 56},
        "xaxis": {"title": {"text": _title(m, ", "), "font": {"size": 11.5}},
                  "type": "log" if m.effects.is_log else "linear", "zeroline": False, "gridcolor": "#eef1f4", "automargin": True,
                  "range": roomy([*data, {"x": [null]}], log=m.effects.is_log)},
        "yaxis": {"autorange": "reversed", "automargin": True, "tickvals": place, "ticktext": [n for n, _, _ in rows],
                  "showgrid": False, "zeroline": False},
        "shapes": [{"type": "line", "x0": null, "x1": null, "yref": "paper", "y0": 0, "y1": 1, "line": {"color": "#7d8994", "width": 1}}],
    }  # fmt: skip
    s = m.summary()[-1]
    said = f"{m.query.endpoint}: {m.scale_name} {shown(m, s['estimate'])}, {shown(m, s['ci_low'])} to {shown(m, s['ci_high'])}"
    narrow = {"font": {"size": 9.5}, "xaxis": {"title": {"text": _title(m, ",<br>"), "font": {"size": 10}}}}
    return {"data": data, "layout": layout, "label": said, "narrow": narrow}


def _title(m: MetaResult, between: str) -> str:
    """Scale and unit, and which side favours whom."""
    sides = ("favours placebo", "favours drug")[:: 1 if m.benefit > 0 else -1]
    return f"{m.scale_name}{unit(m)[0]}" + (f"<br>left {sides[0]}{between}right {sides[1]}" if m.benefit else "")


def _rows(m: MetaResult) -> list[tuple[str, dict[str, Any], bool]]:
    """From the top: label, numbers, whether pooled."""
    pools = {s["group"]: s for s in m.summary()}
    rows: list[tuple[str, dict[str, Any], bool]] = []
    for group in dict.fromkeys(m.groups):
        mine = [r for r in m.table() if r["group"] == group]
        rows += [(f"{r['label']} · {r['drug']}", r, False) for r in mine]
        if m.by_group is not None and len(mine) > 1:
            rows.append((f"<b>{group}</b>", pools[group], True))
    return [*rows, ("<b>All</b>", pools["all"], True)]
