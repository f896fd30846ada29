"""Formulas as plain nested tuples: from libsbml syntax trees, to the expression graph."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Protocol

from baxis.core.errors import InvalidValue, Unsupported
from baxis.engine.formula.arity import refuse_count
from baxis.engine.formula.graph import Graph, Node

# ("num", v) | ("sym", name) | ("time",) | ("bool", b) | (operation, tree, ...)
Tree = tuple[Any, ...]

AVOGADRO = 6.02214179e23  # the value that SBML Level 3 fixes for its csymbol (section 3.4.6)
DEEPEST = 200  # operations within operations of one formula
MOST_IN_A_ROW = 16  # pieces of a piecewise formula that nest one in the other
_BINARY = {"minus": "sub", "divide": "div", "power": "power"}
_UNARY = ("exp", "ln", "abs", "floor", "ceiling", "sin", "cos", "tan", "tanh", "sinh", "cosh", "not")
_RECIPROCAL = {"sec": "cos", "csc": "sin", "cot": "tan", "sech": "cosh", "csch": "sinh", "coth": "tanh"}
_INVERSE = ("arcsin", "arccos", "arctan", "arcsinh", "arccosh", "arctanh", "factorial")
_OF_RECIPROCAL = {"arcsec": "arccos", "arccsc": "arcsin", "arccot": "arctan"}
_OF_RECIPROCAL |= {f"{k}h": f"{v}h" for k, v in _OF_RECIPROCAL.items()}
_RELATIONS = {"lt": "lt", "gt": "gt", "leq": "le", "geq": "ge", "eq": "eq", "neq": "ne"}


class Functions(Protocol):
    """The functions that a model defines (see `definitions`)."""

    def write_out(self, name: str, args: list[Tree], where: str) -> Tree:
        """The function's body with the arguments in it."""


def from_ast(node: Any, where: str, functions: Functions | None, depth: int = 0) -> Tree:
    """libsbml ASTNode -> tree, with function definitions written out; unsupported operations are refused by name."""
    import libsbml

    if depth > DEEPEST:
        raise too_deep(where)

    if node is None:
        raise InvalidValue(where, "no formula", "a MathML formula")
    kind = node.getType()
    if node.isNumber():
        return ("num", float(node.getValue()))
    if kind == libsbml.AST_NAME:
        return ("sym", node.getName())
    if kind == libsbml.AST_NAME_TIME:
        return ("time",)
    if kind == libsbml.AST_NAME_AVOGADRO:
        return ("num", AVOGADRO)
    if node.isConstant():
        return _constant(libsbml, kind)
    if kind in (libsbml.AST_PLUS, libsbml.AST_MINUS) and node.getNumChildren() > 1:
        _check_count(where, "minus" if kind == libsbml.AST_MINUS else "plus", node.getNumChildren())
        terms = [(from_ast(n, where, functions, depth + 1), minus) for n, minus in _terms(libsbml, node)]
        return fold("plus", [("neg", t) if minus else t for t, minus in terms])
    args = [from_ast(node.getChild(i), where, functions, depth + 1) for i in range(node.getNumChildren())]
    if kind == libsbml.AST_FUNCTION:
        if functions is None:
            raise Unsupported(f"{where}: function {node.getName()!r} is not built in")
        return functions.write_out(node.getName(), args, where)
    return _operation(libsbml, node, kind, args, where)


def too_deep(where: str) -> Unsupported:
    """What to say of a formula that nests deeper than every path can follow."""
    return Unsupported(
        f"{where}: its formula nests more than {DEEPEST} deep; allowed: {DEEPEST}; name parts of it by assignment rules"
    )


def _check_count(where: str, name: str, count: int) -> None:
    fault = refuse_count(name, count)
    if fault:
        raise Unsupported(f"{where}: {fault}")


def _terms(libsbml: Any, node: Any) -> list[tuple[Any, bool]]:
    """(operand, is it subtracted?) of a chain of plus and minus, which text parsers nest as deep as it is long."""
    stack, out = [(node, False)], []
    while stack:
        n, minus = stack.pop()
        chained = n is not None and n.getType() in (libsbml.AST_PLUS, libsbml.AST_MINUS) and n.getNumChildren() > 1
        if not chained:
            out.append((n, minus))
            continue
        subtracts = n.getType() == libsbml.AST_MINUS
        for i in reversed(range(n.getNumChildren())):
            stack.append((n.getChild(i), minus != (subtracts and i > 0)))
    return out


def _constant(libsbml: Any, kind: int) -> Tree:
    if kind in (libsbml.AST_CONSTANT_TRUE, libsbml.AST_CONSTANT_FALSE):
        return ("bool", kind == libsbml.AST_CONSTANT_TRUE)
    return ("num", math.pi if kind == libsbml.AST_CONSTANT_PI else math.e)


def _operation(libsbml: Any, node: Any, kind: int, args: list[Tree], where: str) -> Tree:
    name = _operation_names(libsbml).get(kind, "")
    # libsbml gives log its base and root its degree as one argument more
    _check_count(where, name, len(args) - (name in ("log", "root") and len(args) > 1))
    if name in ("plus", "times", "and", "or", "xor", "min", "max"):
        return fold(name, args)
    if name == "minus" and len(args) == 1:
        return ("neg", args[0])
    if name in _BINARY:
        return (_BINARY[name], *args)
    if name in _RELATIONS:
        pairs = [(_RELATIONS[name], a, b) for a, b in itertools.pairwise(args)]
        return fold("and", pairs) if len(pairs) != 1 else pairs[0]
    if name in _UNARY or name in _INVERSE or name == "rateof":
        return (name, args[0])
    if name in _RECIPROCAL:
        return ("div", ("num", 1.0), (_RECIPROCAL[name], args[0]))
    if name in _OF_RECIPROCAL:
        return (_OF_RECIPROCAL[name], ("div", ("num", 1.0), args[0]))
    if name in ("quotient", "rem"):
        return _whole_division(name, *args)
    if name == "implies":
        return ("or", ("not", args[0]), args[1])
    if name == "log":  # log(base, x); base 10 when it is left out
        base, x = (args[0], args[1]) if len(args) == 2 else (("num", 10.0), args[0])
        return ("div", ("ln", x), ("ln", base))
    if name == "root":
        degree, x = (args[0], args[1]) if len(args) == 2 else (("num", 2.0), args[0])
        return ("power", x, ("div", ("num", 1.0), degree))
    if name == "piecewise":
        return _piecewise(args)
    if name == "delay":
        return ("delay", *args)
    text = libsbml.formulaToL3String(node) or node.getName() or str(kind)
    raise Unsupported(f"{where}: the operation in {text!r} is not supported by this engine")


def _whole_division(name: str, a: Tree, b: Tree) -> Tree:
    ratio = ("div", a, b)
    quotient = ("select", ("ge", ratio, ("num", 0.0)), ("floor", ratio), ("ceiling", ratio))
    return quotient if name == "quotient" else ("sub", a, ("mul", b, quotient))


def uses(tree: Tree, operation: str) -> bool:
    """Does the tree hold an operation (rateof, delay) that not every path takes?"""
    return tree[0] == operation or any(uses(t, operation) for t in tree[1:] if isinstance(t, tuple))


@lru_cache(maxsize=1)
def _operation_names(libsbml: Any) -> dict[int, str]:
    names = {"plus": "PLUS", "minus": "MINUS", "times": "TIMES", "divide": "DIVIDE", "power": "POWER"}
    table = {getattr(libsbml, "AST_" + c): n for n, c in names.items()}
    table[libsbml.AST_FUNCTION_POWER] = "power"
    for n in ("exp", "ln", "log", "root", "abs", "floor", "ceiling", "sin", "cos", "tan", "tanh", "sinh", "cosh"):
        table[getattr(libsbml, "AST_FUNCTION_" + n.upper())] = n
    for n in ("piecewise", "min", "max"):
        table[getattr(libsbml, "AST_FUNCTION_" + n.upper())] = n
    more = (*_RECIPROCAL, *_OF_RECIPROCAL, *_INVERSE, "quotient", "rem")
    for n in more:
        table[getattr(libsbml, "AST_FUNCTION_" + n.upper())] = n
    table[libsbml.AST_FUNCTION_RATE_OF] = "rateof"
    table[libsbml.AST_FUNCTION_DELAY] = "delay"
    for n in ("and", "or", "not", "xor", "implies"):
        table[getattr(libsbml, "AST_LOGICAL_" + n.upper())] = n
    for n in _RELATIONS:
        table[getattr(libsbml, "AST_RELATIONAL_" + n.upper())] = n
    return table


def fold(name: str, args: list[Tree]) -> Tree:
    op = {"plus": "add", "times": "mul"}.get(name, name)
    if not args:
        return {"add": ("num", 0.0), "mul": ("num", 1.0), "and": ("bool", True)}.get(op, ("bool", False))
    while len(args) > 1:  # pairs of pairs: a sum of thousands of terms must not nest thousands deep
        pairs = [(op, *args[k : k + 2]) if k + 1 < len(args) else args[k] for k in range(0, len(args), 2)]
        args = pairs
    return args[0]


def _piecewise(args: list[Tree]) -> Tree:
    otherwise: Tree = args[-1] if len(args) % 2 else ("num", math.nan)
    return _pieces([(args[k + 1], args[k]) for k in range(0, len(args) - 1, 2)], otherwise)


def _pieces(pieces: list[tuple[Tree, Tree]], otherwise: Tree) -> Tree:
    """The value of the first condition that holds. Many are halved, lest they nest as deep as there are."""
    if len(pieces) > MOST_IN_A_ROW:
        half = len(pieces) // 2
        first, rest = pieces[:half], pieces[half:]
        return ("select", fold("or", [c for c, _ in first]), _pieces(first, otherwise), _pieces(rest, otherwise))
    for condition, value in reversed(pieces):
        otherwise = ("select", condition, value, otherwise)
    return otherwise


def substitute(tree: Tree, values: Mapping[str, Tree]) -> Tree:
    """The tree with symbols replaced."""
    if tree[0] == "sym":
        return values.get(tree[1], tree)
    if tree[0] in ("num", "time", "bool"):
        return tree
    return (tree[0], *(substitute(t, values) for t in tree[1:]))


def symbols(tree: Tree) -> Iterator[str]:
    """Names used in a tree (with repeats); 'time' appears as the empty name."""
    if tree[0] == "sym":
        yield tree[1]
    elif tree[0] == "time":
        yield ""
    elif tree[0] not in ("num", "bool"):
        for t in tree[1:]:
            yield from symbols(t)


def holds(tree: Tree, op: str) -> bool:
    """Is an operation anywhere in a tree?"""
    return tree[0] == op or (tree[0] not in ("num", "bool", "sym") and any(holds(t, op) for t in tree[1:]))


def to_graph(tree: Tree, graph: Graph, names: Mapping[str, Node]) -> Node:
    """Node of a tree; `names` maps every symbol to its node."""
    op = tree[0]
    if op == "num":
        return graph.const(tree[1])
    if op == "sym":
        return names[tree[1]]
    if op == "time":
        return graph.time()
    if op == "bool":
        return graph.boolean(tree[1])
    return _BUILD[op](graph, *_arguments(op, graph, [to_graph(t, graph, names) for t in tree[1:]]))


def _arguments(op: str, g: Graph, nodes: list[Node]) -> list[Node]:
    """Numbers where numbers are due and truth values where those are: SBML L3V2 lets 0 and 1 stand for false and true."""
    if op in ("and", "or", "xor", "not"):
        return [_truth(g, n) for n in nodes]
    first = [_truth(g, nodes[0])] if op == "select" else []
    return first + [as_number(g, n) for n in nodes[len(first) :]]


def _truth(g: Graph, node: Node) -> Node:
    return node if g.is_boolean(node) else g.compare("ne", node, g.const(0.0))


def as_number(g: Graph, node: Node) -> Node:
    """1 or 0 for a truth value, anything else as it is."""
    return g.select(node, g.const(1.0), g.const(0.0)) if g.is_boolean(node) else node


def _xor(g: Graph, a: Node, b: Node) -> Node:
    return g.logic("and", g.logic("or", a, b), g.logic("not", g.logic("and", a, b)))


def _tan(g: Graph, a: Node) -> Node:
    return g.div(g.call("sin", a), g.call("cos", a))


def _half_exponentials(sign: float) -> Callable[[Graph, Node], Node]:
    def build(g: Graph, a: Node) -> Node:
        e = g.call("exp", a)
        return g.mul(g.const(0.5), g.add(e, g.mul(g.const(sign), g.inv(e))))

    return build


_BUILD: dict[str, Callable[..., Node]] = {
    "add": Graph.add,
    "sub": Graph.sub,
    "mul": Graph.mul,
    "div": Graph.div,
    "neg": Graph.neg,
    "power": Graph.power,
    "select": Graph.select,
    "xor": _xor,
    "tan": _tan,
    "sinh": _half_exponentials(-1.0),
    "cosh": _half_exponentials(1.0),
    "gt": lambda g, a, b: g.compare("lt", b, a),
    "ge": lambda g, a, b: g.compare("le", b, a),
}
for _name in ("lt", "le", "eq", "ne"):
    _BUILD[_name] = lambda g, a, b, _op=_name: g.compare(_op, a, b)
for _name in ("and", "or", "not"):
    _BUILD[_name] = lambda g, *a, _op=_name: g.logic(_op, *a)
for _name in ("exp", "tanh", "abs", "floor", "sin", "cos", "min", "max"):
    _BUILD[_name] = lambda g, *a, _op=_name: g.call(_op, *a)
for _name in _INVERSE[:-1]:
    _BUILD[_name] = lambda g, a, _op=_name: g.call(_op.replace("arc", "a"), a)
_BUILD["factorial"] = lambda g, a: g.call("tgamma", g.add(a, g.const(1.0)))
_BUILD["ln"] = lambda g, a: g.call("log", a)
_BUILD["ceiling"] = lambda g, a: g.call("ceil", a)
