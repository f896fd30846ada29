"""Unit check of every equation: each side of every rule and rate, with units as symbols so that hours never meet days."""

from __future__ import annotations

import ast
import re
from functools import lru_cache

from baxis.axis.assembly import compose
from baxis.axis.tables import disease_table, ledger
from baxis.core.errors import Faults

Unit = tuple[tuple[str, int], ...]
NONE: Unit = ()
_PLAIN = {"", "1", "x healthy", "x rest", "a.u."}
_SLOT = {"ka": "1/day", "F": "1", "CL": "L/day", "V1": "L", "Q1": "L/day", "V2": "L", "Q2": "L/day", "V3": "L",
         "vmax": "mg/day", "km": "mg/L", "isab": "1", "rate": "mg/day", "pb": "1", "pf": "1", "fx": "1", "kb": "1",
         "kt": "1", "sp": "1", "kc_btk": "L/mg/day"}  # fmt: skip
_AMOUNTS = ("depot", "central", "per1", "per2")


def parse(text: str) -> Unit:
    """`mg/L/day` as symbols with exponents; a multiple of health or rest is a pure number."""
    if text in _PLAIN:
        return NONE
    out: dict[str, int] = {}
    for i, part in enumerate(text.split("/")):
        if part not in ("", "1"):
            out[part] = out.get(part, 0) + (1 if i == 0 else -1)
    return _tidy(out)


def _tidy(powers: dict[str, int]) -> Unit:
    return tuple(sorted((k, v) for k, v in powers.items() if v))


def _times(a: Unit, b: Unit, sign: int = 1) -> Unit:
    out = dict(a)
    for k, v in b:
        out[k] = out.get(k, 0) + sign * v
    return _tidy(out)


def show(unit: Unit) -> str:
    """A unit as text."""
    return " ".join(k if v == 1 else f"{k}^{v}" for k, v in unit) or "1"


@lru_cache(maxsize=1)
def units() -> dict[str, str]:
    """Unit of every state and parameter of the composed model, as text."""
    out = {n: p.unit for n, p in {**ledger.load(), **disease_table.load(disease_table.HEALTHY).regulators}.items()}
    for name in compose.free_names(compose.statements()):
        slot = re.match(r"^P[123]_(.+)$", name)
        if slot:
            out[name] = "L/mg" if slot[1].startswith("w_") else _SLOT[slot[1]]
        elif name.startswith(("rest_", "ref_")) or re.match(r"^[ARN]_ref_", name):
            out[name] = "1"
    for name, op, _ in compose.statements():
        if op == "'":
            out[name] = "mg" if name.split("_")[-1] in _AMOUNTS else "1"
    return out


def check() -> list[str]:
    """Faults of every equation, each a sentence; empty when the dimensions agree everywhere."""
    known = {n: parse(u) for n, u in units().items()}
    faults: list[str] = []
    rules = {name: text for name, op, text in compose.statements() if op == ":="}

    def unit_of(name: str) -> Unit:
        if name not in known:
            if name not in rules:
                faults.append(f"{name} has no unit")
                return NONE
            known[name] = NONE
            known[name] = _Walk(unit_of, faults, name).unit(rules[name])
        return known[name]

    for name, op, text in compose.statements():
        if op == ":=":
            unit_of(name)
            continue
        got, want = _Walk(unit_of, faults, f"{name}'").unit(text), _times(parse(units()[name]), parse("1/day"))
        if got != want:
            faults.append(f"{name}' has unit {show(got)}, not {show(want)}")
    return faults


def every_unit() -> dict[str, str]:
    """Unit of every state, parameter and rule of the composed model, as text such as `L/mg/day`."""
    known = {n: parse(u) for n, u in units().items()}
    rules = {name: text for name, op, text in compose.statements() if op == ":="}

    def unit_of(name: str) -> Unit:
        if name not in known:
            known[name] = NONE
            known[name] = _Walk(unit_of, [], name).unit(rules[name])
        return known[name]

    return {n: slashed(unit_of(n)) for n in (*units(), *rules)}


def slashed(unit: Unit) -> str:
    """`mg/L/day` form of a unit."""
    up = [k for k, v in unit for _ in range(v) if v > 0]
    down = [k for k, v in unit for _ in range(-v) if v < 0]
    return "/".join(["*".join(up) or "1", *down])


def require() -> None:
    """Raise Faults when an equation's units do not agree."""
    faults = check()
    if faults:
        raise Faults("equations", faults)


class _Walk:
    """Unit of one expression; disagreements are noted with the equation's name."""

    def __init__(self, unit_of: object, faults: list[str], where: str) -> None:
        self.unit_of, self.faults, self.where = unit_of, faults, where

    def unit(self, text: str) -> Unit:
        return self.visit(ast.parse(text.replace("^", "**"), mode="eval").body)

    def visit(self, node: ast.expr) -> Unit:
        if isinstance(node, ast.Constant):
            return NONE
        if isinstance(node, ast.Name):
            return self.unit_of(node.id)  # type: ignore[operator, no-any-return]
        if isinstance(node, ast.UnaryOp):
            return self.visit(node.operand)
        if isinstance(node, ast.Call):
            for arg in node.args:
                self._same(NONE, self.visit(arg), f"argument {ast.unparse(arg)} of a shape")
            return NONE
        assert isinstance(node, ast.BinOp)
        if isinstance(node.op, ast.Pow):
            base, power = self.visit(node.left), ast.literal_eval(node.right)
            return _tidy({k: v * int(power) for k, v in base})
        a, b = self.visit(node.left), self.visit(node.right)
        if isinstance(node.op, ast.Mult | ast.Div):
            return _times(a, b, 1 if isinstance(node.op, ast.Mult) else -1)
        self._same(a, b, ast.unparse(node))
        return a

    def _same(self, a: Unit, b: Unit, what: str) -> None:
        if a != b:
            self.faults.append(f"{self.where}: {show(a)} meets {show(b)} in {what[:90]}")
