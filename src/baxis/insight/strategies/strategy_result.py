"""What `strategies` gives, how it is drawn and saved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from baxis.core.plain import to_json
from baxis.core.showing.sheets import csv_text
from baxis.insight.strategies.strategy_figures import draw
from baxis.insight.strategies.strategy_record import StrategiesRecord


class Strategies(StrategiesRecord):
    """Strategies in the same patients. Its fields stand in StrategiesRecord."""

    def plot(self) -> Any:
        """Figure: courses over time, and what each strategy gains and costs."""
        return draw(self)

    def save(self, folder: str | Path) -> Path:
        """Write strategies.json, tables and figure into a new or empty folder, or over an earlier result."""
        from baxis.core.storing.folders import whole

        def fill(work: Path) -> None:
            text = to_json(self.to_dict(), 1)
            (work / "strategies.json").write_text(text + "\n", encoding="utf-8")
            (work / "table.csv").write_text(csv_text(self.table), encoding="utf-8")
            (work / "visits.csv").write_text(csv_text(self.visits), encoding="utf-8")

        return whole(
            folder, "baxis strategies", fill, {"strategies.png": lambda path: self.plot().savefig(path, dpi=120)}
        )
