"""A page: its name, its form and what it answers. The list of pages is the site's navigation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from baxis.core.plain import finite

Query = Mapping[str, str]


@dataclass(frozen=True)
class Answer:
    """What a page sends back. html: text of a slot by its id; figures: Plotly figures by id; faults: message by field
    ('' is the form as a whole); preview: what it is, where it is a first look and the answer itself follows."""

    html: Mapping[str, Any] = field(default_factory=dict)
    figures: Mapping[str, Any] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)
    preview: str = ""

    def plain(self) -> dict[str, Any]:
        """As JSON for the browser."""

        html = {k: str(v) for k, v in self.html.items()}
        return {
            "html": html,
            "figures": finite(dict(self.figures)),
            "faults": dict(self.faults),
            "preview": self.preview,
        }


@dataclass(frozen=True)
class Page:
    """One page. `module` has `form(query)`, `body(query)` and `answer(form)`, and `download(request)` where there are `files`.

    The module is loaded when the page is first asked for, so that the first page does not wait for the others.
    line: which workers answer it (`work.LINES`); long questions have workers of their own, so that no quick page waits
    behind them. long: fields that hold a table rather than a line.
    """

    name: str
    title: str
    lead: str
    module: str
    line: str = "quick"
    files: tuple[str, ...] = ()
    long: tuple[str, ...] = ()

    def load(self) -> Any:
        """The page's module."""
        return import_module(f"baxis.faces.web.{self.module}")

    def _get(self, attribute: str) -> Any:
        return getattr(self.load(), attribute)

    def form(self, query: Query) -> Any:
        """Fields, filled from the address."""
        return self._get("form")(query)

    def body(self, query: Query) -> Any:
        """Where the answer goes."""
        return self._get("body")(query)

    def answer(self, form: Mapping[str, str]) -> Answer:
        """Compute (in a worker thread)."""
        make: Callable[[Mapping[str, str]], Answer] = self._get("answer")
        return make(form)

    async def download(self, request: Any) -> Any:
        """Starlette response with one of the page's files."""
        return await self._get("download")(request)


_ALL = (
    Page(
        "trial",
        "Trial",
        "Run a virtual trial and see it beside what was published.",
        "trial.page",
        "trial",
        files=("result.json", "design.json"),
    ),
    Page(
        "pathway", "Pathway", "B-cell receptor signalling as a map, minutes to days after a stimulus.", "pages.pathway"
    ),
    Page("explain", "Explain", "Where a drug's effect is lost between target and endpoint.", "pages.explain", "slow"),
    Page(
        "biomarkers", "Biomarkers", "Which baseline marker tells who benefits from a drug.", "pages.biomarkers", "slow"
    ),
    Page("combine", "Combine", "Two drugs together, dose by dose, against named nulls.", "pages.combine", "slow"),
    Page(
        "patient",
        "Patient",
        "One patient's values, what they say, and predicted courses. Research only.",
        "pages.patient",
        "slow",
        long=("values",),
    ),
    Page("diseases", "Diseases", "Six diseases side by side: one model, other regulators.", "pages.diseases"),
    Page(
        "evidence",
        "Evidence",
        "What trials found, pooled; and every trial and claim behind the model.",
        "pages.evidence",
    ),
    Page(
        "scoreboard", "Scoreboard", "Published trials predicted by the model and by plain rivals.", "pages.scoreboard"
    ),
)
PAGES: dict[str, Page] = {p.name: p for p in _ALL}
