"""Plain data of what this gives; its verbs stand in `result`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from baxis.core.plain import records


@dataclass(frozen=True, eq=False)
class PatientRecord:
    """state, endotypes, courses (drug x week), past (what was seen beside the posterior at each visit; `sign` `<` or `>`
    where that is a limit, `date` where the file has dates), next_measurement: pandas tables; warnings and recipe beside
    them (`read`: how the file was read)."""

    disease: str
    state: pd.DataFrame
    endotypes: pd.DataFrame
    courses: pd.DataFrame
    past: pd.DataFrame
    next_measurement: pd.DataFrame
    warnings: tuple[str, ...]
    recipe: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Plain data; what is not known becomes null."""
        names = ("state", "endotypes", "courses", "past", "next_measurement")
        tables = {n: records(getattr(self, n)) for n in names}
        return {"disease": self.disease, **tables, "warnings": list(self.warnings), "recipe": self.recipe}
