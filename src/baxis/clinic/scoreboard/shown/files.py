"""A board on disk: scoreboard.json, scoreboard.md and the figures."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from baxis.clinic.scoreboard.shown import board_figures as figures
from baxis.clinic.scoreboard.shown.page import page
from baxis.clinic.scoreboard.summary import Board
from baxis.core.plain import to_json
from baxis.core.storing import folders

NAMES = ("scoreboard.json", "scoreboard.md", *figures.NAMES)  # that a saved board may hold


def save(board: Board, folder: Path) -> None:
    """Write scoreboard.json, scoreboard.md and the figures into a folder; each file whole or not at all.

    Raises InvalidValue where files of these names lie there that baxis did not write.
    """
    drawn = figures.drawings(board)
    texts = {"scoreboard.md": page(board, list(drawn)), "scoreboard.json": to_json(board.to_dict(), 1) + "\n"}
    made: dict[str, Callable[[Path], None]] = {n: partial(_text, text) for n, text in texts.items()}
    folders.add(folder, made | drawn)


def _text(text: str, path: Path) -> None:
    path.write_text(text, encoding="utf-8")
