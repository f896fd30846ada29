"""Figures of the board: predicted against observed with both intervals, by disease; coverage by nominal level."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from baxis.clinic.scoreboard.scored import FIRST, Scored
from baxis.clinic.scoreboard.scores import LEVELS, coverage
from baxis.clinic.scoreboard.summary import Board
from baxis.core.showing.palette import COLOURS, MARKERS, STYLES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SCALE_LABEL = {
    "risk_difference": ("difference in responders, percentage points", 100.0),
    "mean_difference": ("difference in mean change, points", 1.0),
    "standardised_difference": ("standardised difference", 1.0),
    "log_hazard_ratio": ("log hazard ratio", 1.0),
}
LABELS = {
    "mechanism": "mechanism", "mechanism_discrepancy": "mechanism + discrepancy", "discrepancy_alone": "discrepancy alone",
    "no_effect": "no effect", "grand_mean": "grand mean",
    "shrunken_mean": "shrunken class-by-disease mean", "meta_regression": "meta-regression",
}  # fmt: skip
FEW = 3
STYLE: Any = {
    "font.size": 9, "axes.spines.top": False, "axes.spines.right": False, "axes.titlesize": 10,
    "axes.titlelocation": "left", "savefig.dpi": 150,
}  # fmt: skip
ROLE_COLOUR = {
    "calibration": COLOURS[1],
    "validation": COLOURS[2],
    "context": COLOURS[0],
    "external": COLOURS[3],
}
ROLE_MARKER = {"calibration": "o", "validation": "D", "context": "s", "external": "^"}


NAMES = ("scoreboard_calibration.png", "scoreboard_coverage.png")


def drawings(board: Board) -> dict[str, Callable[[Path], None]]:
    """Name of each figure that the board has data for -> what draws it to a path."""
    import matplotlib as mpl

    def to(path: Path, make: Callable[[Board], Figure | None]) -> None:
        with mpl.rc_context(STYLE):
            figure = make(board)
            if figure is not None:
                figure.savefig(path)

    with mpl.rc_context(STYLE):
        known = {n: m for n, m in zip(NAMES, (calibration, levels), strict=True) if m(board) is not None}
    return {n: partial(to, make=m) for n, m in known.items()}


def panels(board: Board) -> list[tuple[str, str, list[Scored]]]:
    """(diseases, scale, simulated contrasts), most contrasts first; diseases with fewer than FEW share a panel."""
    found: dict[tuple[str, str], list[Scored]] = {}
    for r in board.rows:
        if r.simulated:
            found.setdefault((r.row["disease"], r.row["scale"]), []).append(r)
    large = {k: v for k, v in found.items() if len(v) >= FEW}
    for scale in sorted({s for _, s in found}):
        small = {d: v for (d, s), v in sorted(found.items()) if s == scale and len(v) < FEW}
        if small:
            large[", ".join(small), scale] = [r for rows in small.values() for r in rows]
    return [(d, s, rows) for (d, s), rows in sorted(large.items(), key=lambda kv: (-len(kv[1]), kv[0]))]


def calibration(board: Board) -> Figure | None:
    """Predicted against observed, a panel for each disease and scale, with the predictive and the published interval."""
    from baxis.core.showing.drawing import Drawing

    shown = panels(board)
    if not shown:
        return None
    columns = min(3, len(shown))
    rows = -(-len(shown) // columns)
    figure = Drawing(figsize=(4.0 * columns + 0.3, 3.9 * rows + 0.5), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for ax, (disease, scale, contrasts) in zip(axes, shown, strict=False):
        _panel(ax, contrasts, SCALE_LABEL[scale])
        ax.set_title(f"{disease} ({len(contrasts)} contrast{'s' if len(contrasts) > 1 else ''})")
    for ax in axes[len(shown) :]:
        ax.set_axis_off()
    figure.legend(handles=_handles(board), loc="outside lower center", ncols=3, frameon=False)
    return figure


def _panel(ax: Axes, rows: list[Scored], scale: tuple[str, float]) -> None:
    label, unit = scale
    points = []
    for r in rows:
        prediction, colour = r.predictions[FIRST], ROLE_COLOUR[r.row["role"]]
        x, y = unit * r.value, unit * prediction.mean
        low, high = (unit * v for v in prediction.interval(0.9))
        ax.plot([x, x], [low, high], color=colour, lw=0.9, alpha=0.45)
        if r.ci is not None:
            ax.plot([unit * v for v in r.ci], [y, y], color=colour, lw=0.9, alpha=0.45)
        ax.plot(x, y, ROLE_MARKER[r.row["role"]], color=colour, mec="white", mew=0.6, ms=6, zorder=3)
        points += [x, y, low, high, *([unit * v for v in r.ci] if r.ci else [])]
    edge = max(abs(min(points)), abs(max(points)), 1e-9)
    low, high = min(min(points), 0.0) - 0.04 * edge, max(max(points), 0.0) + 0.04 * edge
    ax.plot([low, high], [low, high], color="#999999", lw=0.9, ls="--", zorder=0)
    ax.axhline(0, color="#cccccc", lw=0.8, zorder=0)
    ax.axvline(0, color="#cccccc", lw=0.8, zorder=0)
    ax.set_xlim(low, high)
    ax.set_ylim(low, high)
    ax.set_aspect("equal")
    ax.set_xlabel(f"published {label}", fontsize=8)
    ax.set_ylabel(f"predicted {label}", fontsize=8)


def _handles(board: Board) -> list[Any]:
    from matplotlib.lines import Line2D

    roles = sorted({r.row["role"] for r in board.rows if r.simulated})
    points = [
        Line2D([], [], color=ROLE_COLOUR[k], marker=ROLE_MARKER[k], mec="white", ls="", ms=7, label=f"{k} trials")
        for k in roles
    ]
    lines = [
        Line2D([], [], color="#777777", lw=1, label="across: 95 % of the trial; up: 90 % predictive"),
        Line2D([], [], color="#999999", lw=1, ls="--", label="predicted = published"),
    ]
    return points + lines


def levels(board: Board) -> Figure | None:
    """Share of published values inside the predictive interval, by nominal level, for every predictor."""
    from baxis.core.showing.drawing import Drawing

    held = [r for r in board.rows if r.ci is not None]
    if not held:
        return None
    figure = Drawing(figsize=(5.6, 4.2), layout="constrained")
    ax = figure.subplots()
    nominal = np.array(LEVELS)
    for k, name in enumerate(board.names):
        seen = [100 * (coverage(held, name, level) or 0.0) for level in LEVELS]
        ax.plot(
            100 * nominal, seen, ls=STYLES[k % 7], marker=MARKERS[k % 7], color=COLOURS[(k + 1) % 7],
            mec="white", ms=7, lw=1.6, label=LABELS.get(name, name),
        )  # fmt: skip
    ax.plot([45, 100], [45, 100], color="#999999", lw=0.9, ls="--", zorder=0, label="as promised")
    ax.set_xlabel("nominal level of the predictive interval, %")
    ax.set_ylabel("published values inside, %")
    ax.set_ylim(0, 103)
    ax.set_title(f"Coverage over {len(held)} contrasts with an interval")
    ax.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return figure
