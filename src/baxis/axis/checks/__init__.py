"""The rungs by which the model is judged: each a table of expected, simulated, error, pass or fail, source.

Expected values and tolerances stand in `library/checks/*.csv` and are committed before the model is run on them.
"""

from __future__ import annotations

from baxis.axis.checks.rungs import RUNGS, Check, check, summary

__all__ = ["RUNGS", "Check", "check", "summary"]
