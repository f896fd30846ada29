"""The pages on evidence: the generated part is up to date, the Python runs, the commands exist."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer.main
from typer.testing import CliRunner

from baxis.evidence.store import schema
from baxis.faces.cli.commands.evidence import app

DOCS = Path(__file__).resolve().parents[3] / "docs" / "evidence"
PAGES = ("tables", "how_found", "queries", "import")


@pytest.mark.parametrize("page", PAGES)
def test_python_on_the_page_runs(page: str) -> None:
    text = (DOCS / f"{page}.md").read_text(encoding="utf-8")
    space: dict[str, object] = {}
    for code in re.findall(r"```python\n(.*?)```", text, re.S):
        exec(compile(code, f"{page}.md", "exec"), space)


def test_every_table_and_column_is_on_the_page() -> None:
    text = (DOCS / "tables.md").read_text(encoding="utf-8")
    for name, table in schema.tables().items():
        part = text.split(f"\n## {name}\n", 1)[1].split("\n## ", 1)[0]
        for column in table.columns.values():
            assert column.doc, (name, column.name)
            assert f"`{column.name}`" in part, (name, column.name)


def commands() -> list[list[str]]:
    text = (DOCS / "queries.md").read_text(encoding="utf-8")
    return [shlex.split(line)[2:] for line in re.findall(r"\$ (baxis evidence .*)", text)]


@pytest.mark.parametrize("asked", commands(), ids=" ".join)
def test_commands_on_the_page_run(asked: list[str]) -> None:
    got = CliRunner().invoke(app, asked)
    assert got.exit_code == 0, got.output
    assert len(got.output.splitlines()) > 1


def test_every_own_command_is_on_a_page() -> None:
    text = "".join((DOCS / f"{p}.md").read_text(encoding="utf-8") for p in PAGES)
    own = {"check", "trials", "claims", "contrasts", "grades", "search", "sheet", "conflicts", "import"}
    assert own <= set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
    for name in own:
        assert f"evidence {name}" in text, name
