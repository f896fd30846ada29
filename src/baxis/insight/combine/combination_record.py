"""Plain data of what this gives; its verbs stand in `result`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from baxis.insight.combine.asked import MEAN

if TYPE_CHECKING:
    pass


@dataclass(frozen=True, eq=False)
class CombinationRecord:
    """surface: one row a structure and dose combination: effect, IgG loss, B-cell depletion (fractions of no drug), share of
    patients with a serious infection by the last week, other serious harms a patient (above control), each with interval;
    synergy: one row a null and dose combination, excess of the effect over it, 90 % intervals under each structure and
    over both, and a verdict; recipe: setting, regimens, seed, numbers of patients, failures."""

    drugs: tuple[str, ...]
    disease: str
    endpoint: str
    surface: pd.DataFrame
    synergy: pd.DataFrame
    flags: tuple[str, ...]
    recipe: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "drugs": list(self.drugs),
            "disease": self.disease,
            "endpoint": self.endpoint,
            "surface": self.surface.to_dict("records"),
            "synergy": self.synergy.to_dict("records"),
            "flags": list(self.flags),
            "recipe": self.recipe,
        }


@dataclass(frozen=True, eq=False)
class SearchRecord:
    """table: one row a drug or pair: effect and IgG loss (fractions), serious harms (expected events a patient by the last
    week: serious infections and class harms above control) with 90 % intervals; `front`: the share of replicates in which no
    other has more effect, fewer harms and less IgG loss (a gain counts as no loss, also within a pair); left_out; recipe."""

    disease: str
    table: pd.DataFrame
    left_out: dict[str, str]
    recipe: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        rows = self.table.to_dict("records")
        return {"disease": self.disease, "table": rows, "left_out": self.left_out, "recipe": self.recipe}


@dataclass(frozen=True, eq=False)
class TimingRecord:
    """table: one row a structure and gap (weeks from the start of the first drug to that of the second; negative: the second
    begins first): effect at the end, mean effect, IgG loss at its lowest, serious infection, other serious harms, each with a
    90 % interval; `gain`: mean effect over that of starting together, paired; `verdict` under both structures; recipe."""

    drugs: tuple[str, ...]
    disease: str
    table: pd.DataFrame
    flags: tuple[str, ...]
    recipe: dict[str, Any]

    @property
    def best(self) -> float:
        """Gap with the largest mean effect when arms of inflammation add."""
        own = self.table[self.table["structure"] == "additive"]
        return float(own.loc[own[MEAN].idxmax(), "gap_weeks"])

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        head = {"drugs": list(self.drugs), "disease": self.disease, "best_gap_weeks": self.best}
        return {**head, "table": self.table.to_dict("records"), "flags": list(self.flags), "recipe": self.recipe}
