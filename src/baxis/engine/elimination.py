"""Elimination order and fill of the sparse matrix I/(gamma h) - J, found once a model (Markowitz, diagonal pivots)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Elimination:
    """`order[k]` is the state eliminated k-th; `rows[k]` the columns (in elimination order) of row k with fill."""

    order: tuple[int, ...]
    rows: tuple[tuple[int, ...], ...]
    slots: dict[tuple[int, int], int]

    @property
    def multiplications(self) -> int:
        """Multiply-adds of one factorisation."""
        upper = [sum(j > k for j in row) for k, row in enumerate(self.rows)]
        return sum(upper[k] + 1 for i, row in enumerate(self.rows) for k in row if k < i)


def markowitz_order(size: int, entries: Iterable[tuple[int, int]]) -> tuple[int, ...]:
    """Diagonal elimination order that keeps (row count - 1)(column count - 1) least at each step; ties by index."""
    rows: list[set[int]] = [{i} for i in range(size)]
    cols: list[set[int]] = [{i} for i in range(size)]
    for i, j in entries:
        rows[i].add(j)
        cols[j].add(i)
    left, order = set(range(size)), []
    while left:
        pivot = min(left, key=lambda k: ((len(rows[k]) - 1) * (len(cols[k]) - 1), k))
        for i in cols[pivot] - {pivot}:
            for j in rows[pivot] - {pivot}:
                rows[i].add(j)
                cols[j].add(i)
        for j in rows[pivot]:
            cols[j].discard(pivot)
        for i in cols[pivot]:
            rows[i].discard(pivot)
        left.discard(pivot)
        order.append(pivot)
    return tuple(order)


def eliminate(size: int, entries: Iterable[tuple[int, int]]) -> Elimination:
    """Order and fill pattern for a square matrix with non-zeros at `entries` and on the diagonal."""
    entries = list(entries)
    order = markowitz_order(size, entries)
    place = {v: k for k, v in enumerate(order)}
    rows: list[set[int]] = [{k} for k in range(size)]
    for i, j in entries:
        rows[place[i]].add(place[j])
    for i in range(size):
        done = -1
        while True:  # fill from pivot rows met left to right, including those that fill itself brings in
            k = min((c for c in rows[i] if done < c < i), default=None)
            if k is None:
                break
            rows[i] |= {j for j in rows[k] if j > k}
            done = k
    ordered = tuple(tuple(sorted(r)) for r in rows)
    slots: dict[tuple[int, int], int] = {}
    for i, row in enumerate(ordered):
        for j in row:
            slots[i, j] = len(slots)
    return Elimination(order, ordered, slots)
