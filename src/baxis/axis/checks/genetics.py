"""Rung 3: loss and gain of genes moves B-cell number, immunoglobulin and autoantibody as in people or mice."""

from __future__ import annotations

from baxis.axis.assembly import resting
from baxis.axis.checks.rest import read
from baxis.axis.checks.rungs import Check, judge
from baxis.axis.pathway.isolated import parse


def rows(table: list[dict[str, str]]) -> list[Check]:
    """Judged rows: the read-out at the rest under `condition` over the one under `versus` (empty: the disease's own)."""
    cache: dict[tuple[str, str], dict[str, float]] = {}
    out = []
    for row in table:
        for change in (row["condition"], row["versus"]):
            key = (row["disease"], change)
            if key not in cache:
                cache[key] = resting.levels(row["disease"], {k: float(v) for k, v in parse(change).items()})
        a, b = cache[row["disease"], row["condition"]], cache[row["disease"], row["versus"]]
        out.append(judge(row, "genetics", read(a, row["readout"]) / read(b, row["readout"]), "fold"))
    return out
