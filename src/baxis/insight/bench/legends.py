"""Legends that cannot lie on what they explain: under the axes, below the axis label."""

from __future__ import annotations

from typing import Any

CLEAR = 4.4  # of the font's size, from the axes down: past tick labels and one line of axis label


def below(axes: Any, columns: int = 2, title: str | None = None) -> None:
    """Legend of the axes under them; for figures with the `constrained` layout, which makes room for it."""
    axes.legend(
        loc="upper center",
        bbox_to_anchor=(0.5, 0.0),
        borderaxespad=CLEAR,
        ncols=columns,
        frameon=False,
        fontsize=8,
        title=title,
        title_fontsize=8,
    )
