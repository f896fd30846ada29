"""One look for all figures: type, colours that colour-blind readers can tell apart, stable bytes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from baxis.core.errors import InvalidValue
from baxis.core.storing import files

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK = "#1b1b1b"
GREY = "#8a8a8a"
LIGHT = "#e6e6e6"
BLUE = "#0072b2"  # Okabe & Ito
ORANGE = "#d55e00"
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
    "text.parse_math": False,  # labels are people's words: "$" and "_" stand for themselves
    "pdf.fonttype": 42,
    "figure.dpi": 100,
}


def new_figure(width: float, height: float) -> Figure:
    """Figure of width x height inches, off screen. Call inside `rc()`."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    from baxis.core.showing.drawing import Drawing

    figure = Drawing(figsize=(width, height))
    FigureCanvasAgg(figure)
    return figure


def rc():  # type: ignore[no-untyped-def]
    """Context in which figures are drawn and saved."""
    import logging

    import matplotlib

    from baxis.core.showing.drawing import PLAIN

    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    return matplotlib.rc_context(RC | PLAIN)


def inches(text: str, weight: str = "normal", size: float = 8) -> float:
    """Width of a line of text at a type size in points. Call inside `rc()`."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath

    if not text.strip():
        return 0.0
    return float(TextPath((0, 0), text, prop=FontProperties(size=size, weight=weight)).get_extents().width) / 72


def fitted(text: str, width: float, size: float, weight: str = "normal") -> str:
    """One line of `text` no wider than `width` inches at a type size in points, cut with "…" where it is too long.
    Call inside `rc()`."""
    text = " ".join(text.split())
    if inches(text, weight, size) <= width:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        fits = inches(text[:middle].rstrip() + "…", weight, size) <= width
        low, high = (middle, high) if fits else (low, middle - 1)
    return text[:low].rstrip() + "…"


def save(figure: Figure, file: str | Path) -> Path:
    """Write PNG (300 dpi), SVG or PDF with bytes that do not change from run to run."""
    path = Path(file)
    if path.suffix.lower() not in FORMATS:
        raise InvalidValue("figure file", path.name, f"a name that ends with {', '.join(FORMATS)}")
    meta = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}, ".png": {"Software": None}}
    with rc(), files.aside(path) as made:
        figure.savefig(made, dpi=300, metadata=meta[path.suffix.lower()], facecolor="white")
    return path
