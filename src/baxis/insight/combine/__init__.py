"""Drugs together: dose surfaces of benefit and harm, synergy against named nulls, timing, pairs, published trials."""

from __future__ import annotations

from .result import Combination
from .surface import combine
from .timing import Timing, timing

__all__ = ["Combination", "Timing", "combine", "timing"]
