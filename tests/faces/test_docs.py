"""The documentation is a test: snippets run, commands parse, the walk-throughs are walked, the site builds without a warning."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

import baxis
from baxis.clinic.design.read import read_design
from baxis.core import library
from baxis.faces.cli import main
from baxis.faces.cli.app import COMMANDS, build

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
WALKED = [ROOT / "docs" / "tutorial.md", *sorted((ROOT / "docs" / "howto").glob("*.md"))]


def fences(doc: Path) -> list[tuple[str, str]]:
    """Fenced blocks in order: what stands after the opening fence, and the body."""
    return re.findall(r"^```([^\n]*)\n(.*?)^```$", doc.read_text(encoding="utf-8"), re.S | re.M)


def blocks(doc: Path, language: str) -> list[str]:
    return [body for info, body in fences(doc) if info == language]


def name(doc: Path) -> str:
    return str(doc.relative_to(ROOT))


def commands(doc: Path) -> list[str]:
    """Lines of shell blocks that start baxis, joined where they go on, without comments and redirections."""
    found = []
    for block in [body for info, body in fences(doc) if info in ("", "sh", "bash", "console")]:
        for line in re.sub(r"\\\n\s*", " ", block).splitlines():
            line = line.strip().removeprefix("$ ").removeprefix(".venv/bin/")
            if line.startswith("baxis "):
                found.append(re.split(r"\s[|>]\s|\s\|\|", line)[0])
    return found


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty working folder; what was laid over the library is taken off again."""
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    library.reset()


@pytest.mark.parametrize("doc", [p for p in PAGES if blocks(p, "python")], ids=name)
def test_python_snippets_run_in_order(doc: Path, elsewhere: Path) -> None:
    held: dict[str, Any] = {}
    for code in blocks(doc, "python"):
        exec(compile(code, str(doc), "exec"), held)


def test_the_documented_design_runs(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(blocks(ROOT / "docs" / "design.md", "toml")[0])
    result = baxis.run_trial(file, patients=20)
    assert list(result.arms["arm_id"]) == ["pbo", "75qd"]
    assert result.arms["published"].isna().all()
    assert read_design(file).weeks == 24


@pytest.mark.parametrize("doc", [p for p in PAGES if p.stem != "refusals"], ids=name)  # commands wrong on purpose
def test_commands_in_the_pages_exist(doc: Path) -> None:
    text = doc.read_text(encoding="utf-8")
    named = set(re.findall(r"(?:`|bin/)baxis ([a-z][a-z-]+)", text))
    assert named <= set(COMMANDS) | {"trial"}, f"{doc}: {named - set(COMMANDS)}"


@pytest.mark.parametrize("doc", [p for p in PAGES if commands(p)], ids=name)
def test_shell_snippets_parse(doc: Path) -> None:
    root: Any = typer.main.get_command(build([]))
    for line in commands(doc):
        words = shlex.split(line, comments=True)[1:]
        found, path = root, "baxis"
        while hasattr(found, "commands") and words and words[0] in found.commands:
            path, found, words = f"{path} {words[0]}", found.commands[words[0]], words[1:]
        if {"--help", "--version", "--show-completion", "--install-completion"} & set(words):
            continue
        try:
            found.make_context(path, list(words))
        except Exception as e:
            pytest.fail(f"{name(doc)}: {line}: {getattr(e, 'message', e)}")


@pytest.mark.parametrize("doc", WALKED, ids=name)
def test_a_walk_through_is_walked(
    doc: Path, elsewhere: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for info, held in fences(doc):
        if file := re.search('title="([^"]+)"', info):
            Path(file[1]).parent.mkdir(parents=True, exist_ok=True)
            Path(file[1]).write_text(held, encoding="utf-8")
    lines = commands(doc)
    assert lines
    for line in lines:
        words = [re.sub("^300$", "40", w) for w in shlex.split(line, comments=True)]
        monkeypatch.setattr(sys, "argv", words)
        with pytest.raises(SystemExit) as stop:
            main()
        assert not stop.value.code, f"{line}: {capsys.readouterr().err}"
        library.reset()


def test_links_between_pages_lead_somewhere() -> None:
    pattern = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
    links = [(doc, target) for doc in PAGES for target in pattern.findall(doc.read_text(encoding="utf-8"))]
    assert len(links) > 100
    assert [f"{d.relative_to(ROOT)}: {target}" for d, target in links if not (d.parent / target).exists()] == []


def test_the_site_builds_without_a_warning_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    pytest.importorskip("material", reason="the extra docs: pip install 'baxis[docs]'")
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site")]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(ROOT / "src")}
    made = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=300, env=environment)
    assert made.returncode == 0, made.stderr[-2000:]
    pages = list((tmp_path / "site").rglob("*.html"))
    for drug in library.names("drugs"):
        assert (tmp_path / "site" / "drugs" / f"{drug}.html").is_file()
    assert "half-dose.toml" in (tmp_path / "site" / "tutorial.html").read_text(encoding="utf-8")
    assert "run_trial" in (tmp_path / "site" / "api" / "baxis.html").read_text(encoding="utf-8")
    commands_page = (tmp_path / "site" / "commands.html").read_text(encoding="utf-8")
    assert all(f"baxis {c}" in commands_page for c in COMMANDS)
    fetched = re.compile(
        r"<(?:script|img|iframe)[^>]+src=\"?https?:|<link[^>]+rel=\"?(?:stylesheet|preconnect)[^>]+https?:"
    )
    assert not [p.name for p in pages if fetched.search(p.read_text(encoding="utf-8"))]


def test_every_trial_has_a_page_with_its_role_and_stored_prediction() -> None:
    import runpy

    from baxis import evidence
    from baxis.faces.web.pages import saved_board

    made = runpy.run_path(str(ROOT / "scripts" / "docs_trials.py"))["pages"](lambda v: str(v).replace("|", "/"))
    trials = evidence.load().rows("trials")
    assert {f"trials/{r['trial_id']}.md" for r in trials} | {"trials/index.md"} == set(made)
    for r in trials:
        page = made[f"trials/{r['trial_id']}.md"]
        assert f"Role: {r['role']}," in page
        assert [line for line in page.splitlines() if line.startswith("## ")] == [
            "## Design",
            "## Results",
            "## Prediction",
        ]
    predicted = {c["trial_id"] for c in saved_board.read(saved_board.SHIPPED)["contrasts"]}
    assert {r["trial_id"] for r in trials if "| mechanism |" in made[f"trials/{r['trial_id']}.md"]} == predicted
