"""Why patients differ: which parameters drive a drug's effect, by Morris, Sobol and partial rank correlation."""

from __future__ import annotations

from baxis.insight.sensitivity.compute import sensitivity
from baxis.insight.sensitivity.result import Sensitivity

__all__ = ["Sensitivity", "sensitivity"]
