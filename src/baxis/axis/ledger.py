"""The parameter ledger: every number of the model with unit, spread, kind, source and rationale."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ..core import library
from ..core.errors import Faults, UnknownName

KINDS = ("measured", "estimated", "fixed", "calibrated", "assumed")
FILES = ("signalling", "targets", "bcells", "immune", "tissue", "axis")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One number. `spread` is the between-patient sd of its logarithm (0: the same in everybody)."""

    name: str
    value: float
    unit: str
    spread: float = 0.0
    spread_kind: str = ""
    kind: str = "assumed"
    source: str = ""
    place: str = ""
    claims: tuple[str, ...] = ()
    rationale: str = ""
    provenance: str = ""


def faults(p: Parameter) -> list[str]:
    """What a reviewer would object to: no unit, unknown kind, measured without source, assumed without rationale."""
    out = []
    if not p.unit:
        out.append(f"{p.name} has no unit")
    if p.kind not in KINDS:
        out.append(f"{p.name} has kind {p.kind!r}, not one of {', '.join(KINDS)}")
    if p.kind in ("measured", "estimated") and not (p.source or p.claims):
        out.append(f"{p.name} is {p.kind} but names no source")
    if p.kind in ("assumed", "fixed") and not (p.rationale or p.claims):
        out.append(f"{p.name} is {p.kind} but gives no rationale")
    return out


def from_row(name: str, row: dict[str, Any]) -> Parameter:
    """Parameter from a CSV row or a TOML table."""
    claims = row.get("claims") or ()
    listed = tuple(claims.split()) if isinstance(claims, str) else tuple(str(c) for c in claims)
    text = {k: str(row.get(k) or "") for k in ("spread_kind", "source", "place", "rationale", "provenance")}
    return Parameter(
        name, float(row["value"]), str(row.get("unit") or ""), float(row.get("spread") or 0.0),
        kind=str(row.get("kind") or "assumed"), claims=listed, **text,
    )  # fmt: skip


@lru_cache(maxsize=1)
def load() -> dict[str, Parameter]:
    """Every parameter of the ledger by name. Faults lists all rows without unit, source or rationale."""
    out: dict[str, Parameter] = {}
    wrong: list[str] = []
    for file in FILES:
        for row in library.read_table(f"parameters/{file}"):
            name = row["name"]
            if name in out:
                wrong.append(f"{name} stands twice ({file}.csv)")
            try:
                out[name] = from_row(name, row)
            except (KeyError, ValueError):
                wrong.append(f"{name} has value {row.get('value')!r}, not a number ({file}.csv)")
                continue
            wrong += faults(out[name])
    if wrong:
        raise Faults("library/parameters", wrong)
    return out


def find(name: str) -> Parameter:
    """One parameter by name; UnknownName with the nearest."""
    table = load()
    if name not in table:
        raise UnknownName("parameter", name, table)
    return table[name]


def counts() -> dict[str, int]:
    """How many parameters of each kind the ledger holds."""
    return dict(Counter(p.kind for p in load().values()))
