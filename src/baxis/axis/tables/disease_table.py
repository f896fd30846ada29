"""A disease is a table: the regulators that differ from health, its endotypes and its usual background therapy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from baxis.axis.tables import ledger
from baxis.core import library
from baxis.core.errors import Faults, InvalidValue, UnknownName
from baxis.core.ledger import Parameter
from baxis.core.reading import disease_names

CODES = ("healthy", "RA", "SLE", "LN", "SjD", "IgG4-RD", "AAV")
HEALTHY = "healthy"


@dataclass(frozen=True, slots=True)
class Endotype:
    """One component of a disease's mixture: its share and the regulators it sets."""

    name: str
    share: float
    regulators: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Disease:
    """Regulators that differ from health (own and inherited), endotypes, background exposures by input name."""

    code: str
    name: str
    inherits: str
    regulators: Mapping[str, Parameter]
    endotypes: tuple[Endotype, ...]
    background: Mapping[str, float]
    instruments: Mapping[str, Any] = field(default_factory=dict)

    def values(self) -> dict[str, float]:
        """Regulators and background as plain numbers."""
        return {**{k: p.value for k, p in self.regulators.items()}, **self.background}


def codes() -> tuple[str, ...]:
    """Codes of every disease of the library, shipped order first."""
    have = library.names("diseases")
    return tuple(c for c in CODES if c in have) + tuple(c for c in have if c not in CODES)


def load(code: str) -> Disease:
    """Disease by code, name or alias (case does not matter). Faults lists every regulator without unit, source or rationale."""
    return _load(str(code), library.roots())


@lru_cache(maxsize=64)
def _load(code: str, roots: tuple[Path, ...]) -> Disease:
    match = disease_names.code(code, codes())
    raw = library.read_toml("diseases", match)
    parent = load(raw["inherits"]) if raw.get("inherits") else None
    own, wrong = _regulators(raw)
    wrong += _unknown(own, raw) if match != HEALTHY else []
    if wrong:
        raise Faults(f"diseases/{match}.toml", wrong)
    return Disease(
        code=match, name=raw.get("name", match), inherits=raw.get("inherits", ""),
        regulators={**(parent.regulators if parent else {}), **own},
        endotypes=_endotypes(raw, match) or (parent.endotypes if parent else ()),
        background={k: float(v) for k, v in {**(parent.background if parent else {}), **raw.get("background", {})}.items()},
        instruments={**(parent.instruments if parent else {}), **raw.get("instruments", {})},
    )  # fmt: skip


def _regulators(raw: dict[str, Any]) -> tuple[dict[str, Parameter], list[str]]:
    own: dict[str, Parameter] = {}
    wrong: list[str] = []
    for name, row in raw.get("regulators", {}).items():
        try:
            own[name] = ledger.from_toml(name, row)
        except ValueError as e:
            wrong.append(f"regulators.{name}: {e}")
    return own, wrong


def _endotypes(raw: dict[str, Any], code: str) -> tuple[Endotype, ...]:
    out = tuple(Endotype(e["name"], float(e["share"]), dict(e["regulators"])) for e in raw.get("endotypes", ()))
    if out and abs(sum(e.share for e in out) - 1) > 1e-9:
        raise InvalidValue(f"diseases/{code}.toml endotypes", sum(e.share for e in out), "shares that sum to 1")
    return out


def _unknown(own: Mapping[str, Parameter], raw: dict[str, Any]) -> list[str]:
    allowed = set(load(HEALTHY).regulators) | set(ledger.load())
    used = {*own, *raw.get("background", {}), *(k for e in raw.get("endotypes", ()) for k in e["regulators"])}
    return [str(UnknownName("regulator", n, allowed)) for n in sorted(used) if n not in allowed]


def base() -> dict[str, float]:
    """Every number of the ledger and of health by name: what a disease table is laid over."""
    return {**{n: p.value for n, p in ledger.load().items()}, **load(HEALTHY).values()}


def spreads(disease: str | Disease) -> dict[str, tuple[float, str]]:
    """Between-patient log-sd and correlation group of each regulator that has a spread in this disease."""
    d = load(disease) if isinstance(disease, str) else disease
    merged = {**ledger.load(), **load(HEALTHY).regulators, **d.regulators}
    groups = {"na": "nucleic acid", "tl_A": "nucleic acid", "agA": "antigen", "tagA": "antigen"}
    return {n: (p.log_sd, groups.get(n, "")) for n, p in merged.items() if p.log_sd > 0 and p.value != 0}
