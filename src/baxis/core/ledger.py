"""The parameter ledger: one row a number, with unit, spread, kind and source. Every table of numbers is read here.

Columns: name, value, unit, spread, spread_kind (log_sd | sd | cv), kind, source, place, claims, rationale, provenance.
kind is where the number comes from: measured, estimated (by the source's authors), fixed (by the source), calibrated
(here), assumed (then `rationale` says why). `source` is a BibTeX key, DOI, PMID, NCT
number or claim id; ';' between several.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from baxis.core import library
from baxis.core.errors import Faults, UnknownName

KINDS = ("measured", "estimated", "fixed", "calibrated", "assumed")
SPREAD_KINDS = ("log_sd", "sd", "cv")
PROVENANCE = ("verified", "recalled")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One number of the library with everything that is known of it; equal by value."""

    name: str
    value: float
    unit: str
    kind: str
    source: str = ""
    place: str = ""
    claims: tuple[str, ...] = ()
    rationale: str = ""
    provenance: str = "verified"
    spread: float | None = None
    spread_kind: str = ""

    @property
    def log_sd(self) -> float:
        """Between-patient spread as the sd of the logarithm (0 when none is given)."""
        if self.spread is None:
            return 0.0
        if self.spread_kind == "log_sd":
            return self.spread
        cv = self.spread if self.spread_kind == "cv" else self.spread / abs(self.value)
        return math.sqrt(math.log1p(cv * cv))


@lru_cache(maxsize=64)
def read(table: str) -> dict[str, Parameter]:
    """Parameters of `library/<table>.csv` by name. Raises Faults listing every bad row at once."""
    faults: list[str] = []
    out: dict[str, Parameter] = {}
    for i, row in enumerate(library.read_table(table), start=2):
        try:
            p = parse_row(row)
        except ValueError as e:
            faults.append(f"row {i} ({row.get('name') or 'no name'}): {e}")
            continue
        if p.name in out:
            faults.append(f"row {i}: {p.name} stands twice")
        out[p.name] = p
    if faults:
        raise Faults(f"{table}.csv", faults)
    return out


library.on_change(read.cache_clear)


def parse_row(row: dict[str, str]) -> Parameter:
    """Parameter of one ledger row; ValueError says what is wrong and what is allowed."""
    get = {k: (v or "").strip() for k, v in row.items()}.get
    kind, unit = get("kind", ""), get("unit", "")
    if not get("name"):
        raise ValueError("no name")
    if kind not in KINDS:
        raise ValueError(f"kind {kind!r}; allowed: {', '.join(KINDS)}")
    if not unit:
        raise ValueError("no unit (1 for a pure number)")
    if kind == "assumed" and not get("rationale"):
        raise ValueError("an assumed number needs a rationale")
    if kind != "assumed" and not (get("source") or get("claims")):
        raise ValueError(f"a number that is {kind} needs a source")
    spread, spread_kind = get("spread", ""), get("spread_kind", "")
    if bool(spread) != bool(spread_kind) or (spread_kind and spread_kind not in SPREAD_KINDS):
        raise ValueError(f"spread {spread!r} of kind {spread_kind!r}; allowed: {', '.join(SPREAD_KINDS)}")
    _check_spread(get("value", ""), spread, spread_kind)
    provenance = get("provenance", "") or "verified"
    if provenance not in PROVENANCE:
        raise ValueError(f"provenance {provenance!r}; allowed: {', '.join(PROVENANCE)}")
    claims = tuple(c.strip() for c in (get("claims") or "").replace(";", " ").split())
    return Parameter(
        name=get("name", ""),
        value=_number("value", get("value", "")),
        unit=unit,
        kind=kind,
        source=get("source", "") or "",
        place=get("place", "") or "",
        claims=claims,
        rationale=get("rationale", "") or "",
        provenance=provenance,
        spread=_number("spread", spread) if spread else None,
        spread_kind=spread_kind or "",
    )


def _check_spread(value: str, spread: str, kind: str) -> None:
    if spread and _number("spread", spread) < 0:
        raise ValueError(f"spread {spread!r}; allowed: 0 or more")
    if kind == "sd" and _number("value", value) == 0:
        raise ValueError("an sd around 0 has no logarithm; give log_sd")


def _number(column: str, text: str) -> float:
    try:
        value = float(text.replace("_", "?"))  # Python would read 1_000
    except ValueError:
        raise ValueError(f"{column} {text!r} is no number") from None
    if not math.isfinite(value):
        raise ValueError(f"{column} {text!r} is not finite")
    return value


def value(table: str, name: str) -> float:
    """One value of a ledger table; UnknownName with the nearest name."""
    rows = read(table)
    if name not in rows:
        raise UnknownName(f"parameter of {table}.csv", name, rows)
    return rows[name].value
