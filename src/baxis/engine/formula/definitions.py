"""Function definitions of a model, in any order; how large a formula may grow when calls of them are written out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from baxis.core.errors import InvalidValue, Unsupported
from baxis.engine.formula.mathml import DEEPEST, Tree, from_ast, substitute, too_deep

MOST_NODES = 200_000  # of one formula
MOST_IN_ALL = 20_000_000  # written out for one model


class Definitions(dict[str, tuple[list[str], Tree]]):
    """Arguments and body of each function. `write_out` puts arguments in; a bomb of calls is refused by its name."""

    def __init__(self) -> None:
        super().__init__()
        self._sizes: dict[str, tuple[int, Counter[str]]] = {}
        self.written = 0

    def define(self, name: str, formal: list[str], body: Tree) -> None:
        self[name] = (formal, body)
        uses: Counter[str] = Counter()
        size = 0
        for node in walk(body):
            size += 1
            if node[0] == "sym":
                uses[node[1]] += 1
        self._sizes[name] = (size, uses)

    def write_out(self, name: str, args: list[Tree], where: str) -> Tree:
        """The body with the arguments in it. Raises Unsupported for what no path could hold, InvalidValue for a wrong count."""
        if name not in self:
            raise Unsupported(f"{where}: function {name!r} is neither built in nor defined in the model")
        formal, body = self[name]
        if len(formal) != len(args):
            raise InvalidValue(f"{where}: {name}()", len(args), f"{len(formal)} arguments")
        size, uses = self._sizes[name]
        for n, a in zip(formal, args, strict=True):
            if uses[n]:
                size += uses[n] * (nodes(a) - 1)
        self.written += size
        if size > MOST_NODES or self.written > MOST_IN_ALL:
            most, of = (MOST_NODES, "formula") if size > MOST_NODES else (MOST_IN_ALL, "model")
            raise Unsupported(
                f"{where}: with {name}() written out it has over {most} terms; allowed: {most} in one {of}; "
                "name parts of it by assignment rules"
            )
        return substitute(body, dict(zip(formal, args, strict=True)))


def walk(tree: Tree) -> Iterator[Tree]:
    """Every node of a tree, without recursion."""
    stack = [tree]
    while stack:
        node = stack.pop()
        yield node
        if node[0] not in ("num", "sym", "time", "bool"):
            stack.extend(node[1:])


def nodes(tree: Tree) -> int:
    """How many nodes a tree has."""
    return sum(1 for _ in walk(tree))


def refuse_depth(tree: Tree, where: str) -> Tree:
    """The tree itself. Raises Unsupported for one that nests deeper than every path can follow."""
    level, depth = [tree], 0
    while level:
        depth += 1
        if depth > DEEPEST:
            raise too_deep(where)
        level = [t for node in level if node[0] not in ("num", "sym", "time", "bool") for t in node[1:]]
    return tree


def function_definitions(model: Any) -> Definitions:
    """Definitions of a libsbml model, each after those that it calls. Raises InvalidValue for one that calls itself."""
    found = {f.getId(): f for f in model.getListOfFunctionDefinitions() if f.isSetMath()}
    out = Definitions()  # Level 3 Version 2 lets one be empty: a call of it is refused as of an unknown function
    for first in found:
        path = [first]
        while path:
            name = path[-1]
            ahead = [] if name in out else [c for c in _calls(found[name].getBody()) if c in found and c not in out]
            if ahead:
                if ahead[0] in path:
                    cycle = [*path[path.index(ahead[0]) :], ahead[0]]
                    raise InvalidValue(
                        "function definitions", " -> ".join(cycle), "functions that do not call themselves"
                    )
                path.append(ahead[0])
                continue
            if name not in out:
                f = found[name]
                formal = [f.getArgument(i).getName() for i in range(f.getNumArguments())]
                where = f"function {name!r}"
                out.define(name, formal, refuse_depth(from_ast(f.getBody(), where, out), where))
            path.pop()
    return out


def _calls(body: Any) -> list[str]:
    """Functions that a libsbml formula calls."""
    import libsbml

    out, stack = [], [body]
    while stack:
        node = stack.pop()
        if node is None:
            continue
        if node.getType() == libsbml.AST_FUNCTION:
            out.append(node.getName())
        stack += [node.getChild(i) for i in range(node.getNumChildren())]
    return out
