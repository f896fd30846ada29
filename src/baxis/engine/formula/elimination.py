"""Elimination order and fill of the sparse matrix I/(gamma h) - J, found once a model (Markowitz, diagonal pivots)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True)
class Elimination:
    """`order[k]` is the state eliminated k-th; `rows[k]` the columns (in elimination order) of row k with fill."""

    order: tuple[int, ...]
    rows: tuple[tuple[int, ...], ...]

    @cached_property
    def slots(self) -> dict[tuple[int, int], int]:
        """Place of each entry, row after row."""
        entries = ((i, j) for i, row in enumerate(self.rows) for j in row)
        return {entry: k for k, entry in enumerate(entries)}

    @cached_property
    def multiplications(self) -> int:
        """Multiply-adds of one factorisation."""
        upper = [sum(j > k for j in row) for k, row in enumerate(self.rows)]
        return sum(upper[k] + 1 for i, row in enumerate(self.rows) for k in row if k < i)


def eliminate(size: int, entries: Iterable[tuple[int, int]]) -> Elimination:
    """Order and fill pattern for a square matrix with non-zeros at `entries` and on the diagonal.

    Each step eliminates the state that keeps (row count - 1)(column count - 1) least; ties by index.
    """
    filled = np.eye(size, dtype=bool)
    for i, j in entries:
        filled[i, j] = True
    in_row, in_column = filled.sum(axis=1), filled.sum(axis=0)
    left, order = np.ones(size, bool), []
    for _ in range(size):
        cost = np.where(left, (in_row - 1) * (in_column - 1), np.iinfo(np.int64).max)
        pivot = int(np.argmin(cost))
        left[pivot] = False
        order.append(pivot)
        rows, columns = np.flatnonzero(filled[:, pivot] & left), np.flatnonzero(filled[pivot] & left)
        block = np.ix_(rows, columns)
        new = ~filled[block]
        filled[block] = True
        in_row[rows] += new.sum(axis=1) - 1
        in_column[columns] += new.sum(axis=0) - 1
    sorted_rows = filled[np.ix_(order, order)]
    return Elimination(tuple(order), tuple(tuple(np.flatnonzero(row).tolist()) for row in sorted_rows))
