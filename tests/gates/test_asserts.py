"""A test can fail: shapes of tests that pass whatever the code does are found in the whole suite."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
FILES = sorted(TESTS.rglob("*.py"))
# Tests that fail by the error of what they run: the snippets of the pages.
BY_ERROR = {"test_python_snippets_run_in_order", "test_snippets_run", "test_python_on_the_page_runs"}
MAY_BE_EMPTY = ("findall", "finditer", "glob", "rglob", "iterdir")
CHECKS = ("raises", "warns", "fail")
LOOSE = 0.3  # of itself: a value that is told to within this much is no expectation


def called(node: ast.AST) -> str:
    f = node.func if isinstance(node, ast.Call) else node
    return f.id if isinstance(f, ast.Name) else f.attr if isinstance(f, ast.Attribute) else ""


def asserting(tree: ast.AST, known: frozenset[str] = frozenset()) -> Iterator[ast.AST]:
    """Asserts, and calls of what asserts."""
    for n in ast.walk(tree):
        name = called(n) if isinstance(n, ast.Call) else ""
        if isinstance(n, ast.Assert) or name in {*CHECKS, *known} or name.startswith("assert_"):
            yield n


def helpers(trees: list[ast.Module]) -> frozenset[str]:
    """Functions of the suite, tests aside, that assert or call one that does."""
    functions = [n for t in trees for n in ast.walk(t) if isinstance(n, ast.FunctionDef) and n.name[:4] != "test"]
    found: frozenset[str] = frozenset()
    while True:
        more = frozenset(f.name for f in functions if any(asserting(f, found)))
        if more == found:
            return found
        found = more


def always_true(test: ast.expr) -> str:
    """Why an assertion holds whatever the code does; empty where it may fail."""
    if isinstance(test, ast.Constant | ast.JoinedStr | ast.Lambda | ast.GeneratorExp | ast.Tuple):
        return "asserts a constant, or what is always true"
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or):
        return "has a way out: 'or'"
    if isinstance(test, ast.Call) and called(test) == "any" and isinstance((*test.args, None)[0], ast.Tuple | ast.List):
        return "has a way out: 'any'"
    for n in ast.walk(test):
        if isinstance(n, ast.Compare) and len(n.ops) == 1 and (why := _compared(n.left, n.ops[0], n.comparators[0])):
            return why
        if isinstance(n, ast.Call) and called(n) in ("approx", "isclose", "allclose"):
            width = [k.value for k in n.keywords if k.arg in ("rel", "rtol")]
            if width and isinstance(width[0], ast.Constant) and width[0].value >= LOOSE:
                return f"a relative tolerance of {width[0].value}"
    return ""


def _compared(left: ast.expr, op: ast.cmpop, right: ast.expr) -> str:
    from_zero = isinstance(op, ast.GtE) and isinstance(right, ast.Constant) and right.value == 0
    if from_zero and called(left) in ("len", "count", "size"):
        return "a count is never below 0"
    same = ast.dump(left) == ast.dump(right) and not any(isinstance(n, ast.Call) for n in ast.walk(left))
    return "compares a thing with itself" if same else ""


def may_be_empty(loop: ast.For) -> bool:
    """A loop over what a filter or a search leaves, which may be nothing."""
    over = loop.iter.args[0] if called(loop.iter) in ("sorted", "list", "enumerate") else loop.iter  # type: ignore[attr-defined]
    if isinstance(over, ast.GeneratorExp | ast.ListComp | ast.SetComp):
        return any(g.ifs for g in over.generators)
    return isinstance(over, ast.Call) and called(over) in MAY_BE_EMPTY


def swallows(n: ast.AST) -> bool:
    if isinstance(n, ast.ExceptHandler):
        return all(isinstance(s, ast.Pass) for s in n.body)
    return isinstance(n, ast.Call) and called(n) == "suppress"


def faults(test: ast.FunctionDef, known: frozenset[str]) -> Iterator[tuple[int, str]]:
    checks = list(asserting(test, known))
    if not checks and test.name not in BY_ERROR:
        yield test.lineno, "asserts nothing"
    inside = {id(c) for n in ast.walk(test) if isinstance(n, ast.For) and may_be_empty(n) for c in asserting(n, known)}
    if checks and all(id(c) in inside for c in checks):
        yield test.lineno, "asserts only in a loop that may be empty"
    for n in ast.walk(test):
        if isinstance(n, ast.Assert) and (why := always_true(n.test)):
            yield n.lineno, why
        if swallows(n):
            yield n.lineno, "lets an error pass"  # type: ignore[attr-defined]
        if called(n) == "raises" and isinstance(n, ast.Call) and called(n.args[0]) in ("Exception", "BaseException"):
            yield n.lineno, "is content with any error"


def found(text: str) -> list[str]:
    tree = ast.parse(text)
    known = helpers([tree])
    tests = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name.startswith("test")]
    return [why for t in tests for _, why in faults(t, known)]


def test_every_test_can_fail() -> None:
    trees = [ast.parse(f.read_text(encoding="utf-8")) for f in FILES]
    known = helpers(trees)
    told = [
        f"{file.relative_to(TESTS)}:{line}: {why}"
        for file, tree in zip(FILES, trees, strict=True)
        for n in ast.walk(tree)
        if isinstance(n, ast.FunctionDef) and n.name.startswith("test")
        for line, why in faults(n, known)
    ]
    assert told == []


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("run()", "asserts nothing"),
        ("assert (x == 1, 'said')", "asserts a constant, or what is always true"),
        ("assert f'{x}'", "asserts a constant, or what is always true"),
        ("assert (y for y in x)", "asserts a constant, or what is always true"),
        ("assert x == 1 or x == 2", "has a way out: 'or'"),
        ("assert any([x == 1, x == 2])", "has a way out: 'any'"),
        ("assert len(x) >= 0", "a count is never below 0"),
        ("assert x.y == x.y", "compares a thing with itself"),
        ("assert x == pytest.approx(2, rel=0.5)", "a relative tolerance of 0.5"),
        ("for a in re.findall('x', y):\n  assert a", "asserts only in a loop that may be empty"),
        ("for a in [b for b in y if b]:\n  assert a", "asserts only in a loop that may be empty"),
        ("try:\n  run()\n except E:\n  pass\n assert x", "lets an error pass"),
        ("with suppress(E):\n  run()\n assert x", "lets an error pass"),
        ("with pytest.raises(Exception):\n  run()", "is content with any error"),
    ],
)
def test_each_shape_is_found(body: str, why: str) -> None:
    assert found(f"def test_a():\n {body}\n") == [why]


def test_what_can_fail_is_left_alone() -> None:
    fine = ("assert f(x) == f(x)", "assert x", "for a in (1, 2):\n  assert a == x", "with pytest.raises(E):\n  run()")
    assert [b for b in fine if found(f"def test_a():\n {b}\n")] == []
    assert found("def good(x):\n assert x\ndef also(x):\n good(x)\ndef test_a():\n also(1)\n") == []
