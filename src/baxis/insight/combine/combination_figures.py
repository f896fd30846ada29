"""Figures of combinations: dose-response and excess over the nulls, the scan of start times, the front of pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from baxis.clinic.result.asked import on_figure
from baxis.insight.bench.legends import below
from baxis.insight.combine.combination_record import CombinationRecord, SearchRecord, TimingRecord

if TYPE_CHECKING:
    from matplotlib.figure import Figure


COLOURS = {"additive": "#1f6f8b", "product": "#c26a2d"}


def overview(c: CombinationRecord) -> Figure:
    """Left: effect against dose for each drug alone and all together; right: excess over each null at full doses."""
    from baxis.core.showing.drawing import Drawing

    fig = Drawing(figsize=(10.5, 4.2), layout="constrained")
    left, right = fig.subplots(1, 2)
    shown = c.surface[c.surface["structure"] == "additive"]
    k = len(c.drugs)
    for i, name in enumerate(c.drugs):
        alone = shown[shown["doses"].map(lambda d, i=i: sum(d) == d[i])]
        x = np.array([d[i] for d in alone["doses"]])
        order = np.argsort(x)
        left.plot(x[order], 100 * alone["effect"].to_numpy()[order], "o-", ms=4, label=f"{name} alone")
    equal = shown[shown["doses"].map(lambda d: len(set(d)) == 1)]
    left.plot(
        [d[0] for d in equal["doses"]], 100 * equal["effect"], "ks-", ms=5, label="together, same fraction of each"
    )
    left.set(xlabel="fraction of the usual dose", ylabel=f"effect on {c.endpoint} (%)")
    below(left)
    full = c.synergy[c.synergy["doses"].map(lambda d: d == (1.0,) * k)]
    for j, (structure, color) in enumerate(COLOURS.items()):
        for i, row in enumerate(full.to_dict("records")):
            y = i + 0.16 * (2 * j - 1)
            low, high = (100 * v for v in row[f"{structure} 90 %"])
            right.plot([low, high], [y, y], color=color, lw=2)
            label = f"arms of inflammation: {structure}" if i == 0 else None
            right.plot(100 * row[structure], y, "o", color=color, label=label)
    right.axvline(0, color="0.6", lw=0.8)
    right.set_yticks(range(len(full)), list(full["null"]))
    right.set(
        xlabel="excess over the null at full doses (points of effect, 90 % interval)", ylim=(len(full) - 0.4, -0.6)
    )
    below(right)
    fig.suptitle(f"{' + '.join(c.drugs)} in {c.disease}, week {c.recipe['weeks']:g}", fontsize=11)
    on_figure(fig, c.recipe, 130)
    return fig


def gaps(t: TimingRecord) -> Figure:
    """Left: effect over time and at the end against the gap between starts; right: IgG lost at its lowest."""
    from baxis.core.showing.drawing import Drawing

    fig = Drawing(figsize=(10.5, 4.2), layout="constrained")
    left, right = fig.subplots(1, 2)
    for structure, colour in COLOURS.items():
        own = t.table[t.table["structure"] == structure].sort_values("gap_weeks")
        x = own["gap_weeks"].to_numpy()
        for panel, label, style in (
            (left, "mean effect", "o-"),
            (left, "effect at the end", "s--"),
            (right, "lowest IgG loss", "o-"),
        ):
            low, high = np.array([[100 * v for v in pair] for pair in own[f"{label} 90 %"]]).T
            panel.fill_between(x, low, high, color=colour, alpha=0.15, lw=0)
            name = (
                "IgG" if panel is right else {"mean effect": "mean over time", "effect at the end": "at the end"}[label]
            )
            panel.plot(x, 100 * own[label], style, color=colour, ms=4, label=f"{name}, arms {structure}")
    for panel, text in ((left, "inflammation taken off, %"), (right, "IgG lost at its lowest, %")):
        panel.axvline(0, color="0.7", lw=0.8)
        panel.set(xlabel=f"weeks from start of {t.drugs[0]} to start of {t.drugs[1]}", ylabel=text)
        below(panel)
    fig.suptitle(f"{t.drugs[0]} and {t.drugs[1]} in {t.disease}, {t.recipe['weeks']:g} weeks; bands: 90 %", fontsize=11)
    on_figure(fig, t.recipe, 130)
    return fig


def pareto(s: SearchRecord) -> Figure:
    """Every drug and pair by serious harms and effect, coloured by IgG lost; the front with names."""
    from baxis.core.showing.drawing import Drawing

    fig = Drawing(figsize=(11.5, 6.2), layout="constrained")
    axes = fig.subplots()
    x, y = 100 * s.table["serious harms"], 100 * s.table["effect"]
    dots = axes.scatter(x, y, c=100 * s.table["IgG loss"].clip(0), cmap="cividis_r", s=14)
    fig.colorbar(dots, ax=axes, label="IgG lost, %")
    best = s.table[s.table["on the front"]].nlargest(12, "effect")
    for n, row in enumerate(best.to_dict("records")):
        at = 100 * row["serious harms"], 100 * row["effect"]
        axes.plot(*at, "o", mfc="none", mec="#c0392b", ms=9, ls="", label=f"{n + 1}  {row['drugs']}")
        axes.annotate(str(n + 1), at, textcoords="offset points", xytext=(6, 4), fontsize=8)
    fig.legend(loc="outside right upper", title="on the front", frameon=False, fontsize=8, markerscale=0.6)
    axes.set(
        xlabel=f"serious harms in 100 patients by week {s.recipe['weeks']:g}: infections and class harms above control",
        ylabel="inflammation taken off, %",
    )
    fig.suptitle(f"Pairs in {s.disease}: the front (ringed) of effect, serious harms and IgG lost", fontsize=11)
    on_figure(fig, s.recipe, 140)
    return fig
