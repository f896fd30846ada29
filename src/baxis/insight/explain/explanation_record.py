"""Plain data of what this gives; its verbs stand in `result`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from baxis.clinic.result.asked import others
from baxis.core.plain import records
from baxis.insight.bench.scenario import Scenario

if TYPE_CHECKING:
    pass


# What holds the inflammation that each step of the ladder, beyond the drug as given, would take.
HOLDERS = {
    "target fully held": "what a full hold of the target would still take",
    "no autoreactive B cells": "autoreactive B cells that go on under the drug",
    "no plasma cells, no autoantibody": "plasma cells and their autoantibody",
    "independent of B cells": "independent of B cells",
}


FREE = 20.0  # %: fall of the target below which it is called free again


@dataclass(frozen=True, eq=False)
class ExplanationRecord:
    """Where a drug's effect is lost. Inflammation is in % of that of the same patients without the drug.

    stages: fall of each read-out; ladder: what the drug takes, what each cumulative cut beyond it takes, what is left;
    routes: escapes closed on top of the drug; arms: tissue arms that carry the rest; effect: the endpoint; its unit (pp or
    points) is also that of `endpoint_change` in the tables; null: largest difference between a zero dose and no drug (must be 0).
    """

    scenario: Scenario
    stages: pd.DataFrame
    ladder: pd.DataFrame
    routes: pd.DataFrame
    arms: pd.DataFrame
    effect: dict[str, float | str]
    null: float
    recipe: dict[str, Any] = field(repr=False)

    @property
    def predicted(self) -> str:
        """Whether the model predicts a benefit, by the difference and its interval, and what the setting's trial published."""
        low, high, unit = float(self.effect["ci_low"]), float(self.effect["ci_high"]), self.effect["unit"]
        ends = sorted((self.scenario.better * low, self.scenario.better * high))
        if not self.scenario.better:
            said = f"Neither more nor less {self.scenario.endpoint.name} is a benefit by itself."
        elif ends[0] > 0:
            said = "The model predicts a benefit here."
        elif ends[1] < 0:
            said = "The model predicts harm here: less of the benefit than without the drug."
        else:
            said = "The model predicts no clear benefit here: the interval holds no difference."
        if self.scenario.published is None:
            return said
        factor = 100.0 if unit == "pp" else 1.0
        value, *seen = (factor * v for v in self.scenario.published)
        said += f" The trial published {value:+.1f} ({seen[0]:.1f} to {seen[1]:.1f}, 95 %) {unit}"
        said += f"{others(self.recipe)}"
        if ends[0] > 0 and seen[0] <= 0 <= seen[1]:
            return f"{said}, no clear effect: what follows explains one that the trial could not tell from none."
        return f"{said}."

    @property
    def lost_at(self) -> str:
        """The step of the ladder, beyond the drug as given, that holds most of the inflammation that remains."""
        beyond = self.ladder.iloc[1:]
        return str(beyond["step"].iloc[int(beyond["takes_pct"].to_numpy().argmax())])

    @property
    def held_by(self) -> str:
        """`lost_at` in words that follow "most of what remains"; a drug that has gone by then is said to have gone."""
        held = self.stages[self.stages["stage"] == "target"]["fall_pct"]
        if self.lost_at == "target fully held" and self.scenario.gone and (not len(held) or float(held.max()) < FREE):
            return f"the drug has gone by then, the target is free again; {HOLDERS[self.lost_at]}"
        return HOLDERS[self.lost_at]

    @property
    def main_route(self) -> str:
        """The escape with the largest Shapley share."""
        players = self.routes[~self.routes["route"].isin(["interaction", "all closed"])]
        return str(players["route"].iloc[int(players["shapley_pct"].to_numpy().argmax())])

    def to_dict(self) -> dict[str, Any]:
        """Plain data; NaN becomes null."""
        s = self.scenario
        head: dict[str, Any] = {"drug": s.drug, "disease": s.design.disease, "regimen": s.regimen, "origin": s.origin}
        head |= {"endpoint": s.endpoint.name, "week": s.endpoint.week}
        tables = {k: records(getattr(self, k)) for k in ("stages", "ladder", "routes", "arms")}
        found = {"lost_at": self.lost_at, "main_route": self.main_route, "null": self.null}
        return {**head, "effect": self.effect, "predicted": self.predicted, **tables, **found, "recipe": self.recipe}
