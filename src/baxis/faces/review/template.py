"""A chapter's Markdown with its citations, values, tables and figures filled in."""

from __future__ import annotations

import re

from baxis.core.errors import UnknownName
from baxis.faces.report.markdown import render
from baxis.faces.review.blocks import BLOCKS
from baxis.faces.review.context import Context
from baxis.faces.review.values import VALUES

TOKEN = re.compile(r"\[(C\d{3}(?:, C\d{3})*)\]|\[([TM]):([^\]]+)\]|\{\{([a-z]+)(?: ([^}]+))?\}\}")
HELD = re.compile("(?:<p>)?\x02(\\d+)\x03(?:</p>)?")


def chapter(text: str, context: Context) -> str:
    """HTML of a chapter. Raises UnknownName for a claim, trial, cell, value or block that does not exist."""
    made: list[tuple[str, bool]] = []

    def hold(found: re.Match[str]) -> str:
        made.append(_filled(found, context))
        return f"\x02{len(made) - 1}\x03"

    def put(found: re.Match[str]) -> str:
        html, block = made[int(found[1])]
        return html if block else found[0].replace(f"\x02{found[1]}\x03", html)

    return HELD.sub(put, render(TOKEN.sub(hold, text)))


def _filled(found: re.Match[str], context: Context) -> tuple[str, bool]:
    """HTML of one token, and whether it is a block."""
    claims, kind, names, word, rest = found.groups()
    if claims:
        return _bracket(context.together(claims.split(", "))), False
    if kind:
        one = context.trial if kind == "T" else context.model
        return _bracket([one(k.removeprefix(f"{kind}:")) for k in names.split(", ")]), False
    if word in VALUES:
        return VALUES[word](context, rest or ""), False
    if word in BLOCKS:
        return BLOCKS[word](context, rest or ""), True
    raise UnknownName("directive in the review", word, [*VALUES, *BLOCKS])


def _bracket(links: list[str]) -> str:
    return f"<span class='cite'>[{', '.join(links)}]</span>"
