"""Algebraic rules as assignments: each rule 0 = f is solved for the one variable that nothing else determines.

Only rules that are linear in that variable are solved; the rest are refused by name, never guessed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from baxis.core.errors import Unsupported
from baxis.engine.formula.mathml import Tree, substitute, symbols
from baxis.engine.formula.tangent import FLAT, ONE, ZERO, tangent

ALONE = "not supported by this engine"


def algebraic_assignments(model: Any, rules: list[Tree], determined: set[str]) -> dict[str, Tree]:
    """Formula of each variable that algebraic rules determine; `determined` names what other rules give.

    Raises Unsupported for a rule without exactly one free variable, or not linear in it.
    """
    free = set(_candidates(model)) - determined
    wanted = {k: free.intersection(symbols(t)) for k, t in enumerate(rules)}
    out: dict[str, Tree] = {}
    while wanted:
        k = min(wanted, key=lambda i: len(wanted[i]))
        names = wanted.pop(k)
        if len(names) != 1:
            what = "no variable that it could determine" if not names else f"more than one: {', '.join(sorted(names))}"
            raise Unsupported(f"SBML algebraic rule {k + 1}: {what}; {ALONE}")
        name = names.pop()
        out[name] = _solved(rules[k], name, k)
        for others in wanted.values():
            others.discard(name)
    return out


def _candidates(model: Any) -> Iterator[str]:
    """Variables that neither reactions nor events change and that are not constant."""
    moved = {
        reference.getSpecies()
        for r in model.getListOfReactions()
        for reference in (*r.getListOfReactants(), *r.getListOfProducts())
        if not model.getSpecies(reference.getSpecies()).getBoundaryCondition()
    }
    moved |= {a.getVariable() for e in model.getListOfEvents() for a in e.getListOfEventAssignments()}
    for group in (model.getListOfSpecies(), model.getListOfParameters(), model.getListOfCompartments()):
        yield from (e.getId() for e in group if not e.getConstant() and e.getId() not in moved)
    for r in model.getListOfReactions():
        for reference in (*r.getListOfReactants(), *r.getListOfProducts()):
            if reference.getId() and not reference.getConstant() and reference.getId() not in moved:
                yield reference.getId()


def _solved(tree: Tree, name: str, k: int) -> Tree:
    """name = -f(0) / f', for f linear in name."""
    slope = tangent(tree, {name: ONE})
    if slope == ZERO or name in symbols(slope) or _in_jump(tree, name):
        raise Unsupported(f"SBML algebraic rule {k + 1}: not linear in {name!r}; {ALONE}")
    rest = substitute(tree, {name: ZERO})
    return ("neg", rest) if slope == ONE else ("div", ("neg", rest), slope)


def _in_jump(tree: Tree, name: str) -> bool:
    if tree[0] in ("num", "sym", "time", "bool"):
        return False
    if tree[0] in FLAT:
        return name in symbols(tree)
    return any(_in_jump(t, name) for t in tree[1:])
