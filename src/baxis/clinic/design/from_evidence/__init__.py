"""A design for any trial of the evidence: read off its rows, or refused with the reason.

Nothing is taken from a trial's outcomes but which endpoints it reported and when.
"""

from __future__ import annotations

from baxis.clinic.design.from_evidence.derive import Derived, coverage, default_design, derive

__all__ = ["Derived", "coverage", "default_design", "derive"]
