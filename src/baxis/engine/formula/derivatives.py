"""Sparse Jacobian of a model: reverse mode inside an expression, chain rule over assignment rules (never expanded)."""

from __future__ import annotations

import heapq
from collections.abc import Iterable

from baxis.core.errors import Unsupported
from baxis.engine.formula.graph import MOVING, Graph, Node

CHOICES = ("select", "min", "max")
TIME = -1  # column of the partial derivative by time
Row = dict[int, Node]


class Differentiator:
    """Rows of partial derivatives; `cuts` are the assignment rules' nodes, each differentiated once and shared.

    What chooses (select, min, max) is cut too: its row is chosen entry by entry, so that the derivative of the branch
    that is not taken, which may be infinite there, never enters, not even multiplied by 0.
    """

    def __init__(self, graph: Graph, cuts: Iterable[Node]) -> None:
        self.graph = graph
        self.cuts = {c for c in cuts if graph.level[c] == MOVING and graph.children(c)}
        self._rows: dict[Node, Row] = {}

    def row(self, root: Node) -> Row:
        """Non-zero partial derivatives of `root` by state index (and TIME)."""
        g, stack = self.graph, [root]
        if g.level[root] != MOVING:
            return {}
        while stack:  # inner assignments first, without recursion: chains of rules can be long
            node = stack[-1]
            if node in self._rows:
                stack.pop()
                continue
            chosen = g.keys[node][0] in CHOICES
            gradient = {} if chosen else self._gradient(node)
            below = self._branches(node)[1:] if chosen else [n for n in gradient if self._is_cut(n)]
            waiting = [n for n in below if g.level[n] == MOVING and g.children(n) and n not in self._rows]
            if waiting:
                stack.extend(waiting)
                continue
            row = self._chosen(node) if chosen else self._summed(gradient)
            self._rows[node] = {c: n for c, n in row.items() if g.value(n) != 0.0}
            stack.pop()
        return self._rows[root]

    def _is_cut(self, node: Node) -> bool:
        g = self.graph
        return node in self.cuts or (g.level[node] == MOVING and g.keys[node][0] in CHOICES)

    def _branches(self, node: Node) -> tuple[Node, Node, Node]:
        """(condition, what holds where it is true, what holds elsewhere)."""
        g, (op, *args) = self.graph, self.graph.keys[node]
        if op == "select":
            return args[0], args[1], args[2]
        if op == "min":
            return g.compare("le", args[0], args[1]), args[0], args[1]
        return g.compare("lt", args[0], args[1]), args[1], args[0]

    def _chosen(self, node: Node) -> Row:
        g, zero = self.graph, self.graph.const(0.0)
        condition, *branches = self._branches(node)
        yes, no = ({} if g.level[b] != MOVING else self._inner(b) for b in branches)
        columns = dict.fromkeys([*yes, *no])
        return {c: g.select(condition, yes.get(c, zero), no.get(c, zero)) for c in columns}

    def _summed(self, gradient: dict[Node, Node]) -> Row:
        g, row = self.graph, dict[int, Node]()
        for leaf in sorted(gradient):
            for column, partial in self._inner(leaf).items():
                term = g.mul(gradient[leaf], partial)
                row[column] = g.add(row[column], term) if column in row else term
        return row

    def _inner(self, node: Node) -> Row:
        """Row of a leaf, or of what has been differentiated."""
        key = self.graph.keys[node]
        if key[0] == "state":
            return {key[1]: self.graph.const(1.0)}
        return {TIME: self.graph.const(1.0)} if key[0] == "time" else self._rows[node]

    def _gradient(self, root: Node) -> dict[Node, Node]:
        """Adjoint of each moving leaf or cut below `root`, by one reverse sweep in falling node number."""
        g = self.graph
        adjoint: dict[Node, Node] = {root: g.const(1.0)}
        heap, leaves = [-root], {}
        while heap:
            node = -heapq.heappop(heap)
            bar = adjoint.pop(node)
            if (self._is_cut(node) and node != root) or not g.children(node):
                if g.value(bar) != 0.0:
                    leaves[node] = bar
                continue
            for child, partial in partials(g, node):
                if g.level[child] != MOVING:
                    continue
                term = g.mul(bar, partial)
                if child in adjoint:
                    adjoint[child] = g.add(adjoint[child], term)
                else:
                    adjoint[child] = term
                    heapq.heappush(heap, -child)
        return leaves


def partials(g: Graph, node: Node) -> list[tuple[Node, Node]]:
    """(child, d node / d child) of one node that does not choose; comparisons and floor have none."""
    op, *args = g.keys[node]
    one = g.const(1.0)
    if op == "add":
        return [(args[0], one), (args[1], one)]
    if op == "sub":
        return [(args[0], one), (args[1], g.const(-1.0))]
    if op == "mul":
        return [(args[0], args[1]), (args[1], args[0])]
    if op == "pow":
        return _power_partials(g, node, args[0], args[1])
    return [(args[0], d) for d in [_unary_partial(g, node, op, args[0])] if d is not None] if args else []


def _power_partials(g: Graph, node: Node, base: Node, exponent: Node) -> list[tuple[Node, Node]]:
    lower = g.power(base, g.sub(exponent, g.const(1.0)))
    out = [(base, g.mul(exponent, lower))]
    if g.level[exponent] == MOVING:  # 0**b has slope 0 in b, not 0*log(0)
        positive = g.compare("lt", g.const(0.0), base)
        safe = g.select(positive, base, g.const(1.0))
        out.append((exponent, g.mul(node, g.call("log", safe))))
    return out


def _unary_partial(g: Graph, node: Node, op: str, a: Node) -> Node | None:
    one, zero = g.const(1.0), g.const(0.0)
    if op == "neg":
        return g.const(-1.0)
    if op == "inv":
        return g.neg(g.mul(node, node))
    if op == "exp":
        return node
    if op == "log":
        return g.inv(a)
    if op == "sqrt":
        return g.mul(g.const(0.5), g.inv(node))
    if op == "tanh":
        return g.sub(one, g.mul(node, node))
    if op == "abs":
        return g.select(g.compare("lt", a, zero), g.const(-1.0), one)
    if op == "sin":
        return g.call("cos", a)
    if op == "cos":
        return g.neg(g.call("sin", a))
    if op == "tgamma":
        if g.keys[a][0] == "add" and any(g.keys[n][0] in ("floor", "ceil") for n in g.children(a)):
            return None  # flat between whole numbers
        raise Unsupported("factorial of what is not rounded to a whole number, as something that changes in time")
    return _inverse_partial(g, op, a)


def _inverse_partial(g: Graph, op: str, a: Node) -> Node | None:
    one, square = g.const(1.0), g.mul(a, a)
    if op in ("asin", "acos"):
        slope = g.inv(g.call("sqrt", g.sub(one, square)))
        return slope if op == "asin" else g.neg(slope)
    if op in ("atan", "atanh"):
        return g.inv(g.add(one, square) if op == "atan" else g.sub(one, square))
    if op in ("asinh", "acosh"):
        return g.inv(g.call("sqrt", g.add(square, one) if op == "asinh" else g.sub(square, one)))
    return None
