"""The pages on meta-analysis, map and rival: their Python runs, their commands exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from baxis.faces.cli.commands import evidence_meta

DOCS = Path(__file__).resolve().parents[3] / "docs" / "evidence"


@pytest.mark.parametrize("page", ["meta", "map", "rival"])
def test_python_on_the_page_runs(page: str) -> None:
    text = (DOCS / f"{page}.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.S)
    assert blocks
    for code in blocks:
        exec(compile(code, f"{page}.md", "exec"), {})


@pytest.mark.parametrize("page", ["meta", "map", "rival"])
def test_commands_on_the_page_exist_with_their_options(page: str) -> None:
    app = typer.Typer()
    evidence_meta.register(app)
    app.command("map")(evidence_meta.map_command)
    text = (DOCS / f"{page}.md").read_text(encoding="utf-8")
    named = re.findall(r"^baxis (?:evidence )?(\w+)(.*?)(?:#.*)?$", text, re.M)
    assert named
    for command, rest in named:
        shown = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "200", "NO_COLOR": "1"})
        assert shown.exit_code == 0, command
        for option in re.findall(r"--[\w-]+", rest):
            assert option in shown.output, f"{command} {option}"
