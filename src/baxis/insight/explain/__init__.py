"""Why a drug works or does not: where its effect is lost between target and endpoint, and what carries the rest."""

from __future__ import annotations

from .compute import explain
from .result import Explanation

__all__ = ["Explanation", "explain"]
