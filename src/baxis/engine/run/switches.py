"""Moments at which the clock alone switches something: computed, so that no step goes over them.

A formula of time and parameters is taken apart: comparisons, floors, ceilings, the kinks of abs, min and max, the crests of
powers, exp and tanh each give the times at which they change. Between the times of its parts a formula is
smooth; where it is a line there, its root is exact, else it is found by signs on a grid and bisection. All rows at once.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import numpy as np

from baxis.engine.codegen import layout
from baxis.engine.formula.mathml import Tree, symbols
from baxis.engine.formula.numeric import evaluate
from baxis.engine.run.execute import Job
from baxis.engine.run.schedule import Timetable

COMPARED = ("lt", "le", "gt", "ge", "eq", "ne")
AROUND_ZERO = ("abs", "exp", "tanh", "sinh", "cosh", "arctan")  # they change most where what they are of is 0
MOST = 50_000  # switches of one formula; more are left to the steps
GRID = 64  # looks within a piece that is no line
STRAIGHT = 1e-9  # bend of a line, relative
BISECTIONS = 60
CHUNK = 1024  # rows at a time
MOST_SETTINGS = 64  # events that set a parameter of such a formula, each looked at
Values = Mapping[str, np.ndarray]


def with_switches(job: Job) -> Job:
    """The job with a stop in its schedule wherever the clock switches something, for each row."""
    system = job.kernel.system
    if not job.kernel.shape.uses_time or not system.clock:
        return job
    used = [n for n in system.parameters if any(n in symbols(t) for t in system.clock)]
    columns = [system.parameter_index(n) for n in used]
    p = job.parameters[:, columns]
    p = p[:1] if (p == p[:1]).all() else p
    tables = [
        _by_rows(system.clock, dict(zip(used, level.T, strict=True)), job.span) for level in _levels(job, columns, p)
    ]
    times = _Clock({}, job.span).merged(*tables)
    return replace(job, schedule=_with_stops(job.schedule, times)) if times.shape[1] else job


def _levels(job: Job, columns: list[int], p: np.ndarray) -> Iterator[np.ndarray]:
    """Parameters (m, K) as they are, and as each event of the schedule sets them."""
    yield p
    s = job.schedule
    changes = [k for k in range(len(s.kinds)) if s.kinds[k] in (layout.SET, layout.OFFSET) and s.targets[k] in columns]
    for k in changes[:MOST_SETTINGS]:
        amount = s.amounts[:, k]
        rows = max(len(p), len(amount))
        level, place = np.array(np.broadcast_to(p, (rows, p.shape[1]))), columns.index(int(s.targets[k]))
        level[:, place] = amount + (level[:, place] if s.kinds[k] == layout.OFFSET else 0.0)
        yield level


def _by_rows(trees: tuple[Tree, ...], values: Values, span: tuple[float, float]) -> np.ndarray:
    """`switch_times`, some rows at a time."""
    rows = max((len(v) for v in values.values()), default=1)
    parts = [switch_times(trees, {n: v[k : k + CHUNK] for n, v in values.items()}, span) for k in range(0, rows, CHUNK)]
    width = max(t.shape[1] for t in parts)
    wide = [np.pad(t, ((0, 0), (0, width - t.shape[1])), constant_values=np.inf) for t in parts]
    if len(wide) == 1:
        return wide[0]
    sizes = [min(CHUNK, rows - k) for k in range(0, rows, CHUNK)]
    return np.concatenate([np.broadcast_to(t, (m, width)) for t, m in zip(wide, sizes, strict=True)])


def _with_stops(s: Timetable, times: np.ndarray) -> Timetable:
    """Stops come after the events of their moment."""
    rows, extra = max(len(s.times), len(times)), times.shape[1]
    both = [np.broadcast_to(t, (rows, t.shape[1])) for t in (s.times, times)]
    merged = np.ascontiguousarray(np.concatenate(both, axis=1))
    amounts = np.concatenate([s.amounts, np.zeros((len(s.amounts), extra))], axis=1)
    kinds = np.concatenate([s.kinds, np.full(extra, layout.STOP)])
    targets = np.concatenate([s.targets, np.zeros(extra, np.int64)])
    order = np.argsort(merged, axis=1, kind="stable").astype(np.int64)
    return Timetable(merged, order, np.ascontiguousarray(amounts), kinds, targets)


def switch_times(trees: Iterable[Tree], values: Values, span: tuple[float, float]) -> np.ndarray:
    """(m, E) rising times strictly inside the span at which some tree changes, padded with infinity; m is 1 or that of `values`.

    values: parameters by name, (m,) each. A formula with more than MOST changes gives none.
    """
    clock = _Clock({k: np.reshape(v, (-1, 1)) for k, v in values.items()}, span)
    for t in trees:
        clock.changes(t)
    return clock.merged(*clock.stops)


class _Clock:
    def __init__(self, values: Values, span: tuple[float, float]) -> None:
        self.values, self.span = values, span
        self.stops: list[np.ndarray] = []
        self._known: dict[Tree, np.ndarray] = {}

    def at(self, tree: Tree, times: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            found = evaluate(tree, {**self.values, "": times})
        return np.broadcast_to(np.asarray(found, float), np.broadcast_shapes(np.shape(found), times.shape))

    def changes(self, tree: Tree) -> np.ndarray:
        """(m, E) times within the span at which the tree, or a part of it, changes its course."""
        if tree not in self._known:
            self._known[tree] = self._changes(tree)
        return self._known[tree]

    def _changes(self, tree: Tree) -> np.ndarray:
        op = tree[0]
        if op in ("num", "sym", "time", "bool") or "" not in symbols(tree):
            return np.zeros((1, 0))
        below = self.merged(*(self.changes(t) for t in tree[1:] if isinstance(t, tuple)))
        if op in COMPARED or op in ("min", "max"):
            return self._stop(below, self._roots(("sub", tree[1], tree[2]), below))
        if op in AROUND_ZERO or (op == "mul" and tree[1] == tree[2]) or (op == "power" and tree[2][0] == "num"):
            own = self._roots(tree[1], below)
            return self._stop(below, self.merged(below, own))  # sharp where its argument turns, too: sin(t)^200
        if op in ("floor", "ceiling"):
            return self._stop(below, self._steps(tree[1], 1.0, below))
        if op in ("sin", "cos", "tan"):  # smooth: they part the clock for what is made of them, and stop nothing
            return self.merged(below, self._steps(tree[1], math.pi / 2, below))
        return below

    def _stop(self, below: np.ndarray, own: np.ndarray) -> np.ndarray:
        self.stops.append(own)
        return self.merged(below, own)

    def merged(self, *tables: np.ndarray) -> np.ndarray:
        rows = max((len(t) for t in tables), default=1)
        whole = np.concatenate([np.broadcast_to(t, (rows, t.shape[1])) for t in tables] or [np.zeros((1, 0))], axis=1)
        begin, end = self.span
        whole = np.sort(np.where((whole > begin) & (whole < end), whole, np.inf), axis=1)
        if whole.shape[1]:
            twin = np.zeros(whole.shape, bool)
            with np.errstate(invalid="ignore"):
                twin[:, 1:] = whole[:, 1:] - whole[:, :-1] <= 4 * np.spacing(np.abs(whole[:, 1:]))
            whole = np.sort(np.where(twin, np.inf, whole), axis=1)
        return whole[:, : int(np.isfinite(whole).sum(axis=1).max(initial=0))]

    def _pieces(self, breaks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        begin, end = self.span
        edge = np.full((len(breaks), 1), begin)
        low = np.concatenate([edge, np.minimum(breaks, end)], axis=1)
        return low, np.concatenate([np.minimum(breaks, end), edge * 0 + end], axis=1)

    def _roots(self, tree: Tree, breaks: np.ndarray) -> np.ndarray:
        """Where the tree is 0, piece by piece."""
        low, high = self._pieces(breaks)
        line, one, slope = self._line(tree, low, high)
        with np.errstate(all="ignore"):
            at = low + 0.25 * (high - low) - one / slope
            for _ in range(2):  # again from close by: rounding of a long piece goes
                inside = np.clip(at, low + 1e-6 * (high - low), high - 1e-6 * (high - low))
                at = inside - self.at(tree, inside) / slope
            near = (at >= low - 1e-9 * (high - low)) & (at <= high + 1e-9 * (high - low)) & (slope != 0)
        exact = np.where(line & near, at, np.inf)
        if line.all():
            return exact
        return self.merged(exact, self._bisected(tree, low, high, ~line))

    def _line(self, tree: Tree, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(is it a line on each piece?, value at a quarter of it, slope)."""
        width = high - low
        with np.errstate(all="ignore"):
            a, b, c, d = (self.at(tree, low + share * width) for share in (0.25, 0.75, 0.5, 0.0625))
            slope = (b - a) / (0.5 * width)
            size = STRAIGHT * (np.abs(a) + np.abs(b)) + 1e-300
            straight = (np.abs(c - 0.5 * (a + b)) <= size) & (np.abs(d - (a - 0.1875 * width * slope)) <= size)
        return straight | (width <= 0), a, slope

    def _bisected(self, tree: Tree, low: np.ndarray, high: np.ndarray, where: np.ndarray) -> np.ndarray:
        shares = np.linspace(0.0, 1.0, GRID + 1)
        grid = (low[:, :, None] + shares * (high - low)[:, :, None]).reshape(len(low), -1)
        grid = grid if grid.shape[1] <= MOST * 4 else grid[:, :0]
        if not grid.shape[1]:
            return np.zeros((1, 0))
        g = self.at(tree, grid)
        grid = np.broadcast_to(grid, g.shape)
        jump = (np.sign(g[:, 1:]) * np.sign(g[:, :-1]) <= 0) & (g[:, 1:] != g[:, :-1])
        a, b = np.where(jump, grid[:, :-1], np.inf), np.where(jump, grid[:, 1:], np.inf)
        order = np.argsort(a, axis=1, kind="stable")[:, : int(jump.sum(axis=1).max(initial=0))]
        a, b = np.take_along_axis(a, order, 1), np.take_along_axis(b, order, 1)
        first = np.sign(self.at(tree, a))
        for _ in range(BISECTIONS):
            with np.errstate(invalid="ignore"):
                middle = a + 0.5 * (b - a)
            same = np.sign(self.at(tree, middle)) == first
            a, b = np.where(same, middle, a), np.where(same, b, middle)
        return np.where(np.isfinite(b), b, np.inf)

    def _steps(self, tree: Tree, period: float, breaks: np.ndarray) -> np.ndarray:
        """Where the tree meets multiples of the period, piece by piece; none where there are too many."""
        low, high = self._pieces(breaks)
        line, one, slope = self._line(tree, low, high)
        if not line.all():
            return np.zeros((1, 0))
        with np.errstate(all="ignore"):
            first = one - 0.25 * (high - low) * slope
            last = first + (high - low) * slope
            least = np.floor(np.fmin(first, last) / period)
            count = np.nan_to_num(np.ceil(np.fmax(first, last) / period) - least + 1, nan=0.0, posinf=np.inf)
            most = float(count.max(initial=0.0))
            if most * count.shape[1] > MOST:
                return np.zeros((1, 0))
            whole = (least[:, :, None] + np.arange(int(most))) * period
            at = low[:, :, None] + (whole - first[:, :, None]) / slope[:, :, None]
        inside = (at >= low[:, :, None]) & (at <= high[:, :, None]) & (slope[:, :, None] != 0)
        at = np.where(inside, at, np.inf).reshape(len(at), -1)
        return at if at.shape[1] else np.zeros((1, 0))
