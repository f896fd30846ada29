"""Plain data of what this gives; its verbs stand in `result`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from baxis.core.plain import finite
from baxis.insight.bench.scenario import Scenario

if TYPE_CHECKING:
    pass

TABLES = {"markers": "table", "early": "early", "early_composite": "early_composite", "decision": "decision"}


@dataclass(frozen=True, eq=False)
class BiomarkersRecord:
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


def _found(table: pd.DataFrame) -> list[str]:
    return [str(m) for m in table.loc[table["q"] <= 0.05, "marker"]]
