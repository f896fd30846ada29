"""Figures whose words are plain text: `$`, `_`, `^`, `\\` and braces in a label are those characters, never a formula.

Every figure of baxis is a `Drawing`; labels that come from a user or a file go through `label`.
"""

from __future__ import annotations

import textwrap
import warnings
from collections.abc import Callable
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FixedFormatter, Formatter, FuncFormatter

from baxis.core.storing.written import visible

PLAIN: dict[Any, Any] = {"text.parse_math": False, "text.usetex": False}
UNDRAWN = (
    "Glyph .* missing from"  # a letter that the font lacks is drawn as a box; matplotlib's word on it helps nobody
)


class Drawing(Figure):
    """A matplotlib figure that takes no text as a formula and shows control characters written out."""

    def draw(self, renderer: Any) -> None:
        """Draw; ticks that are made meanwhile are plain too."""
        with matplotlib.rc_context(PLAIN), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=UNDRAWN)
            for text in self.findobj(Text):
                assert isinstance(text, Text)
                text.set_parse_math(False)
                text.set_text(visible(text.get_text()).replace("\t", " "))
            for ax in self.findobj(Axes):
                assert isinstance(ax, Axes)
                for formatter in (ax.xaxis.get_major_formatter(), ax.yaxis.get_major_formatter()):
                    _seen(formatter)
            super().draw(renderer)

    def savefig(self, *args: Any, **kwargs: Any) -> None:
        """Save, with letters that the font lacks as boxes."""
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=UNDRAWN)
            super().savefig(*args, **kwargs)


def _seen(formatter: Formatter) -> None:
    """Let the names of given ticks pass through `visible`: their text is made while the figure is drawn."""
    if isinstance(formatter, FuncFormatter) and not isinstance(formatter.func, _Visible):
        formatter.func = _Visible(formatter.func)
    if isinstance(formatter, FixedFormatter):
        formatter.seq = [visible(str(s)) for s in formatter.seq]


class _Visible:
    """A tick's name as another function makes it, with control characters written out."""

    def __init__(self, make: Callable[..., str]) -> None:
        self.make = make

    def __call__(self, *at: Any) -> str:
        return visible(self.make(*at))


def label(text: str, room: int = 36, lines: int = 3) -> str:
    """A user's words as a label: one space between words, wrapped to lines of `room` characters, cut after some lines."""
    parts = textwrap.wrap(visible(" ".join(text.split())), room, break_on_hyphens=False)
    if len(parts) > lines:
        parts = [*parts[: lines - 1], parts[lines - 1][: room - 1] + "…"]
    said = "\n".join(parts)
    return f" {said}" if said.startswith("_") else said  # a leading underline would hide it from a legend
