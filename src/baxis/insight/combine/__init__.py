"""Drugs together: dose surfaces of benefit and harm, synergy against named nulls, timing, pairs, published trials."""

from __future__ import annotations

from baxis.insight.combine.combination import Combination, Timing
from baxis.insight.combine.surface import combine
from baxis.insight.combine.timing import timing

__all__ = ["Combination", "Timing", "combine", "timing"]
