"""The notebooks run from top to bottom, and their pages show the code that they hold."""

from __future__ import annotations

import importlib.util
import os
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def notebooks() -> Any:
    spec = importlib.util.spec_from_file_location("notebooks", ROOT / "scripts" / "notebooks.py")
    assert spec
    assert spec.loader
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


NAMES = sorted(p.stem for p in (ROOT / "docs" / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("name", NAMES)
def test_it_runs_and_its_page_is_written(
    notebooks: Any, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(ROOT / "src"), os.environ.get("PYTHONPATH")])))
    book = notebooks.executed(notebooks.FOLDER / f"{name}.ipynb")
    text = notebooks.page(book, name, tmp_path / "img")
    assert not [o for c in book.cells if c.cell_type == "code" for o in c.outputs if o.output_type == "error"]
    shown = re.findall(r"!\[[^]]*\]\((img/[^)]+)\)", text)
    assert all((tmp_path / s).stat().st_size > 5000 for s in shown)
    assert text.startswith("# Notebook: ")


@pytest.mark.parametrize("name", NAMES)
def test_the_page_shows_the_notebook(name: str) -> None:
    import nbformat

    folder = ROOT / "docs" / "notebooks"
    page = (folder / f"{name}.md").read_text(encoding="utf-8")
    for cell in nbformat.read(folder / f"{name}.ipynb", as_version=4).cells:
        assert cell.source.partition("\n")[2 if cell.source.startswith("# ") else 0].strip() in page
    assert (folder / f"{name}.ipynb").stat().st_size < 600_000


def test_there_are_notebooks() -> None:
    assert len(NAMES) >= 3
