"""The past of one trajectory, for formulas with the delay symbol: stored steps, read by their continuous output."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable

from baxis.core.errors import InvalidValue

SLACK = 1e-9  # of a delay: rounding of time, not a look into the future


class History:
    """Stored variables at earlier times; before the start, first values as their formulas have them at that time."""

    def __init__(self, first: Callable[[float], list[float]]) -> None:
        self.first = first
        self.starts: list[float] = []
        self.ends: list[float] = []
        self.reads: list[Callable[[float], list[float]]] = []

    def add(self, start: float, end: float, read: Callable[[float], list[float]]) -> None:
        """Keeps a step; one that begins before the end of the last cuts it off (an event came in between)."""
        self.starts.append(start)
        self.ends.append(end)
        self.reads.append(read)

    def at(self, t: float, delay: float) -> list[float]:
        """All stored variables at time t. Raises InvalidValue for a time that is not past yet."""
        k = bisect_right(self.starts, t) - 1
        if k < 0:
            return self.first(t)
        if t > self.ends[k] + SLACK * delay or not delay > 0:
            raise InvalidValue("delay", delay, "a number of at least 0 that does not fall below the first delay")
        return self.reads[k](min(t, self.ends[k]))
