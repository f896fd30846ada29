"""Plain data of what this gives; its verbs stand in `result`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from baxis.core.plain import records
from baxis.insight.strategies.follow import Followed


@dataclass(frozen=True, eq=False)
class StrategiesRecord:
    """table: measure, strategy, value with 90 % interval; visits: means by strategy and week; published: the same beside
    a trial's arms, where the plan names one; runs: every patient's course."""

    disease: str
    table: pd.DataFrame
    visits: pd.DataFrame
    published: pd.DataFrame
    runs: tuple[Followed, ...] = field(repr=False)
    recipe: dict[str, Any]

    def value(self, measure: str, strategy: str) -> float:
        """One value; the measure by its name or the beginning of it."""
        t = self.table
        return float(t.loc[t["measure"].str.startswith(measure) & (t["strategy"] == strategy), "value"].iloc[0])

    def to_dict(self) -> dict[str, Any]:
        """Plain data; what cannot be told becomes null."""
        tables = {n: records(getattr(self, n)) for n in ("table", "visits", "published")}
        return {"disease": self.disease, **tables, "recipe": self.recipe}
