"""Hash-consed expression graph: equal expressions are one node, and every node knows how often it must be computed.

A node is an integer. Levels say when its value can change: CONSTANT never, PATIENT only when a parameter does,
MOVING with the state or the time. Children always have smaller numbers than their parents.
"""

from __future__ import annotations

import math
from collections.abc import Callable

CONSTANT, PATIENT, MOVING = 0, 1, 2
Node = int
Key = tuple

_FOLD: dict[str, Callable[..., float]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "neg": lambda a: -a,
    "min": min,
    "max": max,
    "abs": abs,
    "exp": math.exp,
    "log": math.log,
    "sqrt": math.sqrt,
    "tanh": math.tanh,
    "floor": lambda a: float(math.floor(a)),
    "ceil": lambda a: float(math.ceil(a)),
    "sin": math.sin,
    "cos": math.cos,
    "asin": math.asin,
    "acos": math.acos,
    "atan": math.atan,
    "asinh": math.asinh,
    "acosh": math.acosh,
    "atanh": math.atanh,
    "tgamma": math.gamma,
    "pow": math.pow,
}
_BOOLEAN = {"lt", "le", "eq", "ne", "and", "or", "not", "bool"}
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
}


class Graph:
    """Nodes are made by the methods below and never change. `keys[n]` is (operation, operands...)."""

    def __init__(self) -> None:
        self.keys: list[Key] = []
        self.level: list[int] = []
        self._known: dict[Key, Node] = {}

    # --- leaves -----------------------------------------------------------------------------------------
    def _node(self, key: Key, level: int | None = None) -> Node:
        found = self._known.get(key)
        if found is not None:
            return found
        if level is None:
            level = max((self.level[k] for k in key[1:]), default=CONSTANT)
        self._known[key] = len(self.keys)
        self.keys.append(key)
        self.level.append(level)
        return len(self.keys) - 1

    def const(self, value: float) -> Node:
        return self._node(("const", float(value)), CONSTANT)

    def boolean(self, value: bool) -> Node:
        return self._node(("bool", bool(value)), CONSTANT)

    def state(self, index: int) -> Node:
        return self._node(("state", index), MOVING)

    def parameter(self, index: int) -> Node:
        return self._node(("parameter", index), PATIENT)

    def time(self) -> Node:
        return self._node(("time",), MOVING)

    def value(self, node: Node) -> float | None:
        """The number of a constant node, else None."""
        key = self.keys[node]
        return key[1] if key[0] == "const" else None

    def is_boolean(self, node: Node) -> bool:
        return self.keys[node][0] in _BOOLEAN

    # --- arithmetic -------------------------------------------------------------------------------------
    def _folded(self, op: str, *args: Node) -> Node | None:
        values = [self.value(a) for a in args]
        if any(v is None for v in values):
            return None
        try:
            return self.const(_FOLD[op](*values))
        except (ValueError, OverflowError, ZeroDivisionError):
            return None

    def add(self, a: Node, b: Node) -> Node:
        folded = self._folded("add", a, b)
        if folded is not None:
            return folded
        if self.value(a) == 0.0:
            return b
        if self.value(b) == 0.0:
            return a
        if self.keys[b][0] == "neg":
            return self.sub(a, self.keys[b][1])
        if self.keys[a][0] == "neg":
            return self.sub(b, self.keys[a][1])
        return self._gathered("add", a, b)

    def sub(self, a: Node, b: Node) -> Node:
        folded = self._folded("sub", a, b)
        if folded is not None:
            return folded
        if self.value(b) == 0.0:
            return a
        if self.value(a) == 0.0:
            return self.neg(b)
        if a == b:
            return self.const(0.0)
        if self.keys[b][0] == "neg":
            return self.add(a, self.keys[b][1])
        return self._node(("sub", a, b))

    def mul(self, a: Node, b: Node) -> Node:
        folded = self._folded("mul", a, b)
        if folded is not None:
            return folded
        for x, y in ((a, b), (b, a)):
            v = self.value(x)
            if v == 0.0:
                return x
            if v == 1.0:
                return y
            if v == -1.0:
                return self.neg(y)
            if self.keys[x][0] == "neg":
                return self.neg(self.mul(self.keys[x][1], y))
        return self._gathered("mul", a, b)

    def _gathered(self, op: str, a: Node, b: Node) -> Node:
        """Commutative node with what changes least on the left, so that per-patient factors meet and are hoisted."""
        combine = self.add if op == "add" else self.mul
        if (self.level[a], a) > (self.level[b], b):
            a, b = b, a
        if self.level[b] == MOVING and self.keys[b][0] == op:
            left, right = self.keys[b][1:]
            if self.level[left] < MOVING:
                outer, inner = (combine(a, left), right) if self.level[a] < MOVING else (left, combine(a, right))
                return combine(outer, inner)
        if self.level[a] == MOVING and self.keys[a][0] == op:
            left, right = self.keys[a][1:]
            if self.level[left] < MOVING:
                return combine(left, combine(right, b))
        return self._node((op, a, b))

    def neg(self, a: Node) -> Node:
        folded = self._folded("neg", a)
        if folded is not None:
            return folded
        key = self.keys[a]
        if key[0] == "neg":
            return key[1]
        if key[0] == "sub":
            return self.sub(key[2], key[1])
        return self._node(("neg", a))

    def inv(self, a: Node) -> Node:
        v = self.value(a)
        if v is not None and v != 0.0:
            return self.const(1.0 / v)
        key = self.keys[a]
        if key[0] == "inv":
            return key[1]
        if key[0] == "neg":
            return self.neg(self.inv(key[1]))
        return self._node(("inv", a))

    def div(self, a: Node, b: Node) -> Node:
        if self.value(a) == 0.0:
            return a
        va, vb = self.value(a), self.value(b)
        if va is not None and vb:
            return self.const(va / vb)
        return self.mul(a, self.inv(b))

    # --- functions --------------------------------------------------------------------------------------
    def call(self, name: str, *args: Node) -> Node:
        """exp, log, sqrt, tanh, abs, floor, ceil, sin, cos, asin, ..., tgamma (one argument); min, max, pow (two)."""
        folded = self._folded(name, *args)
        return folded if folded is not None else self._node((name, *args))

    def power(self, a: Node, b: Node) -> Node:
        """a**b: by multiplication for whole exponents, with a square root for halves, else by `pow`."""
        exponent = self.value(b)
        if exponent is not None and abs(exponent) <= 64 and (2 * exponent).is_integer():
            whole = math.floor(abs(exponent))
            out = self.whole_power(a, whole)
            if not exponent.is_integer():
                out = self.mul(out, self.call("sqrt", a))
            return out if exponent >= 0 else self.inv(out)
        return self.call("pow", a, b)

    def whole_power(self, a: Node, n: int) -> Node:
        if n == 0:
            return self.const(1.0)
        half = self.whole_power(a, n // 2) if n > 1 else self.const(1.0)
        out = self.mul(half, half)
        return self.mul(out, a) if n % 2 else out

    # --- logic ------------------------------------------------------------------------------------------
    def compare(self, op: str, a: Node, b: Node) -> Node:
        va, vb = self.value(a), self.value(b)
        if va is not None and vb is not None:
            return self.boolean(_COMPARE[op](va, vb))
        return self._node((op, a, b))

    def logic(self, op: str, *args: Node) -> Node:
        if op == "not" and self.keys[args[0]][0] == "bool":
            return self.boolean(not self.keys[args[0]][1])
        return self._node((op, *args))

    def select(self, condition: Node, yes: Node, no: Node) -> Node:
        key = self.keys[condition]
        if key[0] == "bool":
            return yes if key[1] else no
        return yes if yes == no else self._node(("select", condition, yes, no))

    def children(self, node: Node) -> tuple[Node, ...]:
        key = self.keys[node]
        return () if key[0] in ("const", "bool", "state", "parameter", "time") else key[1:]
