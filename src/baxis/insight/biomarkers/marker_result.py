"""What a ranking of markers holds, and how it is saved."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from baxis.core.plain import to_json
from baxis.core.showing.sheets import csv_text
from baxis.core.storing.folders import whole
from baxis.insight.biomarkers.marker_figures import draw
from baxis.insight.biomarkers.marker_record import BiomarkersRecord

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TABLES = {"markers": "table", "early": "early", "early_composite": "early_composite", "decision": "decision"}


class Biomarkers(BiomarkersRecord):
    """A ranking of markers. Its fields stand in BiomarkersRecord."""

    def plot(self) -> Figure:
        """Figure: correlation with benefit and with the outcome, the endpoint's gain in either half, markers on treatment,
        and the decision curve."""
        return draw(self)

    def save(self, folder: str | Path) -> Path:
        """Write biomarkers.json, one CSV a table and biomarkers.png into a new folder, or over an earlier one."""
        return whole(
            folder, "baxis biomarkers", self._write, {"biomarkers.png": lambda path: self.plot().savefig(path, dpi=110)}
        )

    def _write(self, out: Path) -> None:
        text = to_json(self.to_dict(), 2)
        (out / "biomarkers.json").write_text(text + "\n", encoding="utf-8")
        for file, name in TABLES.items():
            (out / f"{file}.csv").write_text(csv_text(getattr(self, name)), encoding="utf-8")


def _found(table: pd.DataFrame) -> list[str]:
    return [str(m) for m in table.loc[table["q"] <= 0.05, "marker"]]
