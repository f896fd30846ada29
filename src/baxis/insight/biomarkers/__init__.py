"""Which markers tell who benefits from a drug: at baseline, early on treatment, and what deciding by them is worth."""

from __future__ import annotations

from baxis.insight.biomarkers.marker_result import Biomarkers
from baxis.insight.biomarkers.markers import NOISE, combined, measured, power, ranked
from baxis.insight.biomarkers.ranking import biomarkers

__all__ = ["NOISE", "Biomarkers", "biomarkers", "combined", "measured", "power", "ranked"]
