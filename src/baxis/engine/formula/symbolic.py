"""Formula trees as sympy expressions, for users and for the plain reference; the fast path never needs sympy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy as sp
from sympy.core.relational import Relational
from sympy.logic.boolalg import BooleanAtom, BooleanFunction

from baxis.engine.formula.mathml import Tree

_TRUTH = (Relational, BooleanAtom, BooleanFunction)  # a Symbol counts as Boolean in sympy, and must not here
_PLAIN: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "neg": lambda a: -a,
    "power": lambda a, b: a**b,
    "select": lambda c, a, b: sp.Piecewise((a, c), (b, True)),
}
_NAMED = {
    "ln": "log",
    "abs": "Abs",
    "min": "Min",
    "max": "Max",
    "lt": "Lt",
    "le": "Le",
    "gt": "Gt",
    "ge": "Ge",
    "eq": "Eq",
    "ne": "Ne",
    "and": "And",
    "or": "Or",
    "not": "Not",
    "xor": "Xor",
}


def to_sympy(tree: Tree) -> Any:
    """sympy expression of a tree; time is the symbol `time`, a truth value used as a number is 1 or 0."""
    op = tree[0]
    if op == "num":
        return sp.Integer(int(tree[1])) if float(tree[1]).is_integer() else sp.Float(tree[1], 17)
    if op in ("sym", "time"):
        return sp.Symbol(tree[1] if op == "sym" else "time")
    if op == "bool":
        return sp.true if tree[1] else sp.false
    args = [to_sympy(t) for t in tree[1:]]
    if op in ("and", "or", "not", "xor"):
        args = [_truth(a) for a in args]
    else:
        args = [_truth(a) if op == "select" and k == 0 else as_number(a) for k, a in enumerate(args)]
    return _PLAIN[op](*args) if op in _PLAIN else getattr(sp, str(_NAMED.get(op, op)))(*args)


def _truth(value: Any) -> Any:
    return value if isinstance(value, _TRUTH) else sp.Ne(value, 0)


def as_number(value: Any) -> Any:
    """1 or 0 for a truth value, anything else as it is."""
    return sp.Piecewise((1, value), (0, True)) if isinstance(value, _TRUTH) else value
