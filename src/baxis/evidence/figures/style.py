"""One look for all figures: type, colours that colour-blind readers can tell apart, stable bytes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from baxis.core.errors import InvalidValue

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK = "#1b1b1b"
GREY = "#8a8a8a"
LIGHT = "#e6e6e6"
BLUE = "#0072b2"  # Okabe & Ito
ORANGE = "#d55e00"
GREEN = "#009e73"
SKY = "#56b4e9"
YELLOW = "#e69f00"
PURPLE = "#cc79a7"
FORMATS = (".png", ".svg", ".pdf")

RC: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["Arial", "Helvetica", "Liberation Sans", "DejaVu Sans"],
    "font.size": 8.0,
    "axes.linewidth": 0.7,
    "axes.edgecolor": INK,
    "text.color": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "svg.fonttype": "none",
    "svg.hashsalt": "baxis",
    "pdf.fonttype": 42,
    "figure.dpi": 100,
}


def new_figure(width: float, height: float) -> Figure:
    """Figure of width x height inches, off screen. Call inside `rc()`."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    return figure


def rc():  # type: ignore[no-untyped-def]
    """Context in which figures are drawn and saved."""
    import logging

    import matplotlib

    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    return matplotlib.rc_context(RC)


def save(figure: Figure, file: str | Path) -> Path:
    """Write PNG (300 dpi), SVG or PDF with bytes that do not change from run to run."""
    path = Path(file)
    if path.suffix.lower() not in FORMATS:
        raise InvalidValue("figure file", path.name, f"a name that ends with {', '.join(FORMATS)}")
    path.parent.mkdir(parents=True, exist_ok=True)
    meta = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}, ".png": {"Software": None}}
    with rc():
        figure.savefig(path, dpi=300, metadata=meta[path.suffix.lower()], facecolor="white")
    return path
