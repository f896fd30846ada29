"""Funnel plot: effect against standard error, pseudo-confidence limits, Egger's line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from baxis.evidence.figures.forest import _ticks, endpoint_title
from baxis.evidence.figures.style import BLUE, GREY, INK, LIGHT, ORANGE, fitted, new_figure, rc
from baxis.evidence.meta.bias import egger
from baxis.evidence.meta.effects import SCALE_NAMES
from baxis.evidence.meta.pool import critical
from baxis.evidence.meta.run import MetaResult
from baxis.evidence.meta.wording import level_text, p_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def funnel(result: MetaResult, title: str = "") -> Figure:
    """Figure, 5.2 x 4.4 in. Egger's line is drawn from three studies of different precision on."""
    with rc():
        figure = new_figure(5.2, 4.4)
        ax = figure.add_axes((0.12, 0.13, 0.85, 0.76))
        e, mean = result.effects, float(result.overall.beta[0])
        top = 1.08 * float(e.se.max())
        edge = critical(np.inf, result.level) * top
        ax.fill([mean, mean - edge, mean + edge], [0, top, top], color=LIGHT, lw=0, zorder=0)
        ax.axvline(mean, color=GREY, lw=0.8, ls=(0, (3, 3)), zorder=1)
        ax.axvline(0, color=INK, lw=0.7, zorder=1)
        new = np.array([c.trial.role == "validation" for c in result.comparisons])
        for mask, face, label in ((~new, BLUE, "calibration, context"), (new, "white", "validation")):
            if mask.any():
                ax.scatter(e.y[mask], e.se[mask], s=22, facecolor=face, edgecolor=BLUE, lw=0.9, zorder=3, label=label)
        text = _egger_line(ax, result, top)
        ax.set_ylim(top, 0)
        spread = float(np.max(np.abs(e.y - mean))) * 1.15
        half = 1.12 * max(edge, spread)
        ax.set_xlim(mean - half, mean + half)
        _label_outliers(ax, result, mean)
        _axis(ax, result)
        where = ", ".join(result.query.diseases) or "all diseases"
        head = title or f"{endpoint_title(result.query.endpoint)} in {where}"
        figure.text(0.12, 0.955, fitted(head, 0.85 * 5.2, 9, "bold"), fontsize=9, weight="bold")
        figure.text(0.12, 0.915, text, fontsize=7, color=INK)
        if new.any() and (~new).any():
            ax.legend(loc="upper right", frameon=False, fontsize=7)
        return figure


def _egger_line(ax, result: MetaResult, top: float) -> str:  # type: ignore[no-untyped-def]
    e = result.effects
    if len(e) < 3 or np.ptp(e.se) == 0:
        return f"k = {len(e)}: too few for a test of asymmetry; shaded: {level_text(result.level)} limits"
    test = egger(e, options=result.overall.options)
    ax.plot([test.limit, test.limit + test.slope * top], [0, top], color=ORANGE, lw=1.0, zorder=2)
    few = " (fewer than 10: low power)" if len(e) < 10 else ""
    return f"k = {len(e)}; shaded: {level_text(result.level)} limits; Egger slope {test.slope:.2f} (SE {test.se:.2f}), p {p_text(test.p_value)}{few}"


def _label_outliers(ax, result: MetaResult, mean: float) -> None:  # type: ignore[no-untyped-def]
    e = result.effects
    z = np.abs(e.y - mean) / e.se
    low, high = ax.get_xlim()
    width = 0.85 * 5.2  # inches of the axes
    for i in np.argsort(-z)[:4]:
        if z[i] > critical(np.inf, result.level):
            at = width * (e.y[i] - low) / (high - low)
            outward = e.y[i] > mean
            free = width - at if outward else at
            left = outward if free > 0.9 else not outward  # towards the middle where the edge is near
            room = (width - at if left else at) - 0.12
            ax.annotate(
                fitted(result.comparisons[i].label, room, 6.5), (e.y[i], e.se[i]), (5 if left else -5, 0),
                textcoords="offset points", ha="left" if left else "right", va="center", fontsize=6.5, color=INK,
                bbox={"boxstyle": "round,pad=0.1", "fc": "white", "ec": "none", "alpha": 0.7}, zorder=2.5,
            )  # fmt: skip


def _axis(ax, result: MetaResult) -> None:  # type: ignore[no-untyped-def]
    low, high = ax.get_xlim()
    ticks, labels = _ticks(low, high, result.scale)
    ax.set_xticks(ticks, labels)
    name = SCALE_NAMES[result.scale]
    points = ", percentage points" if result.scale == "RD" else ""
    ax.set_xlabel(name[0].upper() + name[1:] + (" (log scale)" if result.effects.is_log else points))
    ax.set_ylabel(f"Standard error{points or (' of the logarithm' if result.effects.is_log else '')}")
    if points:  # both axes in one unit
        ax.yaxis.set_major_formatter(lambda v, _: f"{100 * v:g}")
    for side in ("right", "top"):
        ax.spines[side].set_visible(False)
