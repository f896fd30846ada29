"""Two or three drugs together: dose surfaces of benefit and harm, and synergy against named nulls."""

from __future__ import annotations

from .result import Combination
from .surface import combine

__all__ = ["Combination", "combine"]
