"""Why patients differ: which parameters drive a drug's effect, by Morris, Sobol and partial rank correlation."""

from __future__ import annotations

from baxis.insight.sensitivity.sensitivity_result import Sensitivity
from baxis.insight.sensitivity.varying import sensitivity

__all__ = ["Sensitivity", "sensitivity"]
