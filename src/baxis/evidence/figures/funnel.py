"""Funnel plot: effect against standard error, pseudo-confidence limits, Egger's line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from baxis.evidence.figures.forest import _ticks, endpoint_title
from baxis.evidence.figures.style import BLUE, GREY, INK, LIGHT, ORANGE, new_figure, rc
from baxis.evidence.meta.bias import egger
from baxis.evidence.meta.effects import SCALE_NAMES
from baxis.evidence.meta.run import MetaResult

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def funnel(result: MetaResult, title: str = "") -> Figure:
    """Figure, 5.2 x 4.4 in. Egger's line is drawn from three studies of different precision on."""
    with rc():
        figure = new_figure(5.2, 4.4)
        ax = figure.add_axes((0.12, 0.13, 0.85, 0.76))
        e, mean = result.effects, float(result.overall.beta[0])
        top = 1.08 * float(e.se.max())
        edge = 1.959964 * top
        ax.fill([mean, mean - edge, mean + edge], [0, top, top], color=LIGHT, lw=0, zorder=0)
        ax.axvline(mean, color=GREY, lw=0.8, ls=(0, (3, 3)), zorder=1)
        ax.axvline(0, color=INK, lw=0.7, zorder=1)
        new = np.array([c.trial.role == "validation" for c in result.comparisons])
        for mask, face, label in ((~new, BLUE, "calibration, context"), (new, "white", "validation")):
            if mask.any():
                ax.scatter(e.y[mask], e.se[mask], s=22, facecolor=face, edgecolor=BLUE, lw=0.9, zorder=3, label=label)
        _label_outliers(ax, result, mean)
        text = _egger_line(ax, result, top)
        ax.set_ylim(top, 0)
        spread = float(np.max(np.abs(e.y - mean))) * 1.15
        half = 1.12 * max(edge, spread)
        ax.set_xlim(mean - half, mean + half)
        _axis(ax, result)
        where = ", ".join(result.query.diseases) or "all diseases"
        figure.text(
            0.12, 0.955, title or f"{endpoint_title(result.query.endpoint)} in {where}", fontsize=9, weight="bold"
        )
        figure.text(0.12, 0.915, text, fontsize=7, color=INK)
        if new.any() and (~new).any():
            ax.legend(loc="upper right", frameon=False, fontsize=7)
        return figure


def _egger_line(ax, result: MetaResult, top: float) -> str:  # type: ignore[no-untyped-def]
    e = result.effects
    if len(e) < 3 or np.ptp(e.se) == 0:
        return f"k = {len(e)}: too few for a test of asymmetry"
    test = egger(e)
    ax.plot([test.limit, test.limit + test.slope * top], [0, top], color=ORANGE, lw=1.0, zorder=2)
    few = " (fewer than 10: low power)" if len(e) < 10 else ""
    return f"k = {len(e)}; Egger slope {test.slope:.2f} (SE {test.se:.2f}), p = {test.p_value:.3f}{few}"


def _label_outliers(ax, result: MetaResult, mean: float) -> None:  # type: ignore[no-untyped-def]
    e = result.effects
    z = np.abs(e.y - mean) / e.se
    for i in np.argsort(-z)[:4]:
        if z[i] > 1.96:
            side = "left" if e.y[i] > mean else "right"
            shift = (5, 0) if side == "left" else (-5, 0)
            ax.annotate(
                result.comparisons[i].label, (e.y[i], e.se[i]), shift, textcoords="offset points",
                ha=side, va="center", fontsize=6.5, color=INK,
            )  # fmt: skip


def _axis(ax, result: MetaResult) -> None:  # type: ignore[no-untyped-def]
    low, high = ax.get_xlim()
    ticks, labels = _ticks(low, high, result.scale)
    ax.set_xticks(ticks, labels)
    name = SCALE_NAMES[result.scale]
    ax.set_xlabel(name[0].upper() + name[1:] + (" (log scale)" if result.effects.is_log else ""))
    ax.set_ylabel("Standard error")
    for side in ("right", "top"):
        ax.spines[side].set_visible(False)
