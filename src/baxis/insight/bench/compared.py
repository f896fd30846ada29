"""What a comparison with the evidence gives, whatever is compared: rows with a verdict, as data, Markdown and files."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd

from baxis.core.plain import finite, to_json
from baxis.core.showing.sheets import csv_text
from baxis.core.storing.folders import whole

OF_TRIALS = {
    "population": "each finding is compared in the patients of its own trial",
    "evidence": "the findings and their trials are those of the shipped tables",
}
KIND = "a comparison with the evidence"  # of a folder that `save` writes


@dataclass(frozen=True, eq=False)
class Compared(ABC):
    """table: one row a comparison with the published and the model's difference and a verdict; recipe."""

    table: pd.DataFrame
    recipe: dict[str, Any] = field(repr=False)
    HEAD: ClassVar[tuple[str, ...]]  # columns of the table as it is shown
    ROWS: ClassVar[str]  # what a row is called in the data
    INTRO: ClassVar[tuple[str, ...]]  # lines above the table on the terminal

    @staticmethod
    @abstractmethod
    def cells(row: Mapping[Any, Any]) -> tuple[str, ...]:
        """One row under HEAD."""

    @property
    def counts(self) -> dict[str, int]:
        """Rows by verdict."""
        return {str(k): int(v) for k, v in self.table["verdict"].value_counts().items()}

    @property
    def shown(self) -> list[tuple[str, ...]]:
        """Every row under HEAD."""
        return [self.cells(r) for r in self.table.to_dict("records")]

    def to_dict(self) -> dict[str, Any]:
        """Plain data; NaN becomes null."""
        rows = self.table.to_dict("records")
        return dict(finite({self.ROWS: rows, "counts": self.counts, "recipe": self.recipe}))

    def markdown(self) -> str:
        """The table as a page's Markdown."""
        lines = ["| " + " | ".join(r) + " |" for r in [self.HEAD, *self.shown]]
        return "\n".join([lines[0], "|" + "---|" * len(self.HEAD), *lines[1:]]) + "\n"

    def save(self, folder: str | Path) -> Path:
        """Write agreement.json, agreement.csv and agreement.md into a new folder, or over an earlier one."""
        return whole(folder, KIND, self._write)

    def _write(self, out: Path) -> None:
        text = to_json(self.to_dict(), 2)
        (out / "agreement.json").write_text(text + "\n", encoding="utf-8")
        (out / "agreement.csv").write_text(csv_text(self.table), encoding="utf-8")
        (out / "agreement.md").write_text(self.markdown(), encoding="utf-8")
