"""The documentation is a test: every Python snippet runs, the example design runs, every command named exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import baxis
from baxis.clinic.design import read_design
from baxis.faces.cli.app import COMMANDS

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(encoding="utf-8"), re.S)


SNIPPETS = [
    (p, code)
    for p in (
        ROOT / "README.md",
        ROOT / "docs" / "design.md",
        ROOT / "docs" / "trial.md",
        ROOT / "docs" / "planning.md",
        *sorted((ROOT / "docs" / "insight").glob("*.md")),
    )
    for code in blocks(p, "python")
]


@pytest.mark.parametrize(("page", "code"), SNIPPETS, ids=lambda v: v.name if isinstance(v, Path) else "")
def test_python_snippets_run(page: Path, code: str) -> None:
    exec(compile(code, str(page), "exec"), {})


def test_the_documented_design_runs(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(blocks(ROOT / "docs" / "design.md", "toml")[0])
    result = baxis.run_trial(file, patients=20)
    assert list(result.arms["arm_id"]) == ["pbo", "75qd"]
    assert result.arms["published"].isna().all()
    assert read_design(file).weeks == 24


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_commands_in_the_pages_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = set(re.findall(r"(?:`|bin/)baxis ([a-z][a-z-]+)", text))
    assert named <= set(COMMANDS) | {"trial"}, f"{page}: {named - set(COMMANDS)}"


def test_links_between_pages_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.relative_to(ROOT)}: {target}"
