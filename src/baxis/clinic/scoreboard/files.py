"""A board on disk: scoreboard.json, scoreboard.md and the figures."""

from __future__ import annotations

from pathlib import Path

from ...core.plain import to_json
from . import figures
from .board import Board
from .page import page


def save(board: Board, folder: Path) -> None:
    """Write scoreboard.json, scoreboard.md and the figures into a folder; each file whole or not at all."""

    folder.mkdir(parents=True, exist_ok=True)
    names = figures.write(board, folder)
    texts = {
        "scoreboard.md": page(board, names),
        "scoreboard.json": to_json(board.to_dict(), 1) + "\n",
    }
    for name, text in texts.items():
        part = folder / f"{name}.part"
        part.write_text(text, encoding="utf-8")
        part.replace(folder / name)
