"""Straight-line vector code of graph nodes; per-patient parts are hoisted into a table, filled once a patient."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from baxis.engine.codegen.ir import Function
from baxis.engine.codegen.vectormath import LIBRARY
from baxis.engine.formula.graph import MOVING, PATIENT, Graph, Node

BLOCK = 100  # instructions a basic block: LLVM's scheduling time grows faster than the block
_VECTOR_FUNCTIONS = ("exp", "log", "tanh", "pow", *LIBRARY)
_COMPARISONS = {"lt": "olt", "le": "ole", "eq": "oeq", "ne": "une"}


class Hoisted:
    """Table of per-patient values: slot of each node that moving code needs and that depends on parameters alone."""

    def __init__(self) -> None:
        self.slots: dict[Node, int] = {}

    def slot(self, node: Node) -> int:
        return self.slots.setdefault(node, len(self.slots))


class Writer:
    """Writes nodes of one graph into one function. `sources` name the pointers of states, parameters and table."""

    def __init__(self, f: Function, graph: Graph, hoisted: Hoisted | None, sources: Mapping[str, str]) -> None:
        self.f, self.graph, self.hoisted, self.sources = f, graph, hoisted, sources
        self.values: dict[Node, str] = {}
        self.uses: dict[Node, int] = {}
        self._since_block = 0

    def count_uses(self, roots: Iterable[Node]) -> None:
        """How often each node is used by others, to decide which products fuse into sums."""
        seen, stack = set(), list(roots)
        for r in stack:
            self.uses[r] = self.uses.get(r, 0) + 1
        while stack:
            node = stack.pop()
            if node in seen or self._is_leaf(node):
                continue
            seen.add(node)
            for c in self.graph.children(node):
                self.uses[c] = self.uses.get(c, 0) + 1
                stack.append(c)

    def _is_leaf(self, node: Node) -> bool:
        below = self.hoisted is not None and self.graph.level[node] < MOVING
        return below or not self.graph.children(node)

    def value(self, root: Node) -> str:
        """Name of the value of a node, written now if it is new."""
        stack = [root]
        while stack:
            node = stack[-1]
            if node in self.values:
                stack.pop()
                continue
            waiting = [n for n in self._operands(node) if n not in self.values]
            if waiting:
                stack.extend(reversed(waiting))
                continue
            self.values[node] = self._write(node)
            self._break_block()
            stack.pop()
        return self.values[root]

    def _break_block(self) -> None:
        self._since_block += 1
        if self._since_block >= BLOCK:
            label = self.f.label("part")
            self.f.branch(label)
            self.f.start(label)
            self._since_block = 0

    def _fusable(self, node: Node) -> bool:
        key = self.graph.keys[node]
        return key[0] == "mul" and not self._is_leaf(node) and self.uses.get(node, 0) == 1 and node not in self.values

    def _operands(self, node: Node) -> list[Node]:
        if self._is_leaf(node):
            return []
        op, *args = self.graph.keys[node]
        if op in ("add", "sub"):
            for k in (1, 0):
                if self._fusable(args[k]):
                    return [args[1 - k], *self.graph.keys[args[k]][1:]]
        return list(args)

    def _write(self, node: Node) -> str:
        f, g = self.f, self.graph
        op, *args = g.keys[node]
        if op == "const":
            return f.splat(args[0])
        if op == "bool":
            return "<" + ", ".join([f"i1 {int(args[0])}"] * f.lanes) + ">"
        if op == "state":
            return f.vload(self.sources["state"], args[0])
        if op == "parameter":
            return f.vload(self.sources["parameter"], args[0])
        if op == "time":
            return self.sources["time"]
        if self.hoisted is not None and g.level[node] <= PATIENT:
            value = f.vload(self.sources["table"], self.hoisted.slot(node))
            return f.compare("une", value, f.splat(0.0)) if g.is_boolean(node) else value
        if op in ("add", "sub"):
            fused = self._fused(op, args)
            if fused:
                return fused
        return OPERATIONS[op](f, *(self.values[a] for a in args))

    def _fused(self, op: str, args: list[Node]) -> str | None:
        for k in (1, 0):
            if not self._fusable(args[k]):
                continue
            x, y = (self.values[n] for n in self.graph.keys[args[k]][1:])
            other = self.values[args[1 - k]]
            if op == "sub" and k == 1:
                return self.f.fma(self.f.neg(x), y, other)
            return self.f.fma(x, y, self.f.neg(other) if op == "sub" else other)
        return None


def _min(f: Function, a: str, b: str) -> str:
    return f.select(f.mask("or", f.compare("olt", b, a), f.compare("uno", b, b)), b, a)


def _max(f: Function, a: str, b: str) -> str:
    return f.select(f.mask("or", f.compare("olt", a, b), f.compare("uno", b, b)), b, a)


def _not(f: Function, a: str) -> str:
    return f.mask("xor", a, "<" + ", ".join(["i1 1"] * f.lanes) + ">")


OPERATIONS: dict[str, Callable[..., str]] = {
    "add": lambda f, a, b: f.op("fadd", a, b),
    "sub": lambda f, a, b: f.op("fsub", a, b),
    "mul": lambda f, a, b: f.op("fmul", a, b),
    "neg": lambda f, a: f.neg(a),
    "inv": lambda f, a: f.op("fdiv", f.splat(1.0), a),
    "min": _min,
    "max": _max,
    "sqrt": lambda f, a: f.unary("sqrt", a),
    "abs": lambda f, a: f.unary("fabs", a),
    "floor": lambda f, a: f.unary("floor", a),
    "ceil": lambda f, a: f.unary("ceil", a),
    "and": lambda f, a, b: f.mask("and", a, b),
    "or": lambda f, a, b: f.mask("or", a, b),
    "not": _not,
    "select": lambda f, c, a, b: f.select(c, a, b),
}
for _name in _VECTOR_FUNCTIONS:
    OPERATIONS[_name] = lambda f, *a, _fn=_name: f.call(f"v{_fn}", *a)
for _name, _predicate in _COMPARISONS.items():
    OPERATIONS[_name] = lambda f, a, b, _p=_predicate: f.compare(_p, a, b)
