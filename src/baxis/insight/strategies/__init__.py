"""Strategies of treatment over two years: sequences, targets, retreatment, withdrawal and glucocorticoid tapers compared."""

from __future__ import annotations

from baxis.insight.strategies.compute import Strategies, strategies
from baxis.insight.strategies.plan import Again, Line, Steroid, Strategy, Target, read_plan

__all__ = ["Again", "Line", "Steroid", "Strategies", "Strategy", "Target", "read_plan", "strategies"]
