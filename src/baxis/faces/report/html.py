"""Pieces of a self-contained HTML page: style, sections, tables, embedded figures. Every text is escaped here."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from baxis.core.storing.written import visible

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STYLE = """
body{font:15px/1.5 Georgia,serif;color:#222;max-width:62rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.7rem;line-height:1.2}h2{font-size:1.15rem;margin-top:2.2rem;border-bottom:1px solid #ccc}h3{font-size:1rem}
table{border-collapse:collapse;font:13px/1.4 system-ui,sans-serif;margin:.6rem 0}
caption{text-align:left;font-weight:600;padding:.3rem 0;caption-side:top}
th,td{text-align:left;padding:.25rem .6rem .25rem 0;border-bottom:1px solid #e4e4e4;vertical-align:top;overflow-wrap:break-word}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;padding-left:.6rem}td.n{white-space:nowrap}img{max-width:100%}.wide{overflow-x:auto}
.notice{background:#fff4e0;border-left:4px solid #D55E00;padding:.6rem 1rem;font-family:system-ui,sans-serif}
.small{font-size:13px;color:#555}
a{color:#1f4e79}figure{margin:1rem 0}
@page{size:A4;margin:15mm}@page across{size:A4 landscape;margin:12mm}
@media print{body{margin:0;max-width:none;font-size:13px}h2,h3,caption{break-after:avoid}tbody tr:first-child{break-before:avoid}tr,img,figure{break-inside:avoid}img{max-height:235mm}
table{font-size:10px}.small{font-size:11px}.wide{overflow:visible}.across{page:across}.across table{font-size:9px}.across img{max-height:158mm}}
"""


def page(title: str, parts: Sequence[str], style: str = "") -> str:
    """A whole page in one file: nothing is fetched from anywhere."""
    head = f"<meta charset='utf-8'><meta name='viewport' content='width=device-width'><title>{escape(title)}</title>"
    body = f"<style>{STYLE}{style}</style></head><body>{''.join(parts)}</body></html>\n"
    body = visible(body)  # control characters are no HTML
    return f"<!doctype html><html lang='en'><head>{head}{body}"


class Html(str):
    """Text that is HTML already and is not escaped again."""


def section(title: str, body: str, across: bool = False) -> tuple[str, str]:
    """Heading and body; `across`: printed on pages of their own that lie on their side."""
    head, end = ("<div class='across'>", "</div>") if across else ("", "")
    return f"{head}<h2>{escape(title)}</h2>", body + end


NUMBER = re.compile(r"[-+<]?\d[\d.,]*(e[-+]?\d+)?%?( to [-+]?\d[\d.]*)?( ?%)?( \([-+\d.]+ to [-+\d.]+\))?( of \d+)?")
SHORT = 10  # characters of a cell that is kept on one line
MANY = 14  # columns from which a table is printed on its side


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], caption: str = "") -> str:
    """Table of text cells (`Html` goes in as it is); columns of numbers are set right."""
    cls = [" class='n'" if numeric([r[k] for r in rows]) else "" for k in range(len(columns))]
    head = "".join(f"<th{c}>{escape(n)}</th>" for n, c in zip(columns, cls, strict=True))
    body = "".join(
        "<tr>" + "".join(f"<td{c}>{_text(v)}</td>" for v, c in zip(r, cls, strict=True)) + "</tr>" for r in rows
    )
    said = f"<caption>{escape(caption)}</caption>" if caption else ""
    name = "wide across" if len(columns) >= MANY else "wide"
    return f"<div class='{name}'><table>{said}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"


def numeric(cells: Sequence[str]) -> bool:
    """Whether a column holds numbers, ranges or shares and nothing else."""
    filled = [c for c in cells if c not in ("", "-")]
    return bool(filled) and all(NUMBER.fullmatch(c) for c in filled)


def _text(value: str) -> str:
    if isinstance(value, Html):
        return value
    return escape(value).replace(" ", "&nbsp;") if len(value) <= SHORT else escape(value)


def records(rows: Sequence[Mapping[str, Any]], leave: Sequence[str] = (), caption: str = "") -> str:
    """Table of dictionaries: columns in order of first use, without those that are empty throughout."""
    names = [n for n in dict.fromkeys(k for r in rows for k in r) if n not in leave]
    names = [n for n in names if any(cell(r.get(n)) for r in rows)]
    if not names:
        return ""
    return table([n.replace("_", " ") for n in names], [[cell(r.get(n)) for n in names] for r in rows], caption=caption)


def cell(value: Any) -> str:
    """A value as text: unknown is empty, a number has four digits, a list is joined."""
    if value is None or value != value:
        return ""
    if isinstance(value, Html):
        return value
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, dict):
        return ", ".join(f"{k} {cell(v)}" for k, v in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(cell(v) for v in value)
    return str(value)


def picture(figure: Figure | Path, what: str, caption: str = "") -> str:
    """A figure, or a PNG file, inside the page."""
    if isinstance(figure, Path):
        data = figure.read_bytes()
    else:
        held = io.BytesIO()
        figure.savefig(held, format="png", dpi=140, metadata={"Software": None})
        data = held.getvalue()
    source = f"data:image/png;base64,{base64.b64encode(data).decode()}"
    said = f"<figcaption class='small'>{caption}</figcaption>" if caption else ""
    return f"<figure><img alt='{escape(what, quote=True)}' src='{source}'>{said}</figure>"
