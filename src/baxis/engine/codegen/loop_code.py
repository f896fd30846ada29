"""Factorisation and triangular solves by loops over index arrays, for networks whose straight-line code would be too long.

Rows are eliminated one after another in a dense work row (fill is known beforehand). The rows that fill up at the end are
kept as one dense block, whose size is chosen so that the whole costs least, and factorised in panels of 16 columns with
2 x 4 tiles held in registers. The same arithmetic in every lane; no pivoting, as in the straight-line code.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from baxis.engine.codegen.ir import Function
from baxis.engine.formula.elimination import Elimination

PANEL, DOWN, ACROSS = 16, 2, 4  # columns of a panel; rows and columns of a tile
SPARSE_COST = 5.0  # of a multiply-add found through an index, in those of the dense block (memory instead of registers)


@dataclass(frozen=True, eq=False)
class Pattern:
    """Where the factors lie, in vectors. Row i has entries [start[i], start[i + 1]) at `columns`, its diagonal at diagonal[i].

    Columns from `head` on belong to the dense block at `block` (side x side); then two rows of work memory.
    """

    size: int
    head: int
    start: np.ndarray
    diagonal: np.ndarray
    columns: np.ndarray

    @property
    def side(self) -> int:
        return self.size - self.head

    @property
    def block(self) -> int:
        return len(self.columns)

    @property
    def work(self) -> int:
        return self.block + self.side**2

    @property
    def total(self) -> int:
        return self.work + 2 * self.size


def pattern_of(e: Elimination) -> Pattern:
    """Pattern with the dense block where it pays; the factors of rows before it stay sparse."""
    size = len(e.rows)
    head = size - PANEL * _panels(e)
    start, diagonal, columns = [0], [], list[int]()
    for i, row in enumerate(e.rows):
        kept = [j for j in row if j < head or i < head]
        diagonal.append(len(columns) + kept.index(i) if i < head else 0)
        columns += kept
        start.append(len(columns))
    return Pattern(size, head, np.array(start), np.array(diagonal), np.array(columns, np.int64))


def _panels(e: Elimination) -> int:
    """Panels of the dense block that make the factorisation cheapest."""
    size = len(e.rows)
    upper = np.array([sum(j > k for j in row) for k, row in enumerate(e.rows)], float)
    lower = np.zeros(size)
    for i, row in enumerate(e.rows):
        for k in row:
            lower[k] += k < i
    sparse = np.concatenate([[0.0], np.cumsum(lower * (upper + 1.0))])  # of eliminating the first so many states
    sides = PANEL * np.arange(size // PANEL + 1)
    cost = SPARSE_COST * sparse[size - sides] + sides.astype(float) ** 3 / 3.0
    return int(np.argmin(cost))


class LoopCode:
    """Writes `factor` and `solve`; both functions come with their arguments and find everything behind `%lu`."""

    def __init__(self, elimination: Elimination, jacobian: dict[tuple[int, int], int], loss: float) -> None:
        self.e, self.loss = elimination, loss
        self.p = pattern_of(elimination)
        place = {v: k for k, v in enumerate(elimination.order)}
        entries: list[list[tuple[int, int]]] = [[] for _ in elimination.order]
        for (i, j), slot in jacobian.items():
            entries[place[i]].append((place[j], slot))
        self.entry_start = np.cumsum([0, *(len(r) for r in entries)])
        self.entry_columns = [c for r in entries for c, _ in r]
        self.entry_slots = [s for r in entries for _, s in r]

    def _tables(self, f: Function) -> None:
        p = self.p
        names: dict[str, Iterable[int]] = {
            "start": p.start,
            "diagonal": p.diagonal,
            "columns": p.columns,
            "order": self.e.order,
        }
        names |= {"ends": self.entry_start, "entry": self.entry_columns, "slot": self.entry_slots}
        self.t = {n: f.table(f"lu_{n}", v) for n, v in names.items()}

    def factor(self, f: Function) -> Function:
        """LU of J - ig*I; `%bad` marks lanes that lost a pivot."""
        self._tables(f)
        p, t = self.p, self.t
        x, first = (f.at("%lu", p.work + k * p.size) for k in (0, 1))
        f.vstore(f.splat(0.0), "%bad")
        for begin, end, sparse in ((0, p.head, True), (p.head, p.size, False)):
            with f.loop(end, begin) as i:
                self._gather(f, i, x, first, sparse)
                last = f.index(t["diagonal"], i) if sparse else self._end(f, i)
                with f.loop(last, f.index(t["start"], i)) as s:
                    self._eliminate(f, s, x)
                if sparse:
                    self._keep_sparse(f, i, last, x, first)
                else:
                    self._keep_dense(f, i, x)
        for k in range(p.side // PANEL):
            self._panel(f, k * PANEL)
        with f.loop(p.side) as r:
            self._judge(f, f.vload(f.at("%lu", self._cell(f, r, r))), f.vload(first, f.integer("add", r, p.head)))
        f.do("ret void")
        return f

    def _end(self, f: Function, i: str) -> str:
        return f.index(self.t["start"], f.integer("add", i, 1))

    def _gather(self, f: Function, i: str, x: str, first: str, sparse: bool) -> None:
        """x = row i of J - ig*I, zero where only fill will come."""
        t, zero = self.t, f.splat(0.0)
        with f.loop(self._end(f, i), f.index(t["start"], i)) as s:
            f.vstore(zero, x, f.index(t["columns"], s))
        if not sparse:
            with f.loop(self.p.size, self.p.head) as j:
                f.vstore(zero, x, j)
        with f.loop(f.index(t["ends"], f.integer("add", i, 1)), f.index(t["ends"], i)) as k:
            f.vstore(f.vload("%jac", f.index(t["slot"], k)), x, f.index(t["entry"], k))
        value = f.op("fsub", f.vload(x, i), "%ig")
        f.vstore(value, x, i)
        f.vstore(value, first, i)

    def _eliminate(self, f: Function, s: str, x: str) -> None:
        """Take the multiple of pivot row k (the column of entry s) from the work row."""
        t = self.t
        k = f.index(t["columns"], s)
        diagonal = f.index(t["diagonal"], k)
        m = f.op("fmul", f.vload(x, k), f.vload("%lu", diagonal))
        f.vstore(m, "%lu", s)
        less = f.neg(m)
        with f.loop(self._end(f, k), f.integer("add", diagonal, 1)) as u:
            j = f.index(t["columns"], u)
            f.vstore(f.fma(less, f.vload("%lu", u), f.vload(x, j)), x, j)

    def _keep_sparse(self, f: Function, i: str, diagonal: str, x: str, first: str) -> None:
        inverse = f.op("fdiv", f.splat(1.0), f.vload(x, i))
        f.vstore(inverse, "%lu", diagonal)
        self._judge(f, inverse, f.vload(first, i))
        with f.loop(self._end(f, i), f.integer("add", diagonal, 1)) as u:
            f.vstore(f.vload(x, f.index(self.t["columns"], u)), "%lu", u)

    def _judge(self, f: Function, inverse: str, first: str) -> None:
        """A pivot this small beside its first value, or no number, spoils the lane's factors."""
        limit = f.op("fmul", f.unary("fabs", first), f.splat(self.loss))
        size = f.unary("fabs", inverse)
        sound = f.compare("olt", f.op("fmul", size, limit), f.splat(1.0))
        sound = f.mask("and", sound, f.compare("ogt", size, f.splat(0.0)))  # 0: the pivot was infinite
        f.vstore(f.select(sound, f.vload("%bad"), f.splat(1.0)), "%bad")

    def _keep_dense(self, f: Function, i: str, x: str) -> None:
        row = f.integer("sub", i, self.p.head)
        with f.loop(self.p.side) as j:
            f.vstore(f.vload(x, f.integer("add", j, self.p.head)), "%lu", self._cell(f, row, j))

    def _cell(self, f: Function, i: str | int, j: str | int) -> str:
        """Place of row i, column j of the dense block."""
        row = f.integer("mul", i, self.p.side)
        return f.integer("add", f.integer("add", row, j), self.p.block)

    # --- the dense block --------------------------------------------------------------------------------
    def _panel(self, f: Function, at: int) -> None:
        """Factorise columns at .. at + 16 of the block, and take their part from all that follows."""
        side, after = self.p.side, at + PANEL
        with f.loop(side, at) as i:
            last = f.integer("sub", i, at)
            last = f.pick(f.icmp("slt", last, PANEL), "i64", last, PANEL)
            with f.loop(last) as q:
                self._take_pivot(f, i, f.integer("add", q, at), after)
            with f.when(f.icmp("slt", i, after)):
                cell = self._cell(f, i, i)
                f.vstore(f.op("fdiv", f.splat(1.0), f.vload("%lu", cell)), "%lu", cell)
        with f.loop(after, at + 1) as i, f.loop(i, at) as q:
            less = f.neg(f.vload("%lu", self._cell(f, i, q)))
            with f.loop(side, after) as j:
                cell = self._cell(f, i, j)
                f.vstore(f.fma(less, f.vload("%lu", self._cell(f, q, j)), f.vload("%lu", cell)), "%lu", cell)
        with f.loop((side - after) // DOWN) as i, f.loop((side - after) // ACROSS) as j:
            rows, columns = f.integer("mul", i, DOWN), f.integer("mul", j, ACROSS)
            self._tile(f, f.integer("add", rows, after), f.integer("add", columns, after), at)

    def _take_pivot(self, f: Function, i: str, q: str, after: int) -> None:
        cell = self._cell(f, i, q)
        m = f.op("fmul", f.vload("%lu", cell), f.vload("%lu", self._cell(f, q, q)))
        f.vstore(m, "%lu", cell)
        less = f.neg(m)
        with f.loop(after, f.integer("add", q, 1)) as j:
            other = self._cell(f, i, j)
            f.vstore(f.fma(less, f.vload("%lu", self._cell(f, q, j)), f.vload("%lu", other)), "%lu", other)

    def _tile(self, f: Function, i: str, j: str, at: int) -> None:
        """block[i .. i + 2, j .. j + 4] -= its 16 columns of L times the panel's rows of U, in registers."""
        side = self.p.side
        left, up = f.at("%lu", self._cell(f, i, at)), f.at("%lu", self._cell(f, at, j))
        here = f.at("%lu", self._cell(f, i, j))
        tile = {(r, c): f.vload(here, r * side + c) for r in range(DOWN) for c in range(ACROSS)}
        for q in range(PANEL):
            row = [f.vload(up, q * side + c) for c in range(ACROSS)]
            for r in range(DOWN):
                less = f.neg(f.vload(left, r * side + q))
                for c in range(ACROSS):
                    tile[r, c] = f.fma(less, row[c], tile[r, c])
        for (r, c), value in tile.items():
            f.vstore(value, here, r * side + c)

    # --- solve ------------------------------------------------------------------------------------------
    def solve(self, f: Function) -> Function:
        """out = (ig*I - J)^-1 (f + ih*b); the work row holds the values in elimination order."""
        self._tables(f)
        p, t = self.p, self.t
        z = f.at("%lu", p.work)
        less = f.neg("%ih")
        for begin, end, sparse in ((0, p.head, True), (p.head, p.size, False)):
            with f.loop(end, begin) as i:
                state = f.index(t["order"], i)
                f.vstore(f.fma(less, f.vload("%b", state), f.neg(f.vload("%f", state))), z, i)
                last = f.index(t["diagonal"], i) if sparse else self._end(f, i)
                self._subtract(f, z, i, f.index(t["start"], i), last)
                if not sparse:
                    row = f.integer("sub", i, p.head)
                    self._subtract_dense(f, z, row, 0, row)
        with f.loop(p.side) as k:
            row = f.integer("sub", p.side - 1, k)
            self._subtract_dense(f, z, row, f.integer("add", row, 1), p.side)
            self._finish(f, z, f.integer("add", row, p.head), self._cell(f, row, row))
        with f.loop(p.head) as k:
            i = f.integer("sub", p.head - 1, k)
            diagonal = f.index(t["diagonal"], i)
            self._subtract(f, z, i, f.integer("add", diagonal, 1), self._end(f, i))
            self._finish(f, z, i, diagonal)
        f.do("ret void")
        return f

    def _subtract(self, f: Function, z: str, i: str, begin: str, end: str) -> None:
        def less(s: str, total: str) -> str:
            return f.fma(f.neg(f.vload("%lu", s)), f.vload(z, f.index(self.t["columns"], s)), total)

        f.vstore(f.running(end, begin, f.vload(z, i), less), z, i)

    def _subtract_dense(self, f: Function, z: str, row: str, begin: str | int, end: str | int) -> None:
        i = f.integer("add", row, self.p.head)

        def less(j: str, total: str) -> str:
            other = f.vload(z, f.integer("add", j, self.p.head))
            return f.fma(f.neg(f.vload("%lu", self._cell(f, row, j))), other, total)

        f.vstore(f.running(end, begin, f.vload(z, i), less), z, i)

    def _finish(self, f: Function, z: str, i: str, diagonal: str) -> None:
        value = f.op("fmul", f.vload(z, i), f.vload("%lu", diagonal))
        f.vstore(value, z, i)
        f.vstore(value, "%out", f.index(self.t["order"], i))
