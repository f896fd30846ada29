"""Why a drug works or does not: where its effect is lost between target and endpoint, and what carries the rest."""

from __future__ import annotations

from baxis.insight.explain.explaining import explain
from baxis.insight.explain.explanation import Explanation

__all__ = ["Explanation", "explain"]
