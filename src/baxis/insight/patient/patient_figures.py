"""The figure of one patient: what was seen beside the posterior, and the predicted courses under each drug."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from baxis.clinic.people.labs import written
from baxis.clinic.result.asked import on_figure
from baxis.insight.patient.beside import when

if TYPE_CHECKING:
    from matplotlib.figure import Figure

from baxis.insight.patient.patient_record import PatientRecord

COLOURS = ("#8a8a8a", "#0072b2", "#b2541a", "#117733", "#7a5195", "#c79a00")


def draw(result: PatientRecord) -> Figure:
    """Bands and bars hold 90 % of the posterior."""
    from baxis.core.showing.drawing import Drawing

    figure = Drawing(figsize=(13, 4.4), layout="constrained")
    panels = figure.subplots(1, 3, width_ratios=(1.1, 1, 1))
    _past(panels[0], result)
    score = result.recipe["score"]
    for panel, (middle, low, high, label) in zip(
        panels[1:],
        (
            ("inflammation", "low", "high", "inflammation, multiple of now"),
            ("score", "score_low", "score_high", score),
        ),
        strict=True,
    ):
        for colour, (drug, rows) in zip(COLOURS * 2, result.courses.groupby("drug", sort=False), strict=False):
            panel.fill_between(rows["week"], rows[low], rows[high], color=colour, alpha=0.13, lw=0)
            panel.plot(rows["week"], rows[middle], color=colour, lw=1.8, label=str(drug))
        panel.set_xlabel("weeks from now")
        panel.set_ylabel(label)
        panel.set_ylim(bottom=0)
    panels[1].legend(frameon=False, fontsize=8)
    notice = result.recipe["notice"]
    figure.suptitle(f"One patient, {result.disease}\n{notice}", fontsize=10, fontweight="bold")
    on_figure(figure, result.recipe, 150)
    return figure


def _past(panel: Any, result: PatientRecord) -> None:
    """Each value over the posterior's median at that visit."""
    rows = result.past.to_dict("records")
    for i, r in enumerate(rows):
        base = max(r["posterior"], 1e-9)
        panel.plot([max(r["low"] / base, 0.02), max(r["high"] / base, 0.02)], [i, i], color="#0072b2", lw=2)
        mark = {"<": 4, ">": 5}.get(r["sign"], "o")  # a limit points to the side where the value lies
        panel.plot([max(r["seen"] / base, 0.02)], [i], marker=mark, color="#b2541a", ms=5, ls="")
    names = [f"{written(r['measure'])}, {'' if r['date'] else 'day '}{when(r)}" for r in rows]
    panel.set_yticks(np.arange(len(rows)), names, fontsize=8)
    panel.invert_yaxis()
    panel.axvline(1.0, color="#444444", lw=0.7, ls=":")
    panel.set_xlabel("seen (dot) and posterior (bar), over the posterior's median", fontsize=8)
