"""Makes docs/promises.md, "What it promises, and how it is tested", from the tests that are marked with a promise.

python scripts/promises_page.py

`@pytest.mark.promise("Your files", "No command deletes what it did not write.")` on a test that breaks something on
purpose puts that test under its promise.
"""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "promises.md"
HEAD = """# What it promises, and how it is tested

Made by `python scripts/promises_page.py` from the tests that carry a promise; each breaks something on purpose (a flipped bit, a
full disk, a foreign page, a killed process) and holds what is promised. `make test` runs them all. Inputs that are refused
stand on [a page of their own](refusals.md).
"""


def promises() -> dict[str, dict[str, list[tuple[str, str]]]]:
    """Area -> promise -> the tests that hold it, as (file, name)."""
    found: dict[str, dict[str, list[tuple[str, str]]]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        shared = _marks([s.value for s in tree.body if isinstance(s, ast.Assign) and _named(s, "pytestmark")])
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for area, promise in _marks(node.decorator_list) or shared:
                    tests = found.setdefault(area, {}).setdefault(promise, [])
                    tests.append((path.relative_to(ROOT).as_posix(), node.name))
    return {area: found[area] for area in sorted(found)}


def _named(node: ast.Assign, name: str) -> bool:
    return any(isinstance(t, ast.Name) and t.id == name for t in node.targets)


def _marks(nodes: list[ast.expr]) -> list[tuple[str, str]]:
    flat = [n for node in nodes for n in (node.elts if isinstance(node, ast.List) else [node])]
    calls = [n for n in flat if isinstance(n, ast.Call) and ast.unparse(n.func) == "pytest.mark.promise"]
    return [(ast.literal_eval(c.args[0]), ast.literal_eval(c.args[1])) for c in calls]


def page() -> str:
    """The page's text."""
    parts = [HEAD]
    for area, held in promises().items():
        parts.append(f"## {area}\n")
        for promise, tests in held.items():
            lines = [f"- {name.removeprefix('test_').replace('_', ' ')} (`{file}`)" for file, name in tests]
            parts.append("\n".join([f"**{promise}**\n", *lines, ""]))
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"{sum(len(t) for held in promises().values() for t in held.values())} tests in {PAGE.relative_to(ROOT)}")
