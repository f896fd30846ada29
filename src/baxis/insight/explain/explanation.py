"""What an explanation holds, and how it is printed and drawn."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from baxis.core.plain import to_json
from baxis.core.showing.sheets import csv_text
from baxis.insight.explain.explanation_figures import overview
from baxis.insight.explain.explanation_record import ExplanationRecord

if TYPE_CHECKING:
    from matplotlib.figure import Figure


# What holds the inflammation that each step of the ladder, beyond the drug as given, would take.
HOLDERS = {
    "target fully held": "what a full hold of the target would still take",
    "no autoreactive B cells": "autoreactive B cells that go on under the drug",
    "no plasma cells, no autoantibody": "plasma cells and their autoantibody",
    "independent of B cells": "independent of B cells",
}


FREE = 20.0  # %: fall of the target below which it is called free again


class Explanation(ExplanationRecord):
    """Where a drug's effect is lost. Its fields stand in ExplanationRecord."""

    def plot(self) -> Figure:
        """Figure: falls by stage, the ladder as a waterfall, and the escapes."""
        return overview(self)

    def save(self, folder: str | Path) -> Path:
        """Write explain.json, the tables as CSV and explain.png into a new folder, or over an earlier one."""
        from baxis.core.storing.folders import whole

        return whole(
            folder, "baxis explain", self._write, {"explain.png": lambda path: self.plot().savefig(path, dpi=150)}
        )

    def _write(self, out: Path) -> None:
        text = to_json(self.to_dict(), 2)
        (out / "explain.json").write_text(text + "\n", encoding="utf-8")
        for name in ("stages", "ladder", "routes", "arms"):
            (out / f"{name}.csv").write_text(csv_text(getattr(self, name)), encoding="utf-8")
