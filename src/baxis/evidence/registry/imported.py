"""What an import of study records gives: rows of tables, and what was not mapped."""

from __future__ import annotations

from dataclasses import dataclass, field

Row = dict[str, str]
TABLES = ("trials", "arms", "outcomes", "baseline", "agents")


@dataclass
class Imported:
    """Rows by table, and one sentence for each thing that no table could take as it stands."""

    tables: dict[str, list[Row]] = field(default_factory=lambda: {t: [] for t in TABLES})
    unmapped: list[str] = field(default_factory=list)
