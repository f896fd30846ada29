"""The frame of every page and the pieces that pages are made of: fields, tables, figures with their tables."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from shiny import ui
from shiny.ui import TagList, tags

from baxis.clinic.result import asked as asked_for
from baxis.faces.web.frame import asked
from baxis.faces.web.page_list import PAGES, Page

NOTICE = "Research use only. A model's predictions about virtual patients are no basis for the treatment of anyone."


def frame(page: Page, query: Mapping[str, str]) -> Any:
    """A whole page: navigation, form, answer, notice, and what the address asks for that the page does not have."""
    query = asked.read(query)
    fields = page.form(query)
    strange = [tags.p(text, class_="strange") for text in asked.strange(query, str(fields))]
    links = [
        tags.a(p.title, href=f"/{p.name}/", **({"aria-current": "page"} if p is page else {})) for p in PAGES.values()
    ]
    return ui.page_fluid(
        tags.head(
            tags.meta(name="viewport", content="width=device-width, initial-scale=1"),
            tags.link(rel="stylesheet", href="/assets/style.css"),
            tags.link(rel="icon", href="/assets/mark.svg", type="image/svg+xml"),
            tags.script(src="/assets/plotly.min.js", defer=""),
            tags.script(src="/assets/app.js", defer=""),
        ),
        tags.a("Skip to the result", href="#result", class_="skip"),
        tags.header(
            tags.a(tags.img(src="/assets/mark.svg", alt="", width="26", height="26"), "baxis", href="/", class_="brand"),
            tags.nav(*links, **{"aria-label": "Pages"}),
        ),
        tags.div(
            tags.h1(page.title),
            tags.p(page.lead, class_="lead"),
            class_="title",
        ),
        tags.div(*strange, id="strange", role="alert") if strange else None,
        tags.main(
            tags.form(
                tags.div(class_="fault whole", id="fault-whole", role="alert"),
                fields,
                tags.a("See the result", href="#result", class_="button jump"),
                id="form", autocomplete="off", novalidate="", **{"data-page": page.name},
            ),
            _result(page, query),
            class_="page",
        ),
        tags.footer(tags.strong("Research use only. "), NOTICE.removeprefix("Research use only. ")),
        title=f"{page.title} · baxis",
        lang="en",
    )  # fmt: skip


def _result(page: Page, query: Mapping[str, str]) -> Any:
    """Where the state of the computation and the answer stand."""
    state = [
        tags.div("Starting", id="status", role="status"),
        tags.button("Stop", type="button", id="stop", class_="quiet", hidden=""),
    ]
    inside = [tags.div(*state, class_="state"), page.body(query)]
    return tags.section(*inside, id="result", tabindex="-1", **{"aria-label": "Result"})


def field(name: str, label: str, control: Any, *, unit: str = "", hint: str = "", shows: str = "") -> Any:
    """A labelled control with its unit, its hint, and room for what is wrong with it; `shows`: value of a slider in words."""
    control.attrs.update(
        {"id": f"f-{name}", "name": name, "data-shiny-no-bind-input": "", "aria-describedby": f"fault-{name}"}
    )
    inner = tags.span(control, tags.span(unit, class_="unit"), class_="with-unit") if unit else control
    return tags.div(
        tags.label(label, tags.output(shows, {"data-shows": name}) if shows else None, {"for": f"f-{name}"}),
        inner,
        tags.small(hint, class_="hint") if hint else None,
        tags.div(class_="fault", id=f"fault-{name}", role="alert"),
        class_=f"field field-{name}",
    )


def choice(options: Mapping[str, str] | Iterable[str], chosen: str, **attributes: str) -> Any:
    """A select; options are value -> text."""
    pairs = dict(options) if isinstance(options, Mapping) else {o: o for o in options}
    chosen = asked.chosen(chosen, pairs)
    if chosen not in pairs:  # an address may ask for what is not there: it is shown as that, and the answer refuses it
        pairs[chosen] = f"{asked.cut(chosen)} (unknown)"
    items = [tags.option(t, {"value": v} | ({"selected": ""} if v == chosen else {})) for v, t in pairs.items()]
    given: dict[str, Any] = dict(attributes)
    return tags.select(*items, given)


def number(value: object, **attributes: str) -> Any:
    """A number field (typed as text, so that what was typed can be shown beside its fault)."""
    shown = "" if value is None or value == "" else f"{value:g}" if isinstance(value, float) else str(value)
    given: dict[str, Any] = {"type": "text", "inputmode": "decimal", "value": shown} | attributes
    return tags.input(given)


def told(recipe: dict[str, Any]) -> Any:
    """What was asked for beyond the design, and what a reader must know of it, beside the answer."""
    return TagList(*(tags.p(tags.strong("Note: "), text, class_="note remark") for text in asked_for.told(recipe)))


def marked(figures: dict[str, Any], recipe: dict[str, Any]) -> dict[str, Any]:
    """The figures with what was asked for written over each, so that a saved figure says it too."""
    lines = [escape(part) for part in textwrap.wrap(asked_for.sentence(recipe), 78)]
    if not lines:
        return figures
    small = {"size": 10.5, "color": "#444"}
    out = {}
    for name, figure in figures.items():
        layout = dict(figure["layout"])
        title, margin, room = layout.get("title", {}), layout.get("margin", {}), 15 * len(lines)
        text = "<br>".join(
            [title["text"], *(f"<span style='font-size:10.5px'>{x}</span>" for x in lines)] if title else lines
        )
        place = {"x": 0.01, "xanchor": "left", "y": 0.99, "yref": "container", "yanchor": "top", "pad": {"t": 14}}
        layout["title"] = {"font": small, **place, **title, "text": text}
        layout["margin"] = {**margin, "t": margin.get("t", 20) + room + 14}
        layout["height"] = layout["height"] + room + 6
        out[name] = figure | {"layout": layout}
    return out


def words(text: str) -> Any:
    """A text in which commands stand between backticks, each set as a command."""
    parts = text.split("`")
    return TagList(*(tags.code(p) if i % 2 and i + 1 < len(parts) else p for i, p in enumerate(parts) if p))


def slot(name: str) -> Any:
    """Where a piece of the answer's text goes."""
    return tags.div(id=f"slot-{name}", class_="slot")


def figure(name: str, height: int = 300, label: str = "") -> Any:
    """Where a figure goes, with a button that saves it."""
    plot = tags.div(
        id=f"figure-{name}", class_="plot", style=f"min-height:{height}px", role="img", **{"aria-label": label}
    )
    save = tags.button("Save figure (SVG)", type="button", class_="quiet", **{"data-save": name})
    return tags.figure(plot, save)


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]], caption: str = "", empty: str = "Nothing.") -> Any:
    """A table that scrolls sideways on a narrow screen; numbers at the right."""
    if not rows:
        return tags.p(empty, class_="note")
    right = [all(_numeric(r[i]) for r in rows) for i in range(len(columns))]
    head = [tags.th(c, scope="col", class_="num" if right[i] else None) for i, c in enumerate(columns)]
    body = [tags.tr(*(tags.td(c, class_="num" if right[i] else None) for i, c in enumerate(r))) for r in rows]
    made = tags.table(
        tags.caption(tags.span(caption)) if caption else None, tags.thead(tags.tr(*head)), tags.tbody(*body)
    )
    return tags.div(made, class_="scroll", tabindex="0")


def cited(key: str) -> Any:
    """Source keys joined by `;`, each as a link where it tells its own address, else its words."""
    return TagList(*(x for k in key.split(";") for x in (_source(k.strip()), " ")))


DOI = re.compile(r"doi_(10\.\d+)_([^_]+)")  # a second underscore may stand for any sign


def _source(key: str) -> Any:
    found = DOI.fullmatch(key)
    if found:
        return tags.a(f"doi:{found[1]}/{found[2]}", href=f"https://doi.org/{found[1]}/{found[2]}", rel="noopener")
    if re.fullmatch(r"PMC\d+", key):
        return tags.a(key, href=f"https://pmc.ncbi.nlm.nih.gov/articles/{key}/", rel="noopener")
    if re.fullmatch(r"PMID:?\d+", key):
        number = key.removeprefix("PMID").removeprefix(":")
        return tags.a(f"PMID {number}", href=f"https://pubmed.ncbi.nlm.nih.gov/{number}/", rel="noopener")
    if key.startswith("doi_"):
        from baxis.core import sources

        known = sources.load().get(key)
        if known is not None and known.url:
            return tags.a(f"doi:{known.doi}", href=known.url, rel="noopener")
    return key.replace("_", " ")


def _numeric(cell: Any) -> bool:
    return isinstance(cell, int | float) or (
        isinstance(cell, str) and (cell in {"", "–"} or cell.lstrip("<>")[:1] in tuple("+-−0123456789"))
    )


def folded(title: str, *inside: Any, open: bool = False) -> Any:
    """A part that can be opened."""
    return tags.details(tags.summary(title), *inside, {"open": ""} if open else {})
