"""The parameter ledger of the model: every number with unit, spread, kind, source and rationale (read by `core.ledger`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from baxis.core import ledger as core_ledger
from baxis.core.errors import Faults, UnknownName
from baxis.core.ledger import Parameter

FILES = ("signalling", "targets", "bcells", "immune", "tissue", "axis")


def from_toml(name: str, row: Mapping[str, Any]) -> Parameter:
    """Parameter from a TOML table with the fields of a ledger row; ValueError says what is wrong."""
    text = {k: " ".join(map(str, v)) if isinstance(v, list | tuple) else str(v) for k, v in row.items()}
    return core_ledger.parse_row({**text, "name": name})


@lru_cache(maxsize=1)
def load() -> dict[str, Parameter]:
    """Every parameter of the model's ledgers by name. Faults lists names that stand in two files."""
    out: dict[str, Parameter] = {}
    twice: list[str] = []
    for file in FILES:
        rows = core_ledger.read(f"parameters/{file}")
        twice += [f"{n} stands in {file}.csv and in another file" for n in rows if n in out]
        out.update(rows)
    if twice:
        raise Faults("library/parameters", twice)
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
