"""Every Python snippet of the engine's pages runs, page by page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGES = sorted((Path(__file__).parents[3] / "docs" / "engine").glob("*.md"))
SNIPPET = re.compile(r"```python\n(.*?)```", re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_snippets_run(page: Path) -> None:
    code = "\n".join(SNIPPET.findall(page.read_text(encoding="utf-8")))
    exec(compile(code, str(page), "exec"), {"__name__": "page"})


def test_there_are_pages() -> None:
    assert {"index", "use", "numerics", "sbml", "benchmarks"} <= {p.stem for p in PAGES}
