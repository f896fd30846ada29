"""The figure of a biomarker ranking."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .biomarkers import Biomarkers

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(result: Biomarkers) -> Figure:
    """Left: correlation with benefit and with the outcome; right: gain in the endpoint above and below the median."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13, 6), layout="constrained")
    left, right = figure.subplots(1, 2)
    table = result.table.iloc[::-1]
    y = np.arange(len(table))
    left.barh(y + 0.18, table["with_benefit"], height=0.36, color="#1f4e79", label="benefit")
    left.barh(y - 0.18, table["with_outcome"], height=0.36, color="#b8b8b8", label="outcome without the drug")
    left.axvline(0, color="#666666", lw=0.8)
    left.set_yticks(y)
    left.set_yticklabels(
        [f"{m}{' *' if q <= 0.05 else ''}" for m, q in zip(table["label"], table["q"], strict=True)], fontsize=8
    )
    left.set_xlabel("rank correlation (* false-discovery rate at most 5 %)")
    left.legend(frameon=False, fontsize=8)
    right.plot(table["gain_high"], y, "o", color="#c0662b", label="above the median")
    right.plot(table["gain_low"], y, "o", color="#9db7d1", label="below the median")
    right.axvline(0, color="#666666", lw=0.8)
    right.set_yticks(y)
    right.set_yticklabels([])
    s = result.scenario
    right.set_xlabel(f"{s.endpoint.name}, drug minus no drug ({result.recipe['unit']})")
    right.legend(frameon=False, fontsize=8)
    figure.suptitle(f"Baseline markers: {s.regimen} in {s.design.disease}, week {s.endpoint.week:g}", fontsize=11)
    figure.text(0.995, 0.985, result.recipe["notice"], ha="right", va="top", fontsize=7, color="#666666")
    return figure
