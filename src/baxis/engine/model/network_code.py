"""Python code of a Network: formulas of one trajectory as functions of time and the stored variables."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from baxis.engine.formula.mathml import Tree, substitute, symbols, uses
from baxis.engine.formula.rules import sorted_rules
from baxis.engine.formula.shallow import shallow
from baxis.engine.model.history import History
from baxis.engine.model.network import Network

_INFIX = {"add": "+", "sub": "-", "mul": "*", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!="}
_JUMPS = ("lt", "le", "gt", "ge", "eq", "ne", "floor", "ceiling")


def _guarded(function: Callable[..., float]) -> Callable[..., float]:
    def value(*args: float) -> float:
        try:
            return function(*args)
        except ValueError:
            return math.nan
        except (OverflowError, ZeroDivisionError):
            return math.inf

    return value


def _divide(a: float, b: float) -> float:
    if b != 0:
        return a / b
    return math.nan if a == 0 or a != a else math.copysign(math.inf, a) * math.copysign(1.0, b)


def _power(a: float, b: float) -> float:
    try:
        value = float(a) ** b
    except OverflowError:
        return -math.inf if a < 0 and b % 2 == 1 else math.inf
    return math.nan if isinstance(value, complex) else value


def _logarithm(function: Callable[[float], float]) -> Callable[[float], float]:
    return lambda a: -math.inf if a == 0 else function(a)


def _arctanh(a: float) -> float:
    return math.copysign(math.inf, a) if abs(a) == 1 else math.atanh(a)


def _sinh(a: float) -> float:
    return math.sinh(a) if abs(a) < 710 else math.copysign(math.inf, a)


def _whole(function: Callable[[float], int]) -> Callable[[float], float]:
    return lambda a: float(function(a)) if math.isfinite(a) else a


NAMESPACE: dict[str, Any] = {
    "div": _divide, "power": _guarded(_power), "exp": _guarded(math.exp), "abs": abs,
    "ln": _guarded(_logarithm(math.log)), "log10": _guarded(_logarithm(math.log10)), "log2": _guarded(_logarithm(math.log2)),
    "floor": _whole(math.floor), "ceiling": _whole(math.ceil), "min": min, "max": max, "nan": math.nan, "inf": math.inf,
    "arcsin": _guarded(math.asin), "arccos": _guarded(math.acos), "arctan": math.atan, "arcsinh": math.asinh,
    "arccosh": _guarded(math.acosh), "arctanh": _guarded(_arctanh), "factorial": _guarded(lambda x: math.gamma(x + 1)),
} | {n: _guarded(getattr(math, n)) for n in ("sin", "cos", "tan", "cosh", "tanh")} | {"sinh": _sinh}  # fmt: skip


def expression(tree: Tree, names: dict[str, str]) -> str:
    """Python expression of a tree; `names` maps symbols to Python names."""
    op = tree[0]
    if op in ("num", "bool"):
        return f"({tree[1]!r})"
    if op == "sym":
        return names[tree[1]]
    if op == "time":
        return "t"
    args = [expression(t, names) for t in tree[1:]]
    if op == "held":
        return f"m[{int(tree[1][1])}]"
    if op == "past":
        return f"past({int(tree[1][1])}, {args[1]}, t, x)"
    if op in _INFIX:
        return f"({args[0]} {_INFIX[op]} {args[1]})"
    if op in ("and", "or"):
        return f"(bool({args[0]}) {op} bool({args[1]}))"
    if op == "xor":
        return f"(bool({args[0]}) != bool({args[1]}))"
    if op == "select":
        return f"({args[1]} if {args[0]} else {args[2]})"
    return {"neg": "(-{})", "not": "(not {})"}.get(op, op + "({})").format(", ".join(args))


def jumps(tree: Tree) -> Iterator[Tree]:
    """Parts of a tree whose value jumps: comparisons, floors and ceilings."""
    if tree[0] in ("num", "sym", "time", "bool"):
        return
    if tree[0] in _JUMPS:
        yield tree
    for t in tree[1:]:
        yield from jumps(t)


def holding(tree: Tree, held: Mapping[Tree, int]) -> Tree:
    """The tree with each of the listed parts, outermost first, as a look at a number held from outside."""
    if tree in held:
        return ("held", ("num", held[tree]))
    if tree[0] in ("num", "sym", "time", "bool", "delay"):
        return tree
    return (tree[0], *(holding(t, held) for t in tree[1:]))


class NetworkCode:
    """Compiled formulas of a network. Every function takes (t, x): time and the list of stored variables.

    `rhs` gives d(x[i])/dt for `moving`; `values` all symbols in the order of `symbols`; `monitor` the truth of each
    trigger, then every quantity at which a formula jumps (`kinks`). `held(t, x, m)` is `rhs` with those at m: smooth
    from one jump to the next, so that no step of an integrator ever feels one.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self.index = {n: i for i, n in enumerate(network.base)}
        self.names = {n: f"x[{i}]" for i, n in enumerate(network.base)}
        self.names |= {n: f"v{i}" for i, n in enumerate(network.derived)}
        self.symbols = tuple(self.names)
        self.delayed: list[Tree] = []
        self.delays: list[Tree] = []
        self.history: History | None = None
        self._then: dict[int, Callable[..., Any]] = {}
        self.moving = [self.index[n] for n in network.rates]
        self.rhs = self.function(list(network.rates.values()))
        self.values = self.function([("sym", n) for n in self.symbols])
        triggers = [e.trigger for e in network.events]
        used = self._needed([*network.rates.values(), *triggers])
        trees = [*network.rates.values(), *(network.derived[n] for n in used), *triggers]
        self.kinks = list(dict.fromkeys(j for t in trees for j in jumps(t)))
        self.triggers = self.function([("not", ("not", t)) for t in triggers])
        self.monitor = self.function([*(("not", ("not", t)) for t in triggers), *self.kinks])
        self.held = self.function(list(network.rates.values()), {k: i for i, k in enumerate(self.kinks)})

    def function(self, trees: list[Tree], held: Mapping[Tree, int] | None = None) -> Callable[..., list[Any]]:
        """Compiled function (t, x) that returns the value of each tree; with `held`, (t, x, m): these trees are m[k]."""

        names, lines = dict(self.names), list[str]()

        def code(tree: Tree) -> str:
            parts, top = shallow(self._now(holding(tree, held) if held else tree), partial(_part, len(names)))
            for name, part in parts:
                text = expression(part, names)
                names[name] = f"w{len(names)}"
                lines.append(f"    {names[name]} = {text}")
            return expression(top, names)

        for n in self._needed(trees):
            text = code(self.network.derived[n])
            lines.append(f"    {self.names[n]} = {text}")
        body = ", ".join([code(t) for t in trees])
        scope = {**NAMESPACE, "past": self._past}
        head = "def f(t, x):" if held is None else "def f(t, x, m):"
        exec("\n".join([head, *lines, f"    return [{body}]"]), scope)
        return scope["f"]

    def _now(self, tree: Tree) -> Tree:
        """The tree with every delay(f, tau) as a look into the past, of the numbered formula f."""
        if tree[0] in ("num", "sym", "time", "bool") or not uses(tree, "delay"):
            return tree
        if tree[0] != "delay":
            return (tree[0], *(self._now(t) for t in tree[1:]))
        if tree[1] not in self.delayed:
            self.delayed.append(tree[1])
        self.delays.append(tree[2])
        return ("past", ("num", self.delayed.index(tree[1])), self._now(tree[2]))

    def _past(self, formula: int, delay: float, t: float, x: list[float]) -> float:
        if formula not in self._then:
            self._then[formula] = self.function([self.delayed[formula]])
        if delay == 0 or self.history is None:
            return float(self._then[formula](t, x)[0])
        return float(self._then[formula](t - delay, self.history.at(t - delay, delay))[0])

    def _needed(self, trees: list[Tree]) -> list[str]:
        """Derived symbols that the trees use, directly or not, in order of computation."""
        wanted, stack = set(), [n for t in trees for n in symbols(t)]
        while stack:
            name = stack.pop()
            if name in self.network.derived and name not in wanted:
                wanted.add(name)
                stack += list(symbols(self.network.derived[name]))
        return [n for n in self.network.derived if n in wanted]


def at_start(tree: Tree) -> Tree:
    """delay(f, tau) is f itself while nothing is past, but for the clock."""
    if tree[0] in ("num", "sym", "time", "bool") or not uses(tree, "delay"):
        return tree
    if tree[0] == "delay":
        return at_start(_earlier(tree[1], tree[2]))
    return (tree[0], *(at_start(t) for t in tree[1:]))


def _earlier(tree: Tree, delay: Tree) -> Tree:
    if tree[0] == "time":
        return ("sub", tree, delay)
    return tree if tree[0] in ("num", "sym", "bool") else (tree[0], *(_earlier(t, delay) for t in tree[1:]))


def _part(before: int, k: int) -> str:
    """Name of a part of a formula; no SBML id holds a blank."""
    return f"part {before + k}"


def first_values(network: Network, time: float = 0.0) -> list[float]:
    """Stored variables at time 0 (or before it, for looks into the past), from initial values, initial assignments and rules in order of dependence."""
    trees = {n: at_start(t) for n, t in network.derived.items()}
    trees |= {f"start {n}": at_start(t) for n, t in network.starts.items()}
    rename = {n: ("sym", f"start {n}") for n in network.starts}
    trees = sorted_rules({n: substitute(t, rename) for n, t in trees.items()})
    known: dict[str, float] = {}
    names = {n: f"k[{n!r}]" for n in trees}
    for name, tree in trees.items():
        parts, top = shallow(tree, partial(_part, len(names)))
        for n, t in [*parts, (name, top)]:
            known[n] = eval(expression(t, names), {**NAMESPACE, "k": known, "t": time})
            names[n] = f"k[{n!r}]"
    return [float(known[f"start {n}"]) for n in network.base]
