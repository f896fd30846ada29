"""Deep formulas cut into parts: Python reads brackets within brackets up to two hundred, a model's formula may nest deeper."""

from __future__ import annotations

from collections.abc import Callable

from baxis.engine.formula.mathml import Tree

DEEP = 40  # operations within operations that stay in one expression


def shallow(tree: Tree, name: Callable[[int], str]) -> tuple[list[tuple[str, Tree]], Tree]:
    """(named parts, each using only earlier ones; the tree with their names in place). `name` names the k-th part."""
    parts: list[tuple[str, Tree]] = []

    def cut(t: Tree) -> tuple[int, Tree]:
        if t[0] in ("num", "sym", "time", "bool", "held"):
            return 0, t
        if t[0] == "past":  # its first argument is the number of a formula, not one
            depth, delay = cut(t[2])
            return depth + 1, (t[0], t[1], delay)
        inside = [cut(a) for a in t[1:]]
        depth, made = 1 + max((d for d, _ in inside), default=0), (t[0], *(a for _, a in inside))
        if depth < DEEP:
            return depth, made
        parts.append((name(len(parts)), made))
        return 0, ("sym", parts[-1][0])

    return parts, cut(tree)[1]
