"""Figures of the reports that no lower layer draws: contrasts of one drug or disease as a forest without pooling."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from baxis.evidence.figures.style import BLUE, GREY, ORANGE, new_figure, rc

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAMES = {
    "risk_difference": ("difference in responders, percentage points", 100.0),
    "mean_difference": ("difference in mean change, points of the endpoint", 1.0),
    "log_hazard_ratio": ("log hazard ratio", 1.0),
}
MOST = 38  # rows a figure can hold and still fit a page


def contrasts_figures(rows: pd.DataFrame, by: str = "disease") -> list[Figure]:
    """Every published contrast, turned so that right is benefit: panels of one scale, as many figures as fit a page each.

    by: what stands before the trial's name.
    """
    rows = rows.sort_values([by, "trial_id", "arm_id"])
    out: list[list[tuple[str, pd.DataFrame]]] = []
    free = 0
    for scale, part in _panels(rows):
        if len(part) + 3 > free:
            out.append([])
            free = MOST + 3
        out[-1].append((scale, part))
        free -= len(part) + 3
    return [_figure(panels, by) for panels in out]


def _panels(rows: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Rows of one scale, parted evenly where they are too many for a page."""
    for scale in NAMES:
        mine = rows[rows["scale"] == scale]
        parts = -(-len(mine) // MOST)
        for k in range(parts):
            yield scale, mine.iloc[k * len(mine) // parts : (k + 1) * len(mine) // parts]


def _figure(panels: list[tuple[str, pd.DataFrame]], by: str) -> Figure:
    heights = [len(part) + 2.5 for _, part in panels]
    with rc():
        figure = new_figure(8.6, 0.21 * sum(heights) + 0.5 * len(panels))
        figure.set_layout_engine("constrained")
        axes = figure.subplots(len(panels), 1, squeeze=False, height_ratios=heights)[:, 0]
        for ax, (scale, part) in zip(axes, panels, strict=True):
            _panel(ax, part, scale, by)
        figure.draw_without_rendering()  # the layout is settled under this style
    return figure


def _panel(ax: Axes, rows: pd.DataFrame, scale: str, by: str) -> None:
    name, unit = NAMES[scale]
    y = np.arange(len(rows))[::-1]
    sign = unit * rows["benefit_sign"].to_numpy(float)
    value, low, high = (sign * rows[c].to_numpy(float) for c in ("value", "ci_low", "ci_high"))
    colour = [GREY if r == "validation" else BLUE for r in rows["role"]]
    ax.axvline(0, color=ORANGE, lw=0.8)
    ax.hlines(y, np.minimum(low, high), np.maximum(low, high), color=colour, lw=1.2)
    ax.scatter(value, y, color=colour, s=16, zorder=3)
    ax.set_yticks(y)
    told = rows.assign(endpoint=rows["endpoint"].str.replace("_", " ")).to_dict("records")
    ax.set_yticklabels([f"{r[by]}: {r['trial_id']} {r['arm_id']}, {r['endpoint']}" for r in told], fontsize=7.5)
    ax.set_xlabel(name)
    ax.set_ylim(-0.8, len(rows) - 0.2)
    ax.spines[["top", "right"]].set_visible(False)
