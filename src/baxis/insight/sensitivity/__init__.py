"""Why patients differ: which parameters drive a drug's effect, by Morris, Sobol and partial rank correlation."""

from __future__ import annotations

from .compute import sensitivity
from .result import Sensitivity

__all__ = ["Sensitivity", "sensitivity"]
