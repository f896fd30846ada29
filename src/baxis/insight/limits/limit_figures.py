"""The figure of a drug given and stopped: inflammation, B cells, IgG, and who keeps the benefit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from baxis import axis
from baxis.clinic.people.labs import reported
from baxis.clinic.result.asked import on_figure
from baxis.clinic.statistics.survival import kaplan_meier
from baxis.insight.bench.legends import below
from baxis.insight.limits.measures import GONE, against_never, benefit
from baxis.insight.limits.runs import CONTINUED, NEVER, STOPPED

if TYPE_CHECKING:
    from matplotlib.figure import Figure

from baxis.insight.limits.limit_record import LimitsRecord

COLOURS = {STOPPED: "#1f4e79", CONTINUED: "#c0662b", NEVER: "#8a8a8a"}


def draw(result: LimitsRecord) -> Figure:
    """Medians over patients; the band (stopped arm) holds 90 % of them."""
    from baxis.core.showing.drawing import Drawing

    figure = Drawing(figsize=(12, 7), layout="constrained")
    panels = figure.subplots(2, 2).ravel()
    bcount, igg = axis.outputs()["bcount"], axis.outputs()["igg"]
    runs = result.runs
    alike = np.array_equal(runs.outputs[STOPPED]["infl"], runs.outputs[CONTINUED]["infl"])
    for arm in (NEVER, STOPPED) if alike else (NEVER, CONTINUED, STOPPED):
        out = runs.outputs[arm]
        _course(panels[0], runs.days, against_never(runs, arm, "infl"), arm)
        seen = {n: reported(n, out[n], runs.people.seed, runs.people.ids) for n in ("bcount", "igg")}
        _course(panels[1], runs.days, np.maximum(seen["bcount"], 0.1), arm)
        _course(panels[2], runs.days, seen["igg"], arm)
    panels[0].set_ylabel("inflammation, of that without the drug")
    panels[1].set_ylabel(f"CD19+ B cells, {bcount.unit}")
    panels[1].set_yscale("log")
    panels[1].yaxis.set_major_formatter("{x:g}")  # plain numbers: no text of a figure is a formula
    panels[1].axhline(GONE, color="#444444", lw=0.8, ls=":")
    panels[2].set_ylabel(f"IgG, {igg.unit}")
    for panel in panels[:3]:
        panel.axvspan(0, runs.last_dose / 7.0, color="#f1ead8", zorder=0)
        panel.set_xlabel("weeks since the first dose (shaded: until the last)", fontsize=8)
        panel.set_xlim(0, runs.days[-1] / 7.0)
    below(panels[0], 3, "one course: nothing to continue" if alike else None)
    _kept(panels[3], result)
    s = result.scenario
    figure.suptitle(
        f"{s.regimen} in {s.design.disease}: given for {result.recipe['weeks_on']:g} weeks, throughout, or never",
        fontsize=11,
    )
    on_figure(figure, result.recipe, 140)
    figure.supxlabel(result.recipe["notice"], fontsize=7, color="#666666")
    return figure


def _course(panel: Any, days: NDArray[np.float64], values: NDArray[np.float64], arm: str) -> None:
    weeks = days / 7.0
    if arm == STOPPED:
        low, high = np.quantile(values, (0.05, 0.95), axis=0)
        panel.fill_between(weeks, low, high, color=COLOURS[arm], alpha=0.15, lw=0)
    style = "--" if arm == CONTINUED else "-"
    panel.plot(weeks, np.median(values, axis=0), style, color=COLOURS[arm], lw=1.8, label=arm)


def _kept(panel: Any, result: LimitsRecord) -> None:
    """Kaplan-Meier curves of the benefit after the last dose."""
    panel.set_xlabel("weeks since the last dose of the stopped arm (band: 90 % interval)", fontsize=8)
    panel.set_ylabel("benefit kept, share of those who had it")
    panel.set_ylim(0, 1.03)
    end = (result.runs.days[-1] - result.runs.last_dose) / 7.0
    for arm in (CONTINUED, STOPPED):
        who, lost = benefit(result.runs, arm)
        if not who.any():
            panel.text(0.05, 0.5 if arm == STOPPED else 0.6, f"{arm}: nobody benefits", transform=panel.transAxes)
            continue
        curve = kaplan_meier(lost, 0.9)
        steps = [
            np.concatenate([[1.0], y, y[-1:] if y.size else [1.0]]) for y in (curve.survival, curve.low, curve.high)
        ]
        weeks = np.concatenate([[0.0], curve.day / 7.0, [end]])
        style = "--" if arm == CONTINUED else "-"
        panel.step(weeks, steps[0], style, where="post", color=COLOURS[arm], lw=1.8)
        panel.fill_between(weeks, steps[1], steps[2], step="post", color=COLOURS[arm], alpha=0.15, lw=0)
