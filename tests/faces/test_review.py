"""The living review: every citation leads somewhere, prose holds no number of its own, runs are reused."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path

import pytest

from baxis import evidence
from baxis.core import library
from baxis.core.errors import UnknownName
from baxis.faces.review import build
from baxis.faces.review.context import Context
from baxis.faces.review.template import TOKEN, chapter
from baxis.insight.omics import classes

NAMES = build.names()
TEXTS = {n: library.path(f"review/{n}.md").read_text(encoding="utf-8") for n in NAMES}


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The review with no run of the model but two: the others say that they were not run."""
    real = classes.simulated

    def some(chosen: tuple[str, str, str | None], disease: str, endpoint: str, patients: int) -> classes.Predicted:
        if (chosen[0], disease) in (("rituximab", "RA"), ("evobrutinib", "SLE")):
            return real(chosen, disease, endpoint, patients)
        return classes.Predicted(drug=chosen[0], why="left out of this test")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(classes, "simulated", some)
        return build.review(tmp_path_factory.mktemp("runs"), patients=20)


def test_every_link_leads_somewhere_and_nothing_is_fetched(page: str) -> None:
    targets = set(re.findall(r"\sid='([^']+)'", page))
    links = set(re.findall(r"href='#([^']+)'", page))
    assert len(links) > 250
    assert links <= targets, sorted(links - targets)[:5]
    assert not re.search(r"src=['\"]https?:|<link|<script", page)
    assert "\x02" not in page
    assert "{{" not in page
    assert not re.search(r"\bnan\b", re.sub(r"base64,[^']+", "", page))


def test_the_seven_themes_and_the_matrix(page: str) -> None:
    titles = re.findall(r"<h2 class='chapter' id='chapter-\d'>(.*?)</h2>", page)
    assert len(titles) == len(NAMES) == 7
    assert "rituximab" in page.split("id='M-anti-CD20-RA'")[1][:400]
    assert "escape: " in page.split("id='M-anti-CD20-RA'")[1][:400]
    assert "left out of this test" in page.split("id='M-JAK-inhibitor-RA'")[1][:400]


def test_contested_claims_are_marked(page: str) -> None:
    for key in ("C113", "C135"):
        assert re.search(rf"<a class='contested' href='#{key}' [^>]*Contested by C\d+", page)
    assert "Contested by" not in re.search(r"<a href='#C028' [^>]*>", page)[0]  # type: ignore[index]


@pytest.mark.parametrize("name", NAMES)
def test_each_paragraph_cites_and_holds_no_number(name: str) -> None:
    paragraphs = [p for p in TEXTS[name].split("\n\n") if p.strip() and not p.startswith(("#", "{{"))]
    for text in paragraphs:
        bare = TOKEN.sub("", text)
        found = re.findall(r"(?<![\w.-])\d+(?:\.\d+)?(?![\w-])", re.sub(r"(interleukin|ACR|phase) \d+", "", bare))
        assert not found, f"{name}: {found} in {text[:60]}"
    uncited = [p[:60] for p in paragraphs if not TOKEN.search(p)]
    assert len(uncited) <= 2, uncited  # a connecting paragraph may stand alone


def test_an_unknown_name_stops_the_build() -> None:
    context = Context(evidence.load(), {})
    for text in (
        "x [C999]",
        "x [T:aims]",
        "x [M:anti-CD20/RA]",
        "{{table matrices}}",
        "{{number 3}}",
        "{{class anti-CD99}}",
    ):
        with pytest.raises(UnknownName):
            chapter(text, context)


def test_prose_is_escaped() -> None:
    assert "<script>" not in chapter("a <script> b", Context(evidence.load(), {}))


def test_runs_are_kept_and_reused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tables = evidence.load()
    effect = classes.observed(tables)["anti-CD20", "RA"]
    calls = []

    def run(*asked: object) -> classes.Predicted:
        calls.append(asked)
        return classes.Predicted(drug="rituximab", difference=1.5, route="tissue B cells")

    monkeypatch.setattr(classes, "simulated", run)
    first, second = (classes.predicted(tables, ("anti-CD20", "RA"), effect, 20, tmp_path) for _ in range(2))
    assert len(calls) == 1
    assert json.dumps(asdict(first)) == json.dumps(asdict(second))
    classes.predicted(tables, ("anti-CD20", "RA"), effect, 30, tmp_path)
    assert len(calls) == 2
