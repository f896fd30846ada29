"""Colours, markers and settings of every figure of a trial."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure


# Okabe-Ito: told apart with any colour vision; each arm also has its own marker and line style.
COLOURS = ("#666666", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
STYLES = ("-", "--", "-.", ":", (0, (3, 1, 1, 1)), (0, (5, 1)), (0, (1, 1)))


def style() -> Any:
    """Settings of every figure of a trial."""
    return {
        "font.size": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlesize": 10,
        "axes.titlelocation": "left",
        "figure.constrained_layout.use": True,
        "savefig.dpi": 160,
    }


def canvas(width: float, height: float) -> Figure:
    from baxis.core.showing.drawing import Drawing

    return Drawing(figsize=(width, height), layout="constrained")
