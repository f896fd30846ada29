"""Figures of the reports that no lower layer draws: contrasts of one drug or disease as a forest without pooling."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...evidence.figures.style import BLUE, GREY, ORANGE, new_figure, rc

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAMES = {
    "risk_difference": ("difference in responders, percentage points", 100.0),
    "mean_difference": ("difference in mean change, points of the endpoint", 1.0),
    "log_hazard_ratio": ("log hazard ratio", 1.0),
}
MOST = 40  # rows a figure can hold and stay readable


def contrasts_figure(rows: pd.DataFrame, by: str = "disease") -> Figure:
    """One panel a scale; each published contrast turned so that right is benefit. `by`: what stands before the trial's name."""
    rows = rows.sort_values([by, "trial_id", "arm_id"])
    scales = [s for s in NAMES if (rows["scale"] == s).any()]
    heights = [min(MOST, int((rows["scale"] == s).sum())) + 2.5 for s in scales]
    with rc():
        figure = new_figure(8.6, 0.21 * sum(heights) + 0.5 * len(scales))
        figure.set_layout_engine("constrained")
        axes = figure.subplots(len(scales), 1, squeeze=False, height_ratios=heights)[:, 0]
        for ax, scale in zip(axes, scales, strict=True):
            _panel(ax, rows[rows["scale"] == scale], scale, by)
        figure.draw_without_rendering()  # the layout is settled under this style
    return figure


def _panel(ax: Axes, rows: pd.DataFrame, scale: str, by: str) -> None:
    name, unit = NAMES[scale]
    left = len(rows) - MOST
    rows = rows.head(MOST)
    y = np.arange(len(rows))[::-1]
    sign = unit * rows["benefit_sign"].to_numpy(float)
    value, low, high = (sign * rows[c].to_numpy(float) for c in ("value", "ci_low", "ci_high"))
    colour = [GREY if r == "validation" else BLUE for r in rows["role"]]
    ax.axvline(0, color=ORANGE, lw=0.8)
    ax.hlines(y, np.minimum(low, high), np.maximum(low, high), color=colour, lw=1.2)
    ax.scatter(value, y, color=colour, s=16, zorder=3)
    ax.set_yticks(y)
    ax.set_yticklabels([f"{r[by]}  {r['trial_id']} {r['arm_id']}, {r['endpoint']}" for r in rows.to_dict("records")])
    more = f"; {left} more not drawn" if left > 0 else ""
    ax.set_xlabel(f"{name}; right of the line helps; grey: trials kept for validation{more}")
    ax.set_ylim(-0.8, len(rows) - 0.2)
    ax.spines[["top", "right"]].set_visible(False)
