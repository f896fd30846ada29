"""Figures of the review."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from baxis.axis.tables.comparison import compare_diseases
from baxis.axis.tables.words import label
from baxis.evidence import Evidence
from baxis.evidence.figures.style import BLUE, GREY, LIGHT, ORANGE, new_figure, rc
from baxis.insight.omics.classes import Cell

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CAPTIONS = {
    "pathway": "The axis as claims have it, drawn for lupus: signed claims from drug and receptor to tissue. Green raises, orange "
    "lowers; the boxes' colours say what is up or down in the disease.",
    "regulators": "Regulators of the model, value in each disease; colour is the logarithm against health and ends at fourfold "
    "(orange higher, blue lower, none where health is 0). An empty cell is as in health.",
    "matrix": "Differences in responders, drug minus control, percentage points, counted towards benefit. Blue: pooled trials with the "
    "95 % interval. Orange: the model, one drug of the class, 90 % interval for patients and the posterior draws.",
    "escapes": "Simulated tissue inflammation without the drug as 100 %: what the drug takes, what remains on the B-cell path (and a "
    "better drug or partner could take), and what is independent of B cells. A drug that raises it stands at 0.",
}
COLOURS = ("#4a90c9", "#a6cfe6", "#f7f7f7", "#f6b48f", "#dd8452")
MOST = 2.0  # log2: colour ends at a fourfold change


def pathway(tables: Evidence) -> Figure:
    """The mechanism map of lupus."""
    from baxis.evidence import graph
    from baxis.evidence.graph.draw import draw

    return draw(graph.mechanism_map(tables, "SLE"))


def regulators(codes: list[str]) -> Figure:
    """Heat map of every regulator by disease, values as text."""
    rows = compare_diseases(codes)
    logs = np.full((len(rows), len(codes)), np.nan)
    for i, r in enumerate(rows):
        for j, c in enumerate(codes):
            if r[c] and float(r["healthy"]) > 0 and float(r[c]) > 0:
                logs[i, j] = np.log2(float(r[c]) / float(r["healthy"]))
    from matplotlib.colors import LinearSegmentedColormap

    with rc():
        figure = new_figure(7.6, 0.17 * len(rows) + 0.6)
        figure.set_layout_engine("constrained")
        ax = figure.subplots()
        ax.imshow(
            np.clip(logs, -MOST, MOST),
            cmap=LinearSegmentedColormap.from_list("change", COLOURS),
            vmin=-MOST,
            vmax=MOST,
            aspect="auto",
        )
        for i, r in enumerate(rows):
            for j, c in enumerate(codes):
                ax.text(j, i, r[c], ha="center", va="center", fontsize=6.5)
        ax.set_yticks(range(len(rows)))
        ax.set_yticklabels([f"{label(r['regulator'])}, {r['unit']}; health {r['healthy']}" for r in rows], fontsize=6.5)
        ax.set_xticks(range(len(codes)))
        ax.set_xticklabels(codes)
        ax.tick_params(top=True, labeltop=True, bottom=False, labelbottom=False, length=0)
        ax.spines[:].set_visible(False)
        figure.draw_without_rendering()
    return figure


def effects(cells: list[Cell]) -> Figure:
    """Observed beside predicted, where both are differences in proportions."""
    rows = [
        c
        for c in cells
        if c.observed.scale == "RD" and c.predicted.unit == "pp" and c.predicted.endpoint == c.observed.endpoint
    ]
    rows.sort(key=lambda c: (c.disease, c.drug_class))
    y = np.arange(len(rows))[::-1]
    with rc():
        figure = new_figure(7.6, 0.26 * len(rows) + 0.8)
        figure.set_layout_engine("constrained")
        ax = figure.subplots()
        ax.axvline(0, color=GREY, lw=0.8)
        for at, c in zip(y, rows, strict=True):
            o, p, sign = c.observed, c.predicted, c.observed.benefit_sign or 1
            ax.plot([100 * sign * o.ci_low, 100 * sign * o.ci_high], [at + 0.14] * 2, color=BLUE, lw=1.2)
            ax.plot(100 * sign * o.estimate, at + 0.14, "o", color=BLUE, ms=4)
            ax.plot([sign * p.ci_low, sign * p.ci_high], [at - 0.14] * 2, color=ORANGE, lw=1.2)
            ax.plot(sign * p.difference, at - 0.14, "s", color=ORANGE, ms=3.5)
        ax.set_yticks(y)
        ax.set_yticklabels([f"{c.disease}  {c.drug_class}: {c.observed.endpoint.replace('_', ' ')}" for c in rows])
        ax.set(xlabel="drug minus control, percentage points towards benefit", ylim=(-0.7, len(rows) - 0.3))
        ax.spines[["top", "right"]].set_visible(False)
        handles = [ax.plot([], [], m, color=c)[0] for m, c in (("o", BLUE), ("s", ORANGE))]
        ax.legend(handles, ["pooled trials", "model"], frameon=False, loc="lower right")
        figure.draw_without_rendering()
    return figure


def escapes(cells: list[Cell]) -> Figure:
    """Taken, on the B-cell path, independent: one bar a run."""
    rows = sorted((c for c in cells if not c.predicted.why), key=lambda c: (c.disease, -c.predicted.taken_pct))
    y = np.arange(len(rows))[::-1]
    took = np.array([max(0.0, c.predicted.taken_pct) for c in rows])
    alone = np.array([c.predicted.independent_pct for c in rows])
    with rc():
        figure = new_figure(7.6, 0.2 * len(rows) + 0.9)
        figure.set_layout_engine("constrained")
        ax = figure.subplots()
        ax.barh(y, took, color=BLUE, label="taken by the drug")
        ax.barh(y, 100 - took - alone, left=took, color=ORANGE, label="left on the B-cell path")
        ax.barh(y, alone, left=100 - alone, color=LIGHT, label="independent of B cells")
        ax.set_yticks(y)
        ax.set_yticklabels([f"{c.disease}  {c.drug_class} ({c.predicted.drug})" for c in rows])
        ax.set(xlabel="tissue inflammation, % of no drug", ylim=(-0.7, len(rows) - 0.3))
        ax.spines[["top", "right"]].set_visible(False)
        figure.legend(loc="outside upper center", ncols=3, frameon=False)
        figure.draw_without_rendering()
    return figure
