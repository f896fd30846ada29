"""Limits of treatment: what lasts after a drug is stopped, and how long its marks on the immune system last."""

from baxis.insight.limits.limit_result import Limits
from baxis.insight.limits.stopping import limits

__all__ = ["Limits", "limits"]
