"""The house: no circle over any imports, rooms that import one way, rooms small enough to find one's way in, one name a thing."""

from __future__ import annotations

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

import baxis

ROOT = Path(baxis.__file__).parent
MOST_IN_A_ROOM = 15
FULL = {"library", "faces/cli/commands"}  # data by thing; one file a command
ANY_NUMBER = {"fieldset", "page_fluid", "function", "_call"}  # they take a row of things by position: tags, pointers
Graph = dict[str, set[str]]


def modules(root: Path) -> dict[str, Path]:
    """Every module and package below a package's folder, by its dotted name."""
    found = {}
    for path in root.rglob("*.py"):
        parts = (root.name, *path.relative_to(root).with_suffix("").parts)
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(name: str, path: Path, known: Mapping[str, Path]) -> set[str]:
    """What a module imports anywhere in it: at its top, in functions, for types alone, or by its name in words."""
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            stem = ".".join([*base, *([node.module] if node.module else [])])
            found |= {f"{stem}.{a.name}" if f"{stem}.{a.name}" in known else stem for a in node.names}
        elif (
            isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(r"\w+(\.\w+)+", node.value)
        ):
            found.add(node.value)  # for import_module; another text is no module's name
    return {n for n in found if n in known and n != name}


def graph(root: Path) -> Graph:
    known = modules(root)
    return {name: imports(name, path, known) for name, path in known.items()}


def circles(arrows: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """Sets of nodes that reach one another (Tarjan), each in order."""
    number, low, stack, found = dict[str, int](), dict[str, int](), list[str](), list[list[str]]()

    def visit(node: str) -> None:
        number[node] = low[node] = len(number)
        stack.append(node)
        for to in arrows.get(node, ()):
            if to not in number:
                visit(to)
                low[node] = min(low[node], low[to])
            elif to in stack:
                low[node] = min(low[node], number[to])
        if low[node] == number[node]:
            one = stack[stack.index(node) :]
            del stack[stack.index(node) :]
            if len(one) > 1:
                found.append(sorted(one))

    for node in arrows:
        if node not in number:
            visit(node)
    return found


def within(room: str, arrows: Graph) -> Graph:
    """Arrows between what lies directly in a room, each with all that lies below it."""
    depth, out = room.count(".") + 2, defaultdict[str, set[str]](set)
    inside = {n: ".".join(n.split(".")[:depth]) for n in arrows if n.startswith(room + ".")}
    for name, part in inside.items():
        out[part] |= {inside[to] for to in arrows[name] if to in inside} - {part}
    return dict(out)


ARROWS = graph(ROOT)
ROOMS = sorted(n for n, path in modules(ROOT).items() if path.name == "__init__.py")


def test_no_circle_over_all_imports() -> None:
    assert circles(ARROWS) == []


@pytest.mark.parametrize("room", ROOMS)
def test_what_lies_in_a_room_imports_one_way(room: str) -> None:
    assert circles(within(room, ARROWS)) == []


@pytest.mark.parametrize("room", [r for r in ROOMS if r.removeprefix("baxis.").replace(".", "/") not in FULL])
def test_no_room_is_too_full(room: str) -> None:
    folder = ROOT.joinpath(*room.split(".")[1:])
    held = [p.name for p in folder.iterdir() if p.suffix == ".py" or (p.is_dir() and p.name != "__pycache__")]
    assert len(held) <= MOST_IN_A_ROOM, sorted(held)


def test_the_gate_sees_circles_of_every_kind(tmp_path: Path) -> None:
    """A lazy import, one for types, and one by name close a circle; a docstring that names a module does not."""
    house = tmp_path / "house"
    (house / "room").mkdir(parents=True)
    for file in ("__init__.py", "room/__init__.py"):
        (house / file).write_text("")
    (house / "a.py").write_text("def f():\n    from house.room import b\n")
    (house / "room" / "b.py").write_text(
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from house import a\n"
    )
    assert circles(graph(house)) == [["house.a", "house.room.b"]]
    (house / "room" / "b.py").write_text('from importlib import import_module\nimport_module("house.a")\n')
    assert circles(graph(house)) == [["house.a", "house.room.b"]]
    assert circles(within("house", graph(house))) == [["house.a", "house.room"]]
    (house / "room" / "b.py").write_text('"""See house.a for more."""\n')
    assert circles(graph(house)) == []


def test_a_class_has_a_name_of_its_own() -> None:
    names: dict[str, list[str]] = defaultdict(list)
    for name, path in modules(ROOT).items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                names[node.name].append(name)
    assert {k: v for k, v in names.items() if len(v) > 1} == {}


def test_no_module_name_stands_more_than_three_times() -> None:
    count = Counter(path.stem for path in modules(ROOT).values() if not path.stem.startswith("__"))
    assert {k: n for k, n in count.items() if n > 3} == {}


def test_no_call_passes_more_than_six_values_by_position() -> None:
    long = []
    for name, path in modules(ROOT).items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and len(node.args) > 6 and getattr(node.func, "attr", "") not in ANY_NUMBER:
                long.append(f"{name}:{node.lineno} {ast.unparse(node.func)}")
    assert long == []
