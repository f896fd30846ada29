"""When the clock alone switches a formula: comparisons, floors and ceilings of time and of what only events change.

`time < 30`, `time - tau*floor(time/tau) < dur` or a trigger `time >= lag` change at moments that can be computed, so an
integrator stops there instead of finding them by its steps, which would pass over short ones. Quantities linear in time
(between the switches of their own floors, comparisons and branches) give their moment in closed form; others
(`sin(time) > 0.5`) are looked at on a grid and bisected.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from baxis.engine.formula.mathml import Tree, holds, symbols

LEAVES = ("num", "sym", "time", "bool")
COMPARED = ("lt", "le", "gt", "ge", "eq", "ne")
GRID = 10_000  # looks at a formula that is not linear in time, over a run
NEAR = 8  # units in the last place in which a computed moment is settled
Line = tuple[float, float]  # value now, change in a unit of time
Values = Callable[[list[Tree]], list[Any]]  # what trees are worth at a moment


def of_clock(tree: Tree, derived: Mapping[str, Tree], moving: Iterable[str]) -> bool:
    """Does a formula use time and nothing that moves between events, nor the past (which is known step by step)?"""
    still, seen, timed = set(moving), set[str](), False
    stack = [tree]
    while stack:
        one = stack.pop()
        if holds(one, "delay"):
            return False
        for name in symbols(one):
            timed = timed or name == ""
            if name in still:
                return False
            if name in derived and name not in seen:
                seen.add(name)
                stack.append(derived[name])
    return timed


@dataclass
class TimeSwitches:
    """The moments at which formulas `trees` (comparisons, floors, ceilings; all `of_clock`) change.

    `derived` gives the formulas of names; `at(t, x)` gives what evaluates trees at time t with the stored values x.
    """

    trees: Sequence[Tree]
    derived: Mapping[str, Tree]
    at: Callable[[float, list[float]], Values]
    _scanned: dict[tuple[Any, ...], list[float]] = field(default_factory=dict)

    def after(self, t: float, x: list[float], end: float) -> float:
        """First moment later than t at which one of the formulas changes; infinity if none does before `end`."""
        first = math.inf
        for tree in self.trees:
            look = _Look(self, t, x)
            line = look.line(tree)
            moments = look.moments if line is not None else self._by_grid(tree, t, x, end)
            for moment in moments:
                if t <= moment < first:
                    first = min(first, self._settled(tree, t, moment, x))
        return first if first < end else math.inf

    def value(self, tree: Tree, t: float, x: list[float]) -> Any:
        """What a tree is worth at time t."""
        return self.at(t, x)([tree])[0]

    def _settled(self, tree: Tree, t: float, moment: float, x: list[float]) -> float:
        """The smallest number near the computed moment at which the formula is another than at t."""
        now, at = self.value(tree, t, x), moment
        for _ in range(NEAR):
            at = math.nextafter(at, -math.inf)
        for _ in range(2 * NEAR + 1):
            if at > t and self.value(tree, at, x) != now:
                return at
            at = math.nextafter(at, math.inf)
        return moment if moment > t else math.inf

    def _by_grid(self, tree: Tree, t: float, x: list[float], end: float) -> list[float]:
        """Changes of a formula that is not linear in time, by looks at a grid of the whole run."""
        key = (tree, tuple(x), end)
        if not math.isfinite(end) or end <= t:
            return []
        if key not in self._scanned:
            self._scanned[key] = self._scan(tree, t, x, end)
        return [m for m in self._scanned[key] if m > t]

    def _scan(self, tree: Tree, t: float, x: list[float], end: float) -> list[float]:
        found, low, was = [], t, self.value(tree, t, x)
        for k in range(1, GRID + 1):
            high = t + (end - t) * k / GRID
            now = self.value(tree, high, x)
            if now != was and (now == now or was == was):
                found.append(self._bisected(tree, low, high, x))
            low, was = high, now
        return found

    def _bisected(self, tree: Tree, low: float, high: float, x: list[float]) -> float:
        was = self.value(tree, low, x)
        while high - low > 2.0 * math.ulp(high):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if self.value(tree, middle, x) == was else (low, middle)
        return high


class _Look:
    """One formula at one moment as a line in time, with the moments at which its parts change."""

    def __init__(self, switches: TimeSwitches, t: float, x: list[float]) -> None:
        self.switches, self.t, self.x = switches, t, x
        self.moments: list[float] = []

    def line(self, tree: Tree) -> Line | None:
        """Value and slope until the next of `moments`; None where the formula is not linear in time."""
        op = tree[0]
        if op == "time":
            return self.t, 1.0
        if op in LEAVES:
            if op == "sym" and tree[1] in self.switches.derived:
                return self.line(self.switches.derived[tree[1]])
            return float(self.switches.value(tree, self.t, self.x)), 0.0
        if op == "select":
            return self._select(tree)
        lines = [self.line(part) for part in tree[1:]]
        known = [one for one in lines if one is not None]
        if len(known) < len(lines):
            return None
        return self._joined(tree, op, known)

    def _joined(self, tree: Tree, op: str, lines: list[Line]) -> Line | None:
        if op in COMPARED:
            (a, p), (b, q) = lines
            self._meet(b - a, p - q)
            return float(self.switches.value(tree, self.t, self.x)), 0.0
        if op in ("floor", "ceiling"):
            return self._whole(tree, *lines[0])
        if op in ("min", "max", "abs"):
            (a, p), (b, q) = lines if len(lines) == 2 else (lines[0], (-lines[0][0], -lines[0][1]))
            self._meet(b - a, p - q)
            larger = (a, p) if a > b or (a == b and p >= q) else (b, q)
            return larger if op != "min" else ((b, q) if larger == (a, p) else (a, p))
        if all(slope == 0.0 for _, slope in lines):
            return float(self.switches.value(tree, self.t, self.x)), 0.0
        return _arithmetic(op, lines)

    def _whole(self, tree: Tree, value: float, slope: float) -> Line:
        """A floor or ceiling: constant until its argument meets the next whole number."""
        if slope and math.isfinite(value):
            up = math.floor(value) + 1.0
            down = math.ceil(value) - 1.0 if value == math.floor(value) else float(math.floor(value))
            self._meet((up if slope > 0 else down) - value, slope)
            self._meet(math.floor(value) - value, slope)  # a ceiling changes as it leaves a whole number
        return float(self.switches.value(tree, self.t, self.x)), 0.0

    def _select(self, tree: Tree) -> Line | None:
        condition = self.line(tree[1])
        return None if condition is None else self.line(tree[2] if condition[0] else tree[3])

    def _meet(self, gap: float, speed: float) -> None:
        if speed and math.isfinite(gap) and gap / speed >= 0:
            self.moments.append(self.t + gap / speed)


def _arithmetic(op: str, lines: list[Line]) -> Line | None:
    (a, p), (b, q) = lines[0], lines[-1]
    if op == "neg":
        return -a, -p
    if op in ("add", "sub"):
        sign = 1.0 if op == "add" else -1.0
        return a + sign * b, p + sign * q
    if op == "mul" and (p == 0.0 or q == 0.0):
        return a * b, p * b + q * a
    if op == "div" and q == 0.0 and b != 0.0:
        return a / b, p / b
    return None
