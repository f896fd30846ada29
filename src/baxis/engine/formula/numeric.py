"""Plain numpy evaluation of formula trees: initial assignments, the reference solver, checks of the fast path."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from baxis.engine.formula.mathml import Tree

_OPERATIONS: dict[str, Callable[..., Any]] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "neg": np.negative,
    "power": np.power,
    "exp": np.exp,
    "ln": np.log,
    "abs": np.abs,
    "floor": np.floor,
    "ceiling": np.ceil,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "arcsin": np.arcsin,
    "arccos": np.arccos,
    "arctan": np.arctan,
    "arcsinh": np.arcsinh,
    "arccosh": np.arccosh,
    "arctanh": np.arctanh,
    "factorial": lambda a: np.vectorize(_factorial, otypes=[float])(a)[()],
    "min": np.minimum,
    "max": np.maximum,
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
    "eq": np.equal,
    "ne": np.not_equal,
    "and": np.logical_and,
    "or": np.logical_or,
    "xor": np.logical_xor,
    "not": np.logical_not,
    "select": np.where,
}


def _factorial(a: float) -> float:
    try:
        return math.gamma(a + 1.0)
    except OverflowError:
        return math.inf
    except ValueError:
        return math.nan


_LOGIC = ("and", "or", "xor", "not")


def evaluate(tree: Tree, values: Mapping[str, Any]) -> Any:
    """Value of a tree; `values` maps names to floats or arrays, time under the empty name (0 when absent)."""
    op = tree[0]
    if op == "num":
        return np.float64(tree[1])
    if op == "bool":
        return np.bool_(tree[1])
    if op == "sym":
        return values[tree[1]]
    if op == "time":
        return values.get("", 0.0)
    args = [evaluate(t, values) for t in tree[1:]]
    if op not in _LOGIC:
        args = [a if op == "select" and k == 0 else np.asarray(a, float)[()] for k, a in enumerate(args)]
    with np.errstate(all="ignore"):
        return _OPERATIONS[op](*args)
