"""Derivative of a formula tree in one direction: the tangents of its symbols are symbols themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from baxis.core.errors import Unsupported
from baxis.engine.formula.mathml import Tree

ZERO: Tree = ("num", 0.0)
ONE: Tree = ("num", 1.0)
HALF: Tree = ("num", 0.5)
FLAT = ("floor", "ceiling", "lt", "le", "gt", "ge", "eq", "ne", "and", "or", "xor", "not")  # flat between their jumps


def add(a: Tree, b: Tree) -> Tree:
    return b if a == ZERO else a if b == ZERO else ("add", a, b)


def times(a: Tree, b: Tree) -> Tree:
    if ZERO in (a, b):
        return ZERO
    return b if a == ONE else a if b == ONE else ("mul", a, b)


def negative(a: Tree) -> Tree:
    return a if a == ZERO else ("neg", a)


def _slope(op: str, node: Tree, x: Tree) -> Tree:
    """d node / d x of a function of one argument."""
    table: dict[str, Callable[[], Tree]] = {
        "exp": lambda: node,
        "ln": lambda: ("div", ONE, x),
        "abs": lambda: ("select", ("lt", x, ZERO), ("num", -1.0), ONE),
        "sin": lambda: ("cos", x),
        "cos": lambda: ("neg", ("sin", x)),
        "tan": lambda: ("add", ONE, ("mul", node, node)),
        "sinh": lambda: ("cosh", x),
        "cosh": lambda: ("sinh", x),
        "tanh": lambda: ("sub", ONE, ("mul", node, node)),
        "arcsin": lambda: ("div", ONE, ("power", ("sub", ONE, ("mul", x, x)), HALF)),
        "arccos": lambda: ("div", ("num", -1.0), ("power", ("sub", ONE, ("mul", x, x)), HALF)),
        "arctan": lambda: ("div", ONE, ("add", ONE, ("mul", x, x))),
        "arcsinh": lambda: ("div", ONE, ("power", ("add", ("mul", x, x), ONE), HALF)),
        "arccosh": lambda: ("div", ONE, ("power", ("sub", ("mul", x, x), ONE), HALF)),
        "arctanh": lambda: ("div", ONE, ("sub", ONE, ("mul", x, x))),
    }
    if op not in table:
        raise Unsupported(f"the derivative of {op!r} is not supported by this engine")
    return table[op]()


def tangent(tree: Tree, of: Mapping[str, Tree]) -> Tree:
    """d tree, where `of` maps each symbol that moves to its tangent; jumps of piecewise and floor are not seen."""
    op = tree[0]
    if op in ("num", "bool", "time", *FLAT):
        return ZERO
    if op == "sym":
        return of.get(tree[1], ZERO)
    first = 1 if op == "select" else 0
    moved = [tangent(t, of) for t in tree[1 + first :]]
    if all(m == ZERO for m in moved):
        return ZERO
    if op in _MANY:
        return _MANY[op](tree, *moved)
    return times(_slope(op, tree, tree[1]), moved[0])


def _quotient(tree: Tree, da: Tree, db: Tree) -> Tree:
    _, a, b = tree
    first = ("div", da, b) if da != ZERO else ZERO
    return add(first, negative(times(("div", a, ("mul", b, b)), db)))


def _power(tree: Tree, da: Tree, db: Tree) -> Tree:
    _, a, b = tree
    less: Tree = ("num", b[1] - 1.0) if b[0] == "num" else ("sub", b, ONE)
    out = times(("mul", b, ("power", a, less)), da)
    if db == ZERO:
        return out
    safe: Tree = ("select", ("gt", a, ZERO), a, ONE)  # 0**b has slope 0 in b, not 0*log(0)
    return add(out, times(("mul", tree, ("ln", safe)), db))


_MANY: dict[str, Callable[..., Tree]] = {
    "add": lambda tree, da, db: add(da, db),
    "sub": lambda tree, da, db: add(da, negative(db)),
    "neg": lambda tree, da: negative(da),
    "mul": lambda tree, da, db: add(times(da, tree[2]), times(tree[1], db)),
    "div": _quotient,
    "power": _power,
    "select": lambda tree, da, db: ("select", tree[1], da, db),
    "min": lambda tree, da, db: ("select", ("le", tree[1], tree[2]), da, db),
    "max": lambda tree, da, db: ("select", ("lt", tree[1], tree[2]), db, da),
}


def conditions(tree: Tree) -> list[Tree]:
    """Parts of a tree whose jumps a tangent does not see: conditions of piecewise, floors and ceilings."""
    if tree[0] in ("num", "sym", "time", "bool"):
        return []
    own = [tree[1]] if tree[0] == "select" else [tree] if tree[0] in ("floor", "ceiling") else []
    return own + [c for t in tree[1:] for c in conditions(t)]
