"""Markdown to HTML: raw HTML is shown as text, tables are read, nothing is fetched."""

from __future__ import annotations

import re
from html import unescape

from baxis.faces.report.html import MANY, numeric

TABLE = re.compile("<table>.*?</table>", re.DOTALL)
CELL = re.compile("<t[hd][^>]*>(.*?)</t[hd]>", re.DOTALL)


def render(text: str) -> str:
    """HTML of a Markdown text; columns of numbers are set right, wide tables printed on their side."""
    from markdown_it import MarkdownIt

    made: str = MarkdownIt("commonmark", {"html": False}).enable("table").render(text)
    return TABLE.sub(_table, made)


def _table(found: re.Match[str]) -> str:
    head, *rows = re.findall("<tr>.*?</tr>", found[0], re.DOTALL)
    cells = [[unescape(c) for c in CELL.findall(r)] for r in rows]
    columns = [numeric([r[k] for r in cells]) for k in range(len(CELL.findall(head)))]
    body = "".join(_row(r, "td", columns) for r in rows)
    name = "wide across" if len(columns) >= MANY else "wide"
    return f"<div class='{name}'><table><thead>{_row(head, 'th', columns)}</thead><tbody>{body}</tbody></table></div>"


def _row(row: str, tag: str, columns: list[bool]) -> str:
    cells = zip(CELL.findall(row), columns, strict=True)
    return "<tr>" + "".join(f"<{tag} class='n'>{c}</{tag}>" if n else f"<{tag}>{c}</{tag}>" for c, n in cells) + "</tr>"
