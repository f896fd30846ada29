"""Report of a scoreboard: the page of a folder that `baxis scoreboard --out` wrote, figures inside."""

from __future__ import annotations

import re
from html import escape
from pathlib import Path

from ...clinic.recipe import NOTICE
from ...core.errors import InvalidValue
from .credibility import credibility
from .html import page, picture, section
from .markdown import render


def board_report(folder: Path) -> str:
    """HTML page of a saved scoreboard. Raises InvalidValue where the folder holds none."""
    file = folder / "scoreboard.md"
    if not file.is_file():
        raise InvalidValue(
            "--board", str(folder), "a folder that holds scoreboard.md", "write one with `baxis scoreboard --out DIR`"
        )
    body = render(file.read_text(encoding="utf-8"))
    body = re.sub(r'<p><img src="([^"/:]+\.png)"[^>]*></p>', lambda m: _inside(folder / m[1]), body)
    head, _, rest = body.partition("</h1>")
    notice = (
        f"<p class='notice'><b>{escape(NOTICE)}</b> Published trials predicted by the model and by plain rivals.</p>"
    )
    return page("Scoreboard", [head, "</h1>", notice, rest, *section("Credibility", credibility(None))])


def _inside(file: Path) -> str:
    if not file.is_file():
        raise InvalidValue("--board", str(file), "the figures that the page names, beside it")
    return picture(file, file.stem.replace("_", " "))
