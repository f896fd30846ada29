"""True equality or none: what holds arrays or tables is equal to itself alone, so that `==` never raises and a set may hold it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import baxis
from baxis.clinic.trial import run_trial

ROOT = Path(baxis.__file__).parent
HELD = {"ndarray", "NDArray", "ArrayLike", "DataFrame", "Series", "Dataset", "DataArray", "csr_matrix", "csc_matrix"}
NO_FIELD = {"ClassVar", "InitVar"}


def words(annotation: ast.expr) -> Iterator[str]:
    """Names in an annotation; those of a function's arguments and result are no parts of the object."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        yield from words(quoted(annotation.value))
    elif isinstance(annotation, ast.Name):
        yield annotation.id
    elif isinstance(annotation, ast.Attribute):
        yield annotation.attr
    elif not (isinstance(annotation, ast.Subscript) and set(words(annotation.value)) & {"Callable", "Literal", "type"}):
        for part in ast.iter_child_nodes(annotation):
            if isinstance(part, ast.expr):
                yield from words(part)


def quoted(text: str) -> ast.expr:
    """A type that is written in quotes; a text that is none (of an Annotated) holds nothing."""
    try:
        return ast.parse(text, mode="eval").body
    except SyntaxError:
        return ast.Constant(None)


def dataclass_of(node: ast.ClassDef) -> ast.expr | None:
    """The decorator that makes a class a dataclass."""
    for mark in node.decorator_list:
        called = mark.func if isinstance(mark, ast.Call) else mark
        if set(words(called)) & {"dataclass"}:
            return mark
    return None


def aliases(trees: Mapping[str, ast.Module]) -> set[str]:
    """Names given to array types by modules (`Array = NDArray[np.float64]`), and to what is made of those."""
    found = set(HELD)
    while True:
        more = {
            target.id
            for tree in trees.values()
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Subscript | ast.Attribute | ast.Name)
            for target in node.targets
            if isinstance(target, ast.Name) and found & set(words(node.value))
        }
        if more <= found:
            return found
        found |= more


def falsely_equal(trees: Mapping[str, ast.Module]) -> list[str]:
    """Dataclasses that hold arrays or tables, in fields of their own or inherited, and compare them."""
    held, found = aliases(trees), []
    classes = {n.name: n for tree in trees.values() for n in ast.walk(tree) if isinstance(n, ast.ClassDef)}

    def holds(node: ast.ClassDef) -> bool:
        fields = [s.annotation for s in node.body if isinstance(s, ast.AnnAssign)]
        own = any(held & set(words(a)) and not NO_FIELD & set(words(a)) for a in fields)
        above = [classes[b] for base in node.bases for b in words(base) if b in classes and b != node.name]
        return own or any(holds(b) for b in above if dataclass_of(b))

    for where, tree in trees.items():
        for node in ast.walk(tree):
            mark = dataclass_of(node) if isinstance(node, ast.ClassDef) else None
            if mark is None or not holds(node):
                continue
            keywords = mark.keywords if isinstance(mark, ast.Call) else []
            own = any(isinstance(s, ast.FunctionDef) and s.name == "__eq__" for s in node.body)
            if not own and not any(k.arg == "eq" and ast.unparse(k.value) == "False" for k in keywords):
                found.append(f"{where}: {node.name}")
    return found


def parsed() -> dict[str, ast.Module]:
    files = sorted(ROOT.rglob("*.py"))
    return {str(f.relative_to(ROOT)): ast.parse(f.read_text(encoding="utf-8")) for f in files}


def test_what_holds_arrays_or_tables_does_not_compare_them() -> None:
    assert falsely_equal(parsed()) == []


@pytest.mark.parametrize(
    ("text", "caught"),
    [
        ("@dataclass(frozen=True)\nclass A:\n    x: np.ndarray", True),
        ("@dataclasses.dataclass\nclass A:\n    x: dict[str, NDArray[np.float64]] | None = None", True),
        ("@dataclass\nclass A:\n    x: 'pd.DataFrame'", True),
        ("V = NDArray[np.bool_]\nW = tuple[V, int]\n@dataclass\nclass A:\n    x: W", True),
        ("@dataclass(eq=False)\nclass B:\n    x: xarray.Dataset\n@dataclass\nclass A(B):\n    y: int", True),
        ("@dataclass\nclass A:\n    x: Annotated[np.ndarray, 'a text, no type']", True),
        ("@dataclass\nclass A:\n    x: Annotated[int, 'a text, no type']", False),
        ("@dataclass(frozen=True, eq=False)\nclass A:\n    x: np.ndarray", False),
        ("@dataclass\nclass A:\n    x: np.ndarray\n    def __eq__(self, other): ...", False),
        ("@dataclass\nclass A:\n    f: Callable[[np.ndarray], float]", False),
        ("@dataclass\nclass A:\n    x: ClassVar[np.ndarray]\n    y: int", False),
        ("class A:\n    x: np.ndarray", False),
        ("@dataclass\nclass A:\n    x: int", False),
    ],
)
def test_the_gate_sees_what_holds_arrays(text: str, caught: bool) -> None:
    assert falsely_equal({"a.py": ast.parse(text)}) == (["a.py: A"] if caught else [])


def test_two_results_compare_and_hash_by_identity() -> None:
    one, other = (run_trial("fenebrutinib-sle-ph2", patients=2, seed=1) for _ in range(2))
    assert one != other
    assert len({one, other, one}) == 2
    pd.testing.assert_frame_equal(one.arms, other.arms)
    assert np.array_equal(one.runs[0].status, other.runs[0].status)
