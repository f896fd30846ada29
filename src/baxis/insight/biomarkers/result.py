"""What a ranking of markers holds, and how it is saved."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from baxis.core.plain import finite, to_json
from baxis.core.showing.sheets import csv_text
from baxis.core.storing.folders import whole
from baxis.insight.bench.scenario import Scenario

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TABLES = {"markers": "table", "early": "early", "early_composite": "early_composite", "decision": "decision"}


@dataclass(frozen=True)
class Biomarkers:
    """table: one row a baseline marker, best first; early: the same of markers on treatment; composite: cross-validated
    rank correlation of all baseline markers with benefit, composite_null the 95th percentile of the same with permuted
    benefit; early_composite: the same of baseline and each week together; decision: net benefit of treating by markers."""

    scenario: Scenario
    table: pd.DataFrame
    early: pd.DataFrame
    early_composite: pd.DataFrame
    decision: pd.DataFrame
    composite: float
    composite_null: float
    recipe: dict[str, Any] = field(repr=False)

    @property
    def found(self) -> list[str]:
        """Baseline markers with a false-discovery rate of at most 5 %, best first."""
        return _found(self.table)

    @property
    def found_early(self) -> list[str]:
        """Markers on treatment (`NAME@WEEK`) with a false-discovery rate of at most 5 %, best first."""
        return _found(self.early)

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        s = self.scenario
        head: dict[str, Any] = {"drug": s.drug, "disease": s.design.disease, "regimen": s.regimen, "origin": s.origin}
        head |= {
            "endpoint": s.endpoint.name,
            "week": s.endpoint.week,
            "found": self.found,
            "found_early": self.found_early,
        }
        head |= {"composite": self.composite, "composite_null": self.composite_null}
        tables = {k: getattr(self, name).to_dict("records") for k, name in TABLES.items()}
        return dict(finite({**head, **tables, "recipe": self.recipe}))

    def plot(self) -> Figure:
        """Figure: correlation with benefit and with the outcome, the endpoint's gain in either half, markers on treatment,
        and the decision curve."""
        from baxis.insight.biomarkers.figures import draw

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
