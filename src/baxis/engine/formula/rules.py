"""Rules of a model among each other: their order, first values that use them, and the parts that hold the clock alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from baxis.core.errors import InvalidValue
from baxis.engine.formula.mathml import Tree, substitute, symbols
from baxis.engine.formula.numeric import evaluate


def sorted_rules(rules: Mapping[str, Tree], needed: Iterable[str] | None = None) -> dict[str, Tree]:
    """Rules in an order in which each uses only earlier ones; a cycle is named."""
    done: dict[str, Tree] = {}
    for first in rules if needed is None else needed:
        path: list[str] = [first]
        while path:
            name = path[-1]
            ahead = [] if name in done else [s for s in symbols(rules[name]) if s in rules and s not in done]
            if ahead:
                if ahead[0] in path:
                    raise InvalidValue("assignment rules", " -> ".join([*path, ahead[0]]), "rules without a cycle")
                path.append(ahead[0])
                continue
            done.setdefault(name, rules[name])
            path.pop()
    return done


def evaluate_starts(starts: Mapping[str, Tree], rules: Mapping[str, Tree], known: Mapping[str, Any]) -> dict[str, Any]:
    """Values of initial assignments from other values (floats or arrays); they may use rules and one another."""
    trees, out, values = {**rules, **starts}, {}, dict(known)
    for name in sorted_rules(trees, needed=starts):
        values[name] = evaluate(trees[name], values)
        if name in starts:
            out[name] = values[name]
    return out


def clock_trees(trees: Iterable[Tree], rules: Mapping[str, Tree], still: Iterable[str]) -> tuple[Tree, ...]:
    """The largest parts of formulas that hold time and, beside it, only names in `still`; rules written out."""
    steady, own = set(still), dict[str, Tree]()
    for name, tree in rules.items():
        if all(n == "" or n in steady or n in own for n in symbols(tree)):
            own[name] = substitute(tree, own)
    found = dict[Tree, None]()
    for tree in (*trees, *(t for n, t in rules.items() if n not in own)):
        for part in _parts(tree, steady, own):
            found[substitute(part, own)] = None
    return tuple(t for t in found if "" in symbols(t) and t != ("time",))


def _parts(tree: Tree, steady: set[str], own: Mapping[str, Tree]) -> Iterator[Tree]:
    if tree[0] in ("num", "bool"):
        return
    if all(n == "" or n in steady or n in own for n in symbols(tree)):
        yield tree
        return
    for t in tree[1:]:
        if isinstance(t, tuple):
            yield from _parts(t, steady, own)
