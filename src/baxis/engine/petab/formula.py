"""Formulas in PEtab's notation as trees, built from PEtab's own grammar.

The tree comes straight from the parse: no other notation and no printed form lies between, in which `log` or a power
may mean something else. Truth values and numbers stand for each other as PEtab says: a number is true unless it is 0.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from baxis.core.errors import InvalidValue, Unsupported
from baxis.engine.formula.mathml import Tree, fold

ONE: Tree = ("num", 1.0)
ZERO: Tree = ("num", 0.0)
DIRECT = (
    "exp", "abs", "sin", "cos", "tan", "sinh", "cosh", "tanh", "arcsin", "arccos", "arctan", "arcsinh", "arccosh",
    "arctanh", "log10", "log2",
)  # fmt: skip
OVER_ONE = {"sec": "cos", "csc": "sin", "cot": "tan", "sech": "cosh", "csch": "sinh", "coth": "tanh"}
OF_OVER_ONE = {"arcsec": "arccos", "arccsc": "arcsin", "arccot": "arctan"}
OF_OVER_ONE |= {"arcsech": "arccosh", "arccsch": "arcsinh", "arccoth": "arctanh"}
COMPARED = {"==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
TRUTHS = ("bool", "and", "or", "not", *COMPARED.values())
RESERVED = ("nan", "inf", "true", "false")
FUNCTIONS = (*DIRECT, *OVER_ONE, *OF_OVER_ONE, "log", "ln", "sqrt", "sign", "pow", "min", "max", "piecewise")


def formula_tree(text: str, where: str) -> Tree:
    """Tree of a formula. Raises InvalidValue naming `where` and the place in the formula that cannot be read."""
    try:
        return _parsed(text.strip())
    except RecursionError:
        raise InvalidValue(where, f"{text[:40]}...", "a formula nested at most a few hundred deep") from None
    except _Misread as problem:
        raise InvalidValue(where, text[:120], "a formula in PEtab's notation", str(problem)) from None


class _Misread(ValueError):
    """What cannot be read, and where."""


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Tree:
    from antlr4 import CommonTokenStream, InputStream
    from petab.v1.math._generated.PetabMathExprLexer import PetabMathExprLexer
    from petab.v1.math._generated.PetabMathExprParser import PetabMathExprParser
    from petab.v1.math.sympify import MathErrorListener

    if not text:
        raise _Misread("it is empty")
    lexer = PetabMathExprLexer(InputStream(text))
    parser = PetabMathExprParser(CommonTokenStream(lexer))
    for reader in (lexer, parser):
        reader.removeErrorListeners()
        reader.addErrorListener(MathErrorListener())
    try:
        parsed = parser.petabExpression()
    except ValueError as problem:
        raise _Misread(_place(str(problem), text)) from None
    return _tree(parsed.getChild(0))


def _place(said: str, text: str) -> str:
    """Where the grammar stopped, in our words."""
    found = re.search(r"(\d+):(\d+)", said)
    at = int(found.group(2)) if found else 0
    rest = text[at : at + 20]
    return f"it cannot be read at character {at + 1} ({rest!r})" if rest else "it ends too early"


def _tree(node: Any) -> Tree:
    """Tree of a node of the parse."""
    kind = type(node).__name__.removesuffix("Context")
    if kind not in _READ:
        raise Unsupported(f"PEtab formula: {node.getText()!r} is not supported")
    return _READ[kind](node)


def number(tree: Tree) -> Tree:
    """The tree as a number: 1 for true, 0 for false."""
    return ("select", tree, ONE, ZERO) if tree[0] in TRUTHS else tree


def truth(tree: Tree) -> Tree:
    """The tree as a truth value: false for 0."""
    return tree if tree[0] in TRUTHS else ("ne", tree, ZERO)


def _name(node: Any) -> Tree:
    name = node.getText()
    if name.lower() in RESERVED:
        raise _Misread(f"{name!r} is a reserved word")
    return ("time",) if name == "time" else ("sym", name)


def _pair(node: Any) -> tuple[Tree, str, Tree]:
    return _tree(node.getChild(0)), node.getChild(1).getText(), _tree(node.getChild(2))


def _arithmetic(node: Any) -> Tree:
    left, sign, right = _pair(node)
    return ({"*": "mul", "/": "div", "^": "power"}[sign], number(left), number(right))


def _sum(node: Any) -> Tree:
    """A chain of plus and minus, as long as it may be, without nesting as deep."""
    terms: list[Tree] = []
    while type(node).__name__ == "AddExprContext":
        term = number(_tree(node.getChild(2)))
        terms.append(("neg", term) if node.getChild(1).getText() == "-" else term)
        node = node.getChild(0)
    return fold("plus", [number(_tree(node)), *reversed(terms)])


def _signed(node: Any) -> Tree:
    value = number(_tree(node.getChild(1)))
    return ("neg", value) if node.getChild(0).getText() == "-" else value


def _comparison(node: Any) -> Tree:
    left, sign, right = _pair(node)
    return (COMPARED[sign], number(left), number(right))


def _logical(node: Any) -> Tree:
    left, sign, right = _pair(node)
    return ("and" if sign == "&&" else "or", truth(left), truth(right))


def _call(node: Any) -> Tree:
    name = node.getChild(0).getText()
    given = [_tree(c) for c in node.getChild(2).children[::2]]
    if name == "piecewise":
        return _piecewise(given)
    args = [number(t) for t in given]
    counts = {"log": (1, 2), "pow": (2,), "min": (2,), "max": (2,)}.get(name, (1,))
    if name in FUNCTIONS and len(args) not in counts:
        raise _Misread(f"{name}() has {len(args)} arguments, not {' or '.join(map(str, counts))}")
    if name in DIRECT:
        return (name, args[0])
    if name in OVER_ONE:
        return ("div", ONE, (OVER_ONE[name], args[0]))
    if name in OF_OVER_ONE:
        return (OF_OVER_ONE[name], ("div", ONE, args[0]))
    if name in ("log", "ln"):
        return ("div", ("ln", args[0]), ("ln", args[1])) if len(args) == 2 else ("ln", args[0])
    if name == "sqrt":
        return ("power", args[0], ("num", 0.5))
    if name == "sign":
        below: Tree = ("select", ("lt", args[0], ZERO), ("num", -1.0), ZERO)
        return ("select", ("gt", args[0], ZERO), ONE, below)
    if name in ("pow", "min", "max"):
        return ({"pow": "power"}.get(name, name), *args)
    raise _Misread(f"PEtab has no function {name!r}; it has {', '.join(sorted(FUNCTIONS))}")


def _piecewise(given: list[Tree]) -> Tree:
    if len(given) % 2 == 0:
        raise _Misread(f"piecewise() has {len(given)} arguments, not value, condition, ..., otherwise")
    out = number(given[-1])
    for k in range(len(given) - 3, -1, -2):
        out = ("select", truth(given[k + 1]), number(given[k]), out)
    return out


_READ = {
    "Number_": lambda n: ("num", float(n.getText())),
    "VarExpr_": _name,
    "MultExpr": _arithmetic,
    "AddExpr": _sum,
    "PowerExpr": _arithmetic,
    "UnaryExpr": _signed,
    "ParenExpr": lambda n: _tree(n.getChild(1)),
    "ComparisonExpr": _comparison,
    "BooleanNotExpr": lambda n: ("not", truth(_tree(n.getChild(1)))),
    "BooleanAndOrExpr": _logical,
    "BooleanLiteral_": lambda n: ("bool", n.getText() == "true"),
    "FunctionCall_": lambda n: _call(n.getChild(0)),
}
