"""Large expressions as a table of operations walked by loops, where straight-line code would take minutes to compile.

Operations are sorted by depth and kind: a run of one kind is one loop, however many there are. Operands and results lie in
one stretch of memory behind the parameters: `table` slots (constants and what depends on parameters alone), then `work`.
Truth values are the numbers 1 and 0 there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from baxis.engine.codegen.emit import OPERATIONS, Hoisted
from baxis.engine.codegen.ir import Function
from baxis.engine.formula.graph import MOVING, Graph, Node

_MASKS = {"lt", "le", "eq", "ne", "and", "or", "not"}  # operations that give a truth value
_OF_MASKS = {"and", "or", "not"}  # ... and take them
WIDTH = 4  # numbers of an operation in the table: result, then up to three operands


class OpTable:
    """Operations that compute `roots`, sorted; places are known once every table of the model is collected."""

    def __init__(self, graph: Graph, roots: Sequence[Node], states: int, hoisted: Hoisted | None) -> None:
        self.graph, self.states, self.hoisted = graph, states, hoisted
        self.roots = [self._plain(r) for r in roots]
        depth = self._depths()
        keys = graph.keys
        self.nodes = sorted((n for n in depth if depth[n]), key=lambda n: (depth[n], keys[n][0], n))
        self.depth = depth
        self.place = {n: states + 1 + k for k, n in enumerate(self.nodes)}

    @property
    def work(self) -> int:
        """Vectors of work memory: states, time, results."""
        return self.states + 1 + len(self.nodes)

    def _plain(self, node: Node) -> Node:
        key = self.graph.keys[node]
        return self.graph.const(float(key[1])) if key[0] == "bool" else node

    def _is_leaf(self, node: Node) -> bool:
        hoisted = self.hoisted is not None and self.graph.level[node] < MOVING
        return hoisted or not self.graph.children(node)

    def _is_parameter(self, node: Node) -> bool:
        return self.graph.keys[node][0] == "parameter"

    def _depths(self) -> dict[Node, int]:
        """How many operations deep each node lies; leaves at 0, whose table slots are given here."""
        depth: dict[Node, int] = {}
        stack = list(self.roots)
        while stack:
            node = stack[-1]
            if node in depth:
                stack.pop()
                continue
            if self._is_leaf(node):
                depth[node] = 0
                if self.hoisted is not None and self.graph.level[node] < MOVING and not self._is_parameter(node):
                    self.hoisted.slot(node)
                continue
            below = [self._plain(c) for c in self.graph.children(node)]
            waiting = [c for c in below if c not in depth]
            if waiting:
                stack.extend(waiting)
                continue
            depth[node] = 1 + max(depth[c] for c in below)
            stack.pop()
        return depth

    def where(self, node: Node, slots: dict[Node, int], parameters: int, work: int) -> int:
        """Place of a value, in vectors from the first parameter; `work` is where work memory starts."""
        node, key = self._plain(node), self.graph.keys[self._plain(node)]
        if node in self.place:
            return work + self.place[node]
        if key[0] == "state":
            return work + int(key[1])
        if key[0] == "time":
            return work + self.states
        if key[0] == "parameter":
            return int(key[1])
        return max(parameters, 1) + slots[node]

    def runs(self) -> Iterable[tuple[str, int, int]]:
        """(operation, first, end) of each run of one kind and depth."""
        start = 0
        for k, node in enumerate(self.nodes):
            following = self.nodes[k + 1] if k + 1 < len(self.nodes) else None
            if following is None or self._kind(following) != self._kind(node):
                yield self.graph.keys[node][0], start, k + 1
                start = k + 1

    def _kind(self, node: Node) -> tuple[int, str]:
        return self.depth[node], self.graph.keys[node][0]

    def rows(self, slots: dict[Node, int], parameters: int, work: int) -> np.ndarray:
        """(n, WIDTH) places of each operation's result and operands."""
        out = np.zeros((len(self.nodes), WIDTH), np.int64)
        for k, node in enumerate(self.nodes):
            operands = self.graph.children(node)
            out[k, : 1 + len(operands)] = [self.where(n, slots, parameters, work) for n in (node, *operands)]
        return out

    def arity(self, operation: str) -> int:
        return {"select": 3, "add": 2, "sub": 2, "mul": 2, "pow": 2, "min": 2, "max": 2}.get(
            operation, 2 if operation in _MASKS - {"not"} else 1
        )

    def emit(self, f: Function, rows: np.ndarray) -> None:
        """The loops, over memory behind the pointer `%p`."""
        table = f.table(f"{f.name}_operations", rows.ravel())
        for operation, first, end in self.runs():
            with f.loop(end, first) as k:
                row = f.integer("mul", k, WIDTH)
                places = [
                    f.index(table, f.integer("add", row, j) if j else row) for j in range(1 + self.arity(operation))
                ]
                values = [f.vload("%p", p) for p in places[1:]]
                f.vstore(_value(f, operation, values), "%p", places[0])


def _value(f: Function, operation: str, values: list[str]) -> str:
    if operation == "select":
        values[0] = f.compare("une", values[0], f.splat(0.0))
    elif operation in _OF_MASKS:
        values = [f.compare("une", v, f.splat(0.0)) for v in values]
    result = OPERATIONS[operation](f, *values)
    return f.select(result, f.splat(1.0), f.splat(0.0)) if operation in _MASKS else result


def copy_out(f: Function, name: str, pointer: str, places: Sequence[int]) -> None:
    """pointer[k] = the value at places[k], for all k."""
    table = f.table(f"{f.name}_{name}", places)
    with f.loop(len(places)) as k:
        f.vstore(f.vload("%p", f.index(table, k)), pointer, k)
