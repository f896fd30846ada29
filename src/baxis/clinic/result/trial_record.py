"""A simulated trial as data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from baxis.clinic.conduct.arm_run import ArmRun
from baxis.clinic.design.design import Design
from baxis.clinic.instruments import Visits
from baxis.clinic.people.matched import Matched

if TYPE_CHECKING:
    pass


@dataclass(frozen=True, eq=False)
class TrialRecord:
    """A simulated trial beside what was published. Research use only.

    arms: one row an arm and endpoint, with the 90 % interval of each source of uncertainty apart; contrasts: one row an arm against control and endpoint; patients: baseline of
    each patient; safety: one row an arm and harm, with its source (see `result.safety`); baseline: published characteristics beside the virtual patients' (see
    `people.baseline`); matched: how they were chosen to fit them, if they were; conduct: shares by arm who dropped out, were rescued,
    switched, were randomised; survival: Kaplan-Meier curves of hazard-ratio endpoints; visits: one row a patient, arm, visit and measure (built on demand); failures: named, never dropped.
    """

    design: Design
    arms: pd.DataFrame
    contrasts: pd.DataFrame
    patients: pd.DataFrame
    screened: int
    failures: list[dict[str, Any]]
    recipe: dict[str, Any]
    runs: list[ArmRun] = field(repr=False)
    measured: list[Visits] = field(repr=False)
    units: dict[str, str] = field(repr=False)
    safety: pd.DataFrame = field(repr=False)
    baseline: pd.DataFrame = field(repr=False)
    conduct: pd.DataFrame = field(repr=False)
    survival: pd.DataFrame = field(repr=False)
    matched: Matched | None = None

    @property
    def screen_failure_share(self) -> float:
        """Share of screened candidates who did not meet the entry criteria."""
        eligible = self.matched.candidates if self.matched else len(self.patients)
        return 1.0 - eligible / self.screened
