"""`check`: run one rung or all, and count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib import import_module
from typing import Any

from baxis.core import library
from baxis.core.errors import UnknownName

RUNGS = ("rest", "pathway", "genetics", "pharmacology", "arms")


@dataclass(frozen=True, slots=True)
class Check:
    """One comparison. passed is None where the row is outside the model's scope (`note` says why)."""

    id: str
    rung: str
    disease: str
    what: str
    expected: str
    low: float | None
    high: float | None
    simulated: float | None
    unit: str
    error: float | None
    passed: bool | None
    source: str
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Plain dict for JSON."""
        return asdict(self)


def limit(text: str) -> float | None:
    """A bound of a table: empty means none."""
    return float(text) if text.strip() else None


def judge(row: dict[str, str], rung: str, simulated: float | None, unit: str) -> Check:
    """Compare a simulated value with a table row's bounds; `error` is the distance outside them (0 inside)."""
    low, high = limit(row["low"]), limit(row["high"])
    passed: bool | None = None
    error: float | None = None
    if simulated is not None:
        below = max(0.0, low - simulated) if low is not None else 0.0
        above = max(0.0, simulated - high) if high is not None else 0.0
        passed = bool(simulated == simulated and below == 0 and above == 0)
        error = float(max(below, above)) if simulated == simulated else None
    return Check(
        id=row["id"], rung=rung, disease=row.get("disease", ""), what=row["what"], expected=row.get("expected", ""), low=low, high=high,
        simulated=None if simulated is None else float(simulated), unit=unit, error=error, passed=passed, source=row.get("source", ""),
        note=row.get("out_of_scope", ""),
    )  # fmt: skip


def check(rung: str = "all", disease: str | None = None) -> list[Check]:
    """Rows of one rung (`rest`, `pathway`, `genetics`, `pharmacology`, `arms`) or of all, for one disease or all.

    Each says what is expected, tolerated and simulated, in its unit, and whether it passed. Raises UnknownName.
    """
    if rung not in (*RUNGS, "all"):
        raise UnknownName("rung", rung, (*RUNGS, "all"))
    if disease is not None:
        from baxis.axis.tables.disease_table import load

        disease = load(disease).code
    out: list[Check] = []
    for name in RUNGS if rung == "all" else (rung,):
        table = library.read_table(f"checks/{name}")
        wanted = [r for r in table if disease is None or r.get("disease", "") in ("", disease)]
        out += import_module(f"baxis.axis.checks.{name}").rows(wanted)
    return out


def summary(rows: Sequence[Check]) -> dict[str, dict[str, int]]:
    """Counts by rung: passed, failed, outside the model's scope."""
    out: dict[str, dict[str, int]] = {}
    for row in rows:
        count = out.setdefault(row.rung, {"passed": 0, "failed": 0, "out_of_scope": 0})
        count["out_of_scope" if row.passed is None else "passed" if row.passed else "failed"] += 1
    return out
