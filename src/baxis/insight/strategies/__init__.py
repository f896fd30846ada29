"""Strategies of treatment over two years: sequences, targets, retreatment, withdrawal and glucocorticoid tapers compared."""

from __future__ import annotations

from baxis.insight.strategies.comparing import strategies
from baxis.insight.strategies.plan import Again, Line, Steroid, Strategy, Target, read_plan
from baxis.insight.strategies.strategy_result import Strategies

__all__ = ["Again", "Line", "Steroid", "Strategies", "Strategy", "Target", "read_plan", "strategies"]
