"""Report of a scoreboard: the page of a folder that `baxis scoreboard --out` wrote, figures inside."""

from __future__ import annotations

import re
from html import escape
from pathlib import Path

from baxis.clinic.result.recipe import NOTICE
from baxis.core.errors import InvalidValue
from baxis.faces.report.credibility import credibility
from baxis.faces.report.html import page, picture, section
from baxis.faces.report.markdown import render

WORDS = (
    "MAE: mean absolute error. CRPS: continuous ranked probability score, an error that counts the whole predictive distribution "
    "(lower is better). Brier: mean squared error of the predicted probability of trial success. PI: predictive interval. CI: confidence interval as published. "
    "SE: standard errors of the difference. LN, AAV, SjD, IgG4-RD: lupus nephritis, ANCA-associated vasculitis, Sjögren's disease, IgG4-related disease."
)


def board_report(folder: Path) -> str:
    """HTML page of a saved scoreboard. Raises InvalidValue where the folder holds none."""
    file = folder / "scoreboard.md"
    if not file.is_file():
        raise InvalidValue(
            "--board", str(folder), "a folder that holds scoreboard.md", "write one with `baxis scoreboard --out DIR`"
        )
    body = render(file.read_text(encoding="utf-8"))
    body = re.sub(r'<p><img src="([^"/:]+\.png)"[^>]*></p>', lambda m: _inside(folder / m[1]), body)
    body = re.sub("<td>([^<]+)</td>", lambda m: f"<td>{m[1].replace('_', ' ')}</td>", body)
    head, _, rest = body.partition("</h1>")
    notice = (
        f"<p class='notice'><b>{escape(NOTICE)}</b> Published trials predicted by the model and by plain rivals.</p>"
    )
    return page(
        "Scoreboard",
        [head, "</h1>", notice, f"<p class='small'>{WORDS}</p>", rest, *section("Credibility", credibility(None))],
    )


def _inside(file: Path) -> str:
    if not file.is_file():
        raise InvalidValue("--board", str(file), "the figures that the page names, beside it")
    return picture(file, file.stem.replace("_", " "))
