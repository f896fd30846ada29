"""Plain data of what this gives; its verbs stand in `result`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from baxis.core.plain import records
from baxis.insight.bench.scenario import Scenario
from baxis.insight.limits.runs import FollowUp


@dataclass(frozen=True, eq=False)
class LimitsRecord:
    """table: measure, arm, value, 90 % interval, unit, patients; published: the same beside published numbers; vaccines:
    studies of vaccine responses on the drug beside the simulated share of responders (see `limits.vaccine`)."""

    scenario: Scenario
    table: pd.DataFrame
    published: pd.DataFrame
    vaccines: pd.DataFrame
    runs: FollowUp = field(repr=False)
    recipe: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Plain data; what cannot be told (or is not reached) becomes null."""
        s = self.scenario
        head = {"drug": s.drug, "disease": s.design.disease, "regimen": s.regimen, "origin": s.origin}
        tables = {n: records(getattr(self, n)) for n in ("table", "published", "vaccines")}
        return {**head, **tables, "recipe": self.recipe}
