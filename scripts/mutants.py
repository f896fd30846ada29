"""Mutants of a Python file by rule: one small change each, made in the text so that the changed line can be shown.

Changed are comparisons, signs and negations, arithmetic and set operators, numbers, `and`/`or`, and the pairs in SWAPS
(min/max, any/all, ...). Left alone: type annotations, text (also what stands inside f-strings) and true/false.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

COMPARISONS = {
    ast.Lt: ("<", ("<=", ">=")), ast.LtE: ("<=", ("<", ">")), ast.Gt: (">", (">=", "<=")), ast.GtE: (">=", (">", "<")),
    ast.Eq: ("==", ("!=",)), ast.NotEq: ("!=", ("==",)), ast.In: ("in", ("not in",)), ast.NotIn: ("not in", ("in",)),
    ast.Is: ("is", ("is not",)), ast.IsNot: ("is not", ("is",)),
}  # fmt: skip
OPERATORS = {
    ast.Add: ("+", "-"), ast.Sub: ("-", "+"), ast.Mult: ("*", "/"), ast.Div: ("/", "*"), ast.Pow: ("**", "*"),
    ast.Mod: ("%", "*"), ast.FloorDiv: ("//", "*"), ast.BitAnd: ("&", "|"), ast.BitOr: ("|", "&"),
}  # fmt: skip
SIGNS = {ast.USub: "-", ast.Not: "not", ast.Invert: "~"}
PAIRS = (("min", "max"), ("minimum", "maximum"), ("argmin", "argmax"), ("any", "all"), ("floor", "ceil"))
SWAPS = dict(PAIRS) | {b: a for a, b in PAIRS}
TINY = 1e-4  # a number under this is a tolerance: it is multiplied by a million, since a tenth more is the same rule


@dataclass(frozen=True)
class Mutant:
    """One change of a file: line (from 1), the line before and after (stripped), and the whole text after it."""

    file: str
    line: int
    original: str
    mutated: str
    text: str

    @property
    def name(self) -> str:
        """Where and what, in one line."""
        return f"{self.file}:{self.line}\n    - {self.original}\n    + {self.mutated}"


class _Text:
    """The bytes of a file, by the positions that `ast` gives."""

    def __init__(self, source: str) -> None:
        self.raw = source.encode()
        self.starts = [0]
        for line in source.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line.encode()))

    def start(self, node: ast.expr) -> int:
        return self.starts[node.lineno - 1] + node.col_offset

    def end(self, node: ast.expr) -> int:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self.starts[node.end_lineno - 1] + node.end_col_offset

    def find(self, word: str, low: int, high: int) -> int:
        """Place of an operator between two operands, comments and brackets around it passed over."""
        between = re.sub(rb"#[^\n]*", lambda m: b" " * len(m[0]), self.raw[low:high])
        pattern = r"\s+".join(re.escape(p) for p in word.split())
        found = re.search(pattern.encode(), between)
        assert found is not None, (word, between)
        return low + found.start()


Edit = tuple[int, int, str]  # first byte, number of bytes, what stands there instead


def mutants(source: str, file: str) -> list[Mutant]:
    """Every mutant of a file's text, in the order of its lines. SyntaxError for text that is no Python."""
    text = _Text(source)
    out = []
    for first, size, new in sorted(set(_edits(ast.parse(source), text))):
        changed = (text.raw[:first] + new.encode() + text.raw[first + size :]).decode()
        line = text.raw[:first].count(b"\n")
        before, after = source.splitlines()[line].strip(), changed.splitlines()[line].strip()
        out.append(Mutant(file, line + 1, before, after, changed))
    return out


def _edits(tree: ast.AST, text: _Text) -> Iterator[Edit]:
    for node in _walk(tree):
        if isinstance(node, ast.Compare):
            yield from _compare(node, text)
        elif isinstance(node, ast.BinOp):
            yield from _between(type(node.op), text, text.end(node.left), text.start(node.right))
        elif isinstance(node, ast.AugAssign):
            yield from _between(type(node.op), text, text.end(node.target), text.start(node.value))
        elif isinstance(node, ast.BoolOp):
            word, new = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
            for left, right in zip(node.values, node.values[1:], strict=False):
                yield text.find(word, text.end(left), text.start(right)), len(word), new
        elif isinstance(node, ast.UnaryOp) and type(node.op) in SIGNS:
            yield text.start(node), len(SIGNS[type(node.op)]), ""
        elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
            yield text.start(node), text.end(node) - text.start(node), _number(node.value)
        elif isinstance(node, ast.Attribute) and node.attr in SWAPS:
            yield text.end(node) - len(node.attr), len(node.attr), SWAPS[node.attr]
        elif isinstance(node, ast.Name) and node.id in SWAPS:
            yield text.start(node), len(node.id), SWAPS[node.id]


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    """Every node that can change a number: no annotation, no text."""
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not isinstance(child, ast.JoinedStr):
                yield child
                yield from _walk(child)


def _compare(node: ast.Compare, text: _Text) -> Iterator[Edit]:
    operands = [node.left, *node.comparators]
    for op, left, right in zip(node.ops, operands, operands[1:], strict=False):
        word, others = COMPARISONS[type(op)]
        first = text.find(word, text.end(left), text.start(right))
        size = len(re.match(r"\s+".join(word.split()).encode(), text.raw[first:])[0])  # type: ignore[index]
        for new in others:
            yield first, size, new


def _between(op: type[ast.operator], text: _Text, low: int, high: int) -> Iterator[Edit]:
    if op in OPERATORS:
        word, new = OPERATORS[op]
        yield text.find(word, low, high), len(word), new


def _number(value: int | float) -> str:
    if isinstance(value, int):
        return str(value + 1)
    if value == 0:
        return "1.0"
    return repr(value * 1e6 if abs(value) < TINY else float(f"{value * 1.1:.12g}"))
