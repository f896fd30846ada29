"""How many arguments each MathML operator takes."""

from __future__ import annotations

import math

_ONE = ("exp", "ln", "log", "root", "abs", "floor", "ceiling", "factorial", "not", "rateOf")
_PLANE = ("sin", "cos", "tan", "sec", "csc", "cot")
_CIRCULAR = (*_PLANE, *(f"{n}h" for n in _PLANE))
ARITY: dict[str, tuple[int, float]] = dict.fromkeys((*_ONE, *_CIRCULAR, *(f"arc{n}" for n in _CIRCULAR)), (1, 1))
ARITY |= dict.fromkeys(("divide", "power", "quotient", "rem", "implies", "neq", "delay"), (2, 2))
ARITY |= dict.fromkeys(("eq", "gt", "lt", "geq", "leq"), (2, math.inf))
ARITY |= {"minus": (1, 2), "min": (1, math.inf), "max": (1, math.inf)}


def allowed_count(name: str) -> str:
    """How many arguments an operator takes, in words."""
    low, high = ARITY[name]
    if high == math.inf:
        return f"at least {low}"
    return f"{low}" if low == high else f"{low} or {int(high)}"


def refuse_count(name: str, count: int) -> str:
    """The fault of an operator's number of arguments, or an empty text."""
    low, high = ARITY.get(name, (0, math.inf))
    if low <= count <= high:
        return ""
    return f"the operator {name!r} has {count} argument{'' if count == 1 else 's'}; allowed: {allowed_count(name)}"
