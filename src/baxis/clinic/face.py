"""What a trial gives: its data, and the verbs on them as one-line methods."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from baxis.clinic.files import save as files
from baxis.clinic.result import against, on_drug, trajectories
from baxis.clinic.result import trial_figures as figures
from baxis.clinic.result.trial_record import TrialRecord

if TYPE_CHECKING:
    import xarray
    from matplotlib.figure import Figure


class TrialResult(TrialRecord):
    """A simulated trial beside what was published (see TrialRecord for its fields). Research use only."""

    @classmethod
    def of(cls, record: TrialRecord) -> TrialResult:
        """The record with its verbs."""
        return cls(**vars(record))

    @property
    def trajectories(self) -> xarray.Dataset:
        """Observables in measured units and instrument measures, dims (arm, patient, day), each with its unit."""
        return trajectories.dataset(self)

    @property
    def visits(self) -> pd.DataFrame:
        """Tidy table of every recorded measure: arm_id, patient, day, measure, value, unit."""
        return trajectories.tidy(self)

    def against_published(self) -> pd.DataFrame:
        """Every published value beside the simulated one: difference, ratio, and whether the 90 % interval holds it."""
        return against.against_published(self)

    def plot(self, *names: str) -> Figure:
        """Figure: the primary endpoint by arm with intervals and the published value, and biomarkers over time.

        names: observables or measures of the instrument, drawn over time instead. Raises UnknownName.
        """
        return figures.courses(self, names) if names else figures.overview(self)

    @property
    def therapy(self) -> pd.DataFrame:
        """Share (0 to 1) of each arm's patients on each drug, by visit: arm_id, drug, day, share."""
        return on_drug.shares(self)

    def to_dict(self) -> dict[str, Any]:
        """Plain data of result.json (see the JSON Schema in the docs); NaN becomes null."""
        return files.plain(self)

    def save(self, folder: str | Path) -> Path:
        """Write result.json, Parquet tables and PNG figures into a new or empty folder, all or nothing.

        `baxis.load_result(folder)` gives the result back.
        """
        return files.save(self, Path(folder))
