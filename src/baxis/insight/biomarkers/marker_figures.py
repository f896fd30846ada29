"""The figure of a marker ranking: baseline, halves, on treatment, decision curve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from baxis.clinic.result.asked import on_figure
from baxis.insight.bench.legends import below
from baxis.insight.biomarkers.decision import ALL, ONE
from baxis.insight.biomarkers.marker_record import BiomarkersRecord

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK, PALE, WARM = "#1f4e79", "#b8b8b8", "#c0662b"
SHOWN = 14  # markers on treatment


def draw(result: BiomarkersRecord) -> Figure:
    """Four panels."""
    from baxis.core.showing.drawing import Drawing

    figure = Drawing(figsize=(14, 11), layout="constrained")
    ((left, right), (early, curve)) = figure.subplots(2, 2)
    table = result.table.iloc[::-1]
    _bars(left, table, "Baseline markers")
    y = np.arange(len(table))
    right.plot(table["gain_high"], y, "o", color=WARM, label="above the median")
    right.plot(table["gain_low"], y, "o", color="#9db7d1", label="below the median")
    right.axvline(0, color="#666666", lw=0.8)
    right.set_yticks(y)
    right.set_yticklabels([])
    right.set_title("Effect in either half of the patients by the marker (rows as on the left)", fontsize=10)
    s = result.scenario
    right.set_xlabel(f"{s.endpoint.name}, drug minus no drug ({result.recipe['unit']})")
    below(right)
    _bars(early, result.early.head(SHOWN).iloc[::-1], "Change on treatment, best of all weeks")
    _curve(curve, result)
    figure.suptitle(
        f"Markers: {s.regimen} in {s.design.disease}, {s.endpoint.name} at week {s.endpoint.week:g}", fontsize=11
    )
    on_figure(figure, result.recipe, 170)
    figure.text(0.995, 0.003, result.recipe["notice"], ha="right", va="bottom", fontsize=7, color="#666666")
    return figure


def _bars(axes: Any, table: pd.DataFrame, title: str) -> None:
    axes.set_title(title, fontsize=10)
    if not len(table):
        axes.text(0.5, 0.5, "no visit between week 2 and the last four weeks", ha="center", transform=axes.transAxes)
        axes.set_axis_off()
        return
    y = np.arange(len(table))
    axes.barh(y + 0.18, table["with_benefit"], height=0.36, color=INK, label="benefit")
    axes.barh(y - 0.18, table["with_outcome"], height=0.36, color=PALE, label="outcome without the drug")
    axes.axvline(0, color="#666666", lw=0.8)
    axes.set_yticks(y)
    stars = [f"{m}{' *' if q <= 0.05 else ''}" for m, q in zip(table["label"], table["q"], strict=True)]
    axes.set_yticklabels(stars, fontsize=8)
    axes.set_xlabel("rank correlation (* false-discovery rate at most 5 %)")
    below(axes)


def _curve(axes: Any, result: BiomarkersRecord) -> None:
    share = result.recipe["unit"] == "share"
    factor, unit = (100.0, "pp") if share else (1.0, "points")
    for rule, colour in ((ALL, INK), (ONE, WARM)):
        own = result.decision[result.decision["rule"] == rule]
        x, nb = factor * own["threshold"], factor * own["net_benefit"]
        shift = nb - factor * own["lead"]
        axes.fill_between(
            x, shift + factor * own["ci_low"], shift + factor * own["ci_high"], color=colour, alpha=0.15, lw=0
        )
        axes.plot(x, nb, color=colour, label=f"treat by {rule}")
    axes.plot(x, factor * own["treat_all"], color="#666666", ls="--", label="treat all")
    axes.axhline(0, color="#666666", ls=":", label="treat none")
    axes.set(
        xlabel=f"gain in {result.scenario.endpoint.name} that justifies treatment ({unit})",
        ylabel=f"net benefit ({unit})",
    )
    axes.set_title("Decision curve, cross-validated (bands: 90 %)", fontsize=10)
    below(axes)
