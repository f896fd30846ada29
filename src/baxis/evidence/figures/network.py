"""Network plot and league table of a network meta-analysis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from baxis.evidence.figures.forest import _ticks, endpoint_title
from baxis.evidence.figures.style import BLUE, GREY, INK, ORANGE, fitted, new_figure, rc
from baxis.evidence.meta.network.run import NetworkResult
from baxis.evidence.meta.wording import level_text, p_text, variance_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def network_plot(result: NetworkResult) -> Figure:
    """Figure with the network of treatments (left) and effects against the reference (right)."""
    with rc():
        t = len(result.net.treatments)
        height = max(4.2, 0.26 * t + 1.5)
        figure = new_figure(10.0, height)
        _graph(figure.add_axes((0.01, 0.03, 0.46, 0.86)), result)
        _ranking(figure, result, height)
        where = ", ".join(result.query.diseases) or "all diseases"
        text = f"{endpoint_title(result.query.endpoint)} in {where}: network of {len(result.net.data.studies)} trials"
        text = fitted(text, 9.6, 10, "bold")
        figure.text(0.015, 1 - 0.25 / height, text, fontsize=10, weight="bold", va="center")
        return figure


def _graph(ax: Axes, result: NetworkResult) -> None:
    names = sorted(result.net.treatments, key=lambda n: (n != result.net.reference, n))
    ring = [n for n in names if n != result.net.reference]
    angle = np.pi / 2 - 2 * np.pi * np.arange(len(ring)) / max(len(ring), 1)
    place = {n: np.array([np.cos(a), np.sin(a)]) for n, a in zip(ring, angle, strict=True)}
    place[result.net.reference] = np.zeros(2)
    count: dict[tuple[str, str], int] = {}
    for s in result.net.data.studies:
        for i, a in enumerate(s.design):
            for b in s.design[i + 1 :]:
                count[a, b] = count.get((a, b), 0) + 1
    for (a, b), k in sorted(count.items()):
        (x0, y0), (x1, y1) = place[a], place[b]
        ax.plot([x0, x1], [y0, y1], color=GREY, lw=0.8 + 0.9 * k, zorder=1, solid_capstyle="round", alpha=0.75)
        mid = 0.56 * place[b] + 0.44 * place[a] if a == result.net.reference else 0.56 * place[a] + 0.44 * place[b]
        ax.text(mid[0], mid[1], str(k), fontsize=6.5, ha="center", va="center", zorder=4,
                bbox={"boxstyle": "circle,pad=0.12", "fc": "white", "ec": "none"})  # fmt: skip
    sizes = result.patients or dict.fromkeys(names, 1.0)
    largest = max(sizes.values())
    for n in names:
        color = ORANGE if n == result.net.reference else BLUE
        ax.scatter(place[n][0], place[n][1], s=40 + 320 * sizes.get(n, 0.0) / largest, color=color, zorder=3, lw=0)
        _node_label(ax, n, place[n], sizes.get(n))
    ax.set_xlim(-1.75, 1.75)
    ax.set_ylim(-1.3, 1.3)
    ax.set_aspect("equal")
    ax.axis("off")


def _node_label(ax: Axes, name: str, at: np.ndarray, n: float | None) -> None:
    name = fitted(name, 1.6, 7)
    text = name if not n or n <= 1 else f"{name}\nn = {n:.0f}"
    if not at.any():
        ax.annotate(text, (at[0], at[1]), (0, -14), textcoords="offset points", ha="center", va="top", fontsize=7, zorder=5,
                    bbox={"boxstyle": "round,pad=0.15", "fc": "white", "ec": "none", "alpha": 0.85})  # fmt: skip
        return
    ha = "center" if abs(at[0]) < 0.25 else ("left" if at[0] > 0 else "right")
    va = "center" if abs(at[1]) < 0.8 else ("bottom" if at[1] > 0 else "top")
    away = (12 * at[0], 12 * at[1])
    ax.annotate(text, (at[0], at[1]), away, textcoords="offset points", ha=ha, va=va, fontsize=7, zorder=5)


def _ranking(figure: Figure, result: NetworkResult, height: float) -> None:
    rows = [r for r in result.table() if r["treatment"] != result.net.reference]
    top, bottom = 1 - 0.75 / height, 0.62 / height
    ax = figure.add_axes((0.655, bottom, 0.15, top - bottom))
    for y, r in enumerate(reversed(rows)):
        span = [np.log(r[k]) if result.is_log else r[k] for k in ("ci_low", "estimate", "ci_high")]
        ax.plot([span[0], span[2]], [y, y], color=INK, lw=0.9)
        ax.plot([span[1]], [y], "s", color=BLUE, ms=4.5)
        at = bottom + (top - bottom) * (y + 0.5) / len(rows)
        scale = 100 if result.net.scale == "RD" else 1
        est = f"{scale * r['estimate']:.2f} [{scale * r['ci_low']:.2f}, {scale * r['ci_high']:.2f}]"
        figure.text(0.48, at, fitted(r["treatment"], 1.65, 7.5), va="center", fontsize=7.5)
        figure.text(0.93, at, est.replace("-", "−"), va="center", ha="right", fontsize=7.5)
        figure.text(0.99, at, f"{r['p_score']:.2f}", va="center", ha="right", fontsize=7.5)
    ax.set_ylim(-0.5, len(rows) - 0.5)
    ax.set_yticks([])
    ax.axvline(0, color=INK, lw=0.7)
    for side in ("left", "right", "top"):
        ax.spines[side].set_visible(False)
    ticks, labels = _ticks(*ax.get_xlim(), result.net.scale)
    ax.set_xticks(ticks, labels)
    name = {"OR": "Odds ratio", "RR": "Risk ratio", "RD": "Risk difference", "MD": "Mean difference"}
    head = top + 0.14 / height
    for x, text, ha in ((0.48, f"Against {result.net.reference}", "left"), (0.99, "P-score", "right"),
                        (0.93, f"{name[result.net.scale]} [{level_text(result.net.level)} CI]", "right")):  # fmt: skip
        figure.text(
            x,
            head,
            fitted(text, 2.4 if x > 0.48 else 1.65, 7.5, "bold"),
            ha=ha,
            fontsize=7.5,
            weight="bold",
            va="center",
        )
    d = result.decomposition
    text = (
        f"τ² = {variance_text(result.net.tau2)}, I² = {result.net.i2:.0f} %; inconsistency between designs "
        f"Q = {d.between.q:.1f} on {d.between.df} df" + (f", p {p_text(d.between.p_value)}" if d.between.df else "")
    )
    figure.text(0.48, 0.14 / height, text, fontsize=7)
