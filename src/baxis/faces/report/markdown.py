"""Markdown to HTML: raw HTML is shown as text, tables are read, nothing is fetched."""

from __future__ import annotations


def render(text: str) -> str:
    """HTML of a Markdown text."""
    from markdown_it import MarkdownIt

    made: str = MarkdownIt("commonmark", {"html": False}).enable("table").render(text)
    return made.replace("<table>", "<div class='wide'><table>").replace("</table>", "</table></div>")
