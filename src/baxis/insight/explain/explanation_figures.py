"""The figure of an explanation: falls by stage, waterfall, escapes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from baxis.clinic.result.asked import on_figure
from baxis.insight.bench.legends import below
from baxis.insight.explain.cuts import STAGES
from baxis.insight.explain.explanation_record import ExplanationRecord

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK, PALE, REST, WARM = "#1f4e79", "#9db7d1", "#b8b8b8", "#c0662b"


def overview(result: ExplanationRecord) -> Figure:
    """Three panels: read-outs from target to tissue, the ladder, and what carries the rest."""
    from baxis.core.showing.drawing import Drawing

    figure = Drawing(figsize=(16, 7.2), layout="constrained")
    left, middle, right = figure.subplots(1, 3, width_ratios=(1.25, 0.9, 1.0))
    _stages(left, result)
    _ladder(middle, result)
    _escapes(right, result)
    s, e = result.scenario, result.effect
    sign = f"{e['difference']:+.1f} ({e['ci_low']:.1f} to {e['ci_high']:.1f}) {e['unit']}"
    figure.suptitle(
        f"{s.regimen} in {s.design.disease}: {s.endpoint.name} at week {s.endpoint.week:g}, drug minus no drug {sign}\n"
        f"{result.recipe['patients']} virtual patients; {s.origin}",
        fontsize=11,
    )
    on_figure(figure, result.recipe, 190)
    figure.text(0.995, 0.003, result.recipe["notice"], ha="right", fontsize=7, color="#666666")
    return figure


def _stages(axes: Any, result: ExplanationRecord) -> None:
    table = result.stages
    y = np.arange(len(table))[::-1]
    axes.axvline(0, color="#999999", lw=0.8)
    clipped = table[["patients_p5", "patients_p95", "fall_pct"]].clip(-100, 100)
    axes.hlines(y, clipped["patients_p5"], clipped["patients_p95"], color=PALE, lw=4, label="5-95 % of patients")
    axes.plot(clipped["fall_pct"], y, "o", color=INK, ms=5, label="median patient")
    for stage in STAGES:
        rows = np.flatnonzero(table["stage"] == stage)
        if rows.size:
            axes.axhline(y[rows[-1]] - 0.5, color="#dddddd", lw=0.8)
            axes.text(104, y[rows].mean(), stage, va="center", fontsize=8, color="#555555")
    axes.set(yticks=y, ylim=(-0.7, len(table) - 0.3), xlim=(max(-102.0, min(-5.0, clipped.min().min() - 3)), 102))
    axes.set_yticklabels(table["read_out"], fontsize=8)
    axes.set_xlabel("fall under the drug, % of no drug", fontsize=9)
    below(axes)
    axes.set_title("From target to tissue", fontsize=10)


def _ladder(axes: Any, result: ExplanationRecord) -> None:
    table = result.ladder
    top = 100.0
    for i, row in enumerate(table.to_dict("records")):
        last = i == len(table) - 1
        height = row["takes_pct"]
        colour = INK if i == 0 else REST if last else WARM
        axes.bar(i, height, bottom=0 if last else top - height, color=colour, width=0.7)
        at = (height if last else top) + 1.5
        axes.text(
            i, at, f"{height:.0f}\n({row['ci_low']:.0f} to {row['ci_high']:.0f})", ha="center", va="bottom", fontsize=7
        )
        top -= 0 if last else height
    axes.set_xticks(range(len(table)))
    axes.set_xticklabels([t.replace(", ", ",\n") for t in table["step"]], rotation=35, ha="right", fontsize=8)
    axes.set(ylim=(0, 112), ylabel="tissue inflammation, % of no drug")
    axes.set_title("Inflammation: taken, lost, left", fontsize=10)


def _escapes(axes: Any, result: ExplanationRecord) -> None:
    routes = result.routes[~result.routes["route"].isin(["interaction", "all closed"])]
    rows = [(r["route"], r["shapley_pct"], r["ci_low"], r["ci_high"], WARM) for r in routes.to_dict("records")]
    rows += [(r["arm"], r["carries_pct"], r["ci_low"], r["ci_high"], REST) for r in result.arms.to_dict("records")]
    y = np.arange(len(rows))[::-1]
    for at, (_, value, low, high, colour) in zip(y, rows, strict=True):
        axes.barh(at, value, color=colour, height=0.7)
        axes.hlines(at, low, high, color="black", lw=1)
    axes.axhline(len(result.arms) - 0.5, color="#999999", lw=0.8)
    axes.axvline(0, color="#999999", lw=0.8)
    axes.set_yticks(y)
    axes.set_yticklabels([r[0] for r in rows], fontsize=8)
    axes.set_xlabel("removed on top of the drug, % of no drug", fontsize=9)
    axes.set_title("Escape closed (above), arm silenced (below)", fontsize=10)
