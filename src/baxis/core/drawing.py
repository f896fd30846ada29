"""Figures whose words are plain text: `$`, `_`, `^`, `\\` and braces in a label are those characters, never a formula.

Every figure of baxis is a `Drawing`; labels that come from a user or a file go through `label`.
"""

from __future__ import annotations

import textwrap
import warnings
from typing import Any

import matplotlib
from matplotlib.figure import Figure
from matplotlib.text import Text

from .written import visible

PLAIN = {"text.parse_math": False, "text.usetex": False}
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
            super().draw(renderer)

    def savefig(self, *args: Any, **kwargs: Any) -> None:
        """Save, with letters that the font lacks as boxes."""
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=UNDRAWN)
            super().savefig(*args, **kwargs)


def label(text: str, room: int = 36, lines: int = 3) -> str:
    """A user's words as a label: one space between words, wrapped to lines of `room` characters, cut after some lines."""
    parts = textwrap.wrap(visible(" ".join(text.split())), room, break_on_hyphens=False)
    if len(parts) > lines:
        parts = [*parts[: lines - 1], parts[lines - 1][: room - 1] + "…"]
    said = "\n".join(parts)
    return f" {said}" if said.startswith("_") else said  # a leading underline would hide it from a legend
