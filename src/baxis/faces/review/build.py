"""The review put together: title, contents, chapters, the claims and trials cited, runs, references."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape
from pathlib import Path

from baxis import axis, evidence
from baxis._version import __version__
from baxis.clinic.result.recipe import NOTICE
from baxis.core import library
from baxis.core.errors import InvalidValue
from baxis.core.storing import folders
from baxis.faces.report.html import cell, page, table
from baxis.faces.review import appendix
from baxis.faces.review.bibliography import bibliography
from baxis.faces.review.context import Context
from baxis.faces.review.template import chapter
from baxis.insight.omics.classes import matrix

TITLE = "The B-cell axis in autoimmune disease: a living review"
STYLE = """
.cite,.cite a{font:12px system-ui,sans-serif;text-decoration:none}.contested{color:#b2421a;font-weight:600}a{color:#1f4e79}
.box{background:#f4f6f8;padding:.4rem .8rem}table.matrix{font-size:11px}table.matrix td{min-width:8rem}ol.refs{font-size:13px}
h2{font-size:1.45rem;margin-top:3rem}h3{font-size:1.1rem;margin-top:1.8rem}nav li{margin:.15rem 0}:target{background:#fff4cc}
@media print{h2.appendix{break-before:page}table.matrix{font-size:8.5px}table.matrix td{min-width:0}ol.refs{font-size:11px}}
"""
Tell = Callable[[int, int], None]


def review(cache: Path | None = None, patients: int = 100, tell: Tell | None = None) -> str:
    """HTML of the whole review. cache: folder of the model's runs, reused while library and model stay the same."""
    tables = evidence.load()
    cells = matrix(tables, patients, cache, tell)
    context = Context(tables, {(c.drug_class, c.disease): c for c in cells})
    chapters = [chapter(library.path(f"review/{n}.md").read_text(encoding="utf-8"), context) for n in names()]
    titles = [re.search("<h1>(.*?)</h1>", c)[1] for c in chapters]  # type: ignore[index]
    body = [_chapter(i + 1, t, c) for i, (t, c) in enumerate(zip(titles, chapters, strict=True))]
    parts = [
        f"<h1>{TITLE}</h1>", f"<p class='notice'><b>{escape(NOTICE)}</b> {READING}</p>", _contents(titles), *body,
        *_section("claims", "Claims cited", appendix.claims(context)), *_section("trials", "Trials cited", appendix.trials(context)),
        *_section("runs", "Runs of the model", appendix.runs(context)),
        *_section("unused", "Claims that the text does not use", appendix.unused(context)),
        *_section("references", "References", bibliography(context.numbers)),
        *_section("recipe", "Recipe", _recipe(tables, patients, sum(c.predicted.failures for c in cells))),
    ]  # fmt: skip
    return page(TITLE, parts, STYLE)


READING = (
    "A number in brackets leads to the claim it rests on, with its grade, and from there to the reference; a claim that another claim "
    "contradicts is marked ⇄. Prose is written; every number, table and figure is filled in from the evidence tables or from a run of the model."
)
APPENDICES = (
    ("claims", "Claims cited"),
    ("trials", "Trials cited"),
    ("runs", "Runs of the model"),
    ("references", "References"),
)


def names() -> tuple[str, ...]:
    """Chapters in order. Raises InvalidValue where the library holds none."""
    found = library.names("review", ".md")
    if not found:
        raise InvalidValue("library/review", "no chapter", "Markdown files")
    return found


def _chapter(number: int, title: str, html: str) -> str:
    html = html.replace("<h2>", "<h3>").replace("</h2>", "</h3>")
    return html.replace(f"<h1>{title}</h1>", f"<h2 class='chapter' id='chapter-{number}'>{number}. {title}</h2>")


def _contents(titles: list[str]) -> str:
    items = [f"<li><a href='#chapter-{i + 1}'>{i + 1}. {t}</a></li>" for i, t in enumerate(titles)]
    items += [f"<li><a href='#{key}'>{name}</a></li>" for key, name in APPENDICES]
    return f"<nav><ul style='list-style:none;padding:0'>{''.join(items)}</ul></nav>"


def _section(key: str, title: str, html: str) -> tuple[str, str]:
    return f"<h2 class='appendix' id='{key}'>{title}</h2>", html


def _recipe(tables: evidence.Evidence, patients: int, failures: int) -> str:
    rows = {"baxis": __version__, "library": library.digest(), "model": axis.system().digest, "evidence": tables.digest,
            "patients in each run": patients, "seed": 1, "solver failures": failures}  # fmt: skip
    return table(("item", "value"), [(k, cell(v)) for k, v in rows.items()])


def write(folder: Path, patients: int = 100, pdf: bool = False, tell: Tell | None = None) -> list[Path]:
    """Write review.html (and review.pdf) into a folder; runs of the model are kept in its `runs/`."""
    from baxis.faces.report import pdf as printer

    if folder.is_file() or not folder.absolute().parent.is_dir():
        raise InvalidValue("--out", str(folder), "a folder, or a new one in an existing folder")
    if pdf:
        printer.browser()
    folders.add_check(folder, ("review.html", "review.pdf") if pdf else ("review.html",))
    text = review(folder / "runs", patients, tell)
    made = folders.add(folder, {"review.html": lambda path: path.write_text(text, encoding="utf-8")})
    if pdf:
        printed = printer.printed(made[0])
        made += folders.add(folder, {"review.pdf": lambda path: path.write_bytes(printed)})
    return made
