"""Assemble the Antimony modules of `models/` into one flat Antimony model.

A module instanced once is written in place; a module instanced several times gets its own states and rules
prefixed with the instance name, while every name that is neither a port nor defined inside stays global. So a
rate constant shared by the three signalling instances is one parameter of the composed model.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from baxis.core.errors import InvalidValue

MODELS = Path(__file__).resolve().parents[1] / "models"
MODULES = ("pk", "targets", "signalling", "bcells", "immune", "tissue")
_NAME = re.compile(r"[A-Za-z_]\w*")
_HEADER = re.compile(r"(?:module|model)\s+(\w+)\s*\(([^)]*)\)(.*?)\bend\b", re.S)
_INSTANCE = re.compile(r"^(\w+)\s*:\s*(\w+)\s*\((.*)\)$", re.S)
_LITERAL = re.compile(r"(?<![\w.])(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+)")
_FUNCTIONS = ("sat", "mix")


@dataclass(frozen=True, slots=True)
class Module:
    """One module: ports by name, statements (left side, operator ' or :=, right side) and instance lines."""

    name: str
    ports: tuple[str, ...]
    statements: tuple[tuple[str, str, str], ...]
    instances: tuple[tuple[str, str, tuple[str, ...]], ...]

    @property
    def defined(self) -> frozenset[str]:
        """Names that the module gives a rule or a rate."""
        return frozenset(left for left, _, _ in self.statements)


def source(name: str) -> str:
    """Text of one module file."""
    return (MODELS / f"{name}.ant").read_text(encoding="utf-8")


def _bare(text: str) -> str:
    return re.sub(r"//[^\n]*", "", text)


@lru_cache(maxsize=16)
def module(name: str) -> Module:
    """Parsed module. InvalidValue names a statement that is neither a rule, a rate nor an instance."""
    head = _HEADER.search(_bare(source(name)))
    if head is None:
        raise InvalidValue(f"models/{name}.ant", name, "one module ... end")
    statements: list[tuple[str, str, str]] = []
    instances: list[tuple[str, str, tuple[str, ...]]] = []
    for line in filter(None, (" ".join(part.split()) for part in head[3].split(";"))):
        rule = re.match(r"^(\w+)\s*(:=|'\s*=)\s*(.+)$", line)
        made = _INSTANCE.match(line)
        if rule:
            statements.append((rule[1], "'" if rule[2].startswith("'") else ":=", rule[3]))
        elif made:
            instances.append((made[1], made[2], tuple(a.strip() for a in made[3].split(",") if a.strip())))
        else:
            raise InvalidValue(f"models/{name}.ant", line, "name := rule, name' = rate or instance: module(...)")
    ports = tuple(p.strip() for p in head[2].split(",") if p.strip())
    return Module(head[1], ports, tuple(statements), tuple(instances))


def _renamed(text: str, names: dict[str, str]) -> str:
    return _NAME.sub(lambda m: names.get(m[0], m[0]), text)


def expand(part: Module, prefix: str, wires: tuple[str, ...]) -> list[tuple[str, str, str]]:
    """Statements of one instance: ports become wires, names defined inside get the prefix."""
    if len(wires) != len(part.ports):
        raise InvalidValue(f"instance of {part.name}", len(wires), f"{len(part.ports)} wires: {', '.join(part.ports)}")
    inner = {n: prefix + n for n in part.defined}
    names = {**inner, **dict(zip(part.ports, wires, strict=True))}
    return [(names.get(a, a), op, _renamed(b, names)) for a, op, b in part.statements]


@lru_cache(maxsize=1)
def statements() -> tuple[tuple[str, str, str], ...]:
    """Every rule and rate of the composed model, in file order."""
    main = module("axis")
    count: dict[str, int] = {}
    for _, kind, _ in main.instances:
        count[kind] = count.get(kind, 0) + 1
    out = list(main.statements)
    for name, kind, wires in main.instances:
        part = module(kind)
        out += expand(part, f"{name}_" if count[kind] > 1 else "", wires)
    defined: set[str] = set()
    for left, _, _ in out:
        if left in defined:
            raise InvalidValue("axis.ant", left, "one rule or rate for each name")
        defined.add(left)
    return tuple(out)


def free_names(rows: tuple[tuple[str, str, str], ...]) -> tuple[str, ...]:
    """Sorted names used but not defined: the parameters."""
    defined = {left for left, _, _ in rows}
    used = {n for _, _, right in rows for n in _NAME.findall(right)}
    return tuple(sorted(used - defined - set(_FUNCTIONS)))


_BASE = {
    "mg": "1e-3 gram",
    "g": "gram",
    "L": "litre",
    "day": "86400 second",
    "week": "604800 second",
    "min": "60 second",
}


def flat(
    name: str, rows: tuple[tuple[str, str, str], ...], initial: dict[str, float], units: dict[str, str] | None = None
) -> str:
    """Antimony text of a flat model: functions, rules and rates, one initial value for each state, units if given."""
    body = [f"  {a}{op} = {b};" if op == "'" else f"  {a} := {b};" for a, op, b in rows]
    start = [f"  {a} = {initial.get(a, 1.0):g};" for a, op, _ in rows if op == "'"]
    given = _unit_lines(units) if units else []
    return "\n".join([_bare(source("functions")).strip(), f"model {name}()", *given, *body, *start, "end", ""])


def _unit_lines(units: dict[str, str]) -> list[str]:
    """Unit definitions and one `has` line for each name; time is in days."""
    lines = ["  unit time_unit = 86400 second;"]
    ids = {u: re.sub(r"\W+", "_per_", u).strip("_") if u != "1" else "dimensionless" for u in set(units.values())}
    for text, name in sorted(ids.items()):
        if name != "dimensionless":
            up, *down = text.split("/")
            top = " * ".join(_BASE[u] for u in up.split("*")) if up != "1" else "1"
            under = " * ".join(f"({_BASE[d]})" if len(down) > 1 else _BASE[d] for d in down)
            lines.append(f"  unit u_{name} = {top}" + (f" / ({under});" if down else ";"))
    return lines + [f"  {n} has {ids[u] if u == '1' else 'u_' + ids[u]};" for n, u in sorted(units.items())]


def literals(name: str) -> list[str]:
    """Numeric literals of a module file other than 0, 1 and 2 (there must be none)."""
    return [n for n in _LITERAL.findall(_bare(source(name))) if n not in {"0", "1", "2"}]


def signalling_rows() -> tuple[tuple[str, str, str], ...]:
    """The signalling module by itself, inputs as parameters: what `stimulate` runs."""
    part = module("signalling")
    return tuple(expand(part, "", part.ports))
