"""Limits of treatment: what lasts after a drug is stopped, and how long its marks on the immune system last."""

from baxis.insight.limits.compute import Limits, limits

__all__ = ["Limits", "limits"]
