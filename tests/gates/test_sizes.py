"""Small pieces: files under 400 lines (most under 250), functions under 40 lines, at most six arguments."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import baxis

ROOT = Path(baxis.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
MOST_LINES, MOST_FUNCTION, MOST_ARGUMENTS = 400, 40, 6
MOST_SIGNATURE = 60  # of a command, whose options stand in its signature
MOST_WHOLE = 45  # a function with its head, its docstring apart
# the engine's one call: kernel, parameters, initial, times, events, outputs, options (and the same with sensitivities);
# and a user's own model: ..., device
WIDER = {"simulate", "sensitivities", "simulate_model"}


def lines(file: Path) -> int:
    return len(file.read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("file", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_file_and_its_functions_are_small(file: Path) -> None:
    assert lines(file) <= MOST_LINES
    tree = ast.parse(file.read_text(encoding="utf-8"))
    command_line = file.relative_to(ROOT).parts[:2] == ("faces", "cli")
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        body = node.end_lineno - node.body[0].lineno + 1 if node.end_lineno else 0
        assert body <= MOST_FUNCTION, f"{node.name}: {body} lines"
        signature = node.body[0].lineno - node.lineno
        said = node.body[0].end_lineno - node.body[0].lineno + 1 if ast.get_docstring(node) else 0  # type: ignore[operator]
        if command_line:
            assert signature <= MOST_SIGNATURE, f"{node.name}: {signature} lines of options"
        else:
            assert signature + body - said <= MOST_WHOLE, f"{node.name}: {signature + body - said} lines with its head"
        named = [a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
        count = len([a for a in named if a not in {"self", "cls"}])
        if not command_line:
            assert count <= MOST_ARGUMENTS + (node.name in WIDER), f"{node.name}: {count} arguments"


def test_most_files_are_under_250_lines() -> None:
    long = [f.name for f in FILES if lines(f) > 250]
    assert len(long) <= 0.15 * len(FILES), long


def test_no_drawer_for_everything() -> None:
    assert not [f for f in FILES if f.stem in {"utils", "helpers", "misc", "common"}]
