"""What the check of the tables would refuse is not written: it is listed with the reason."""

from __future__ import annotations

import re

from baxis.evidence.registry.imported import Imported
from baxis.evidence.store import schema
from baxis.evidence.store.checks import folder_faults
from baxis.evidence.store.reading import RawTable
from baxis.evidence.store.rules import Violation
from baxis.evidence.store.tables import shipped

ROUNDS = 6  # a row taken out may leave others that point to it


def settle(out: Imported, nct: str) -> None:
    """Take out what `check` refuses: an outcome or baseline row whole, of a trial or an arm the cell that it can miss.

    A trial that cannot stand without a word of the user's (its disease) stays, to be mended before use."""
    own = {nct.lower()}  # rows of other trials do not bear on this one
    base = {name: [r for r in raw.rows if r.get("trial_id") in own | {None}] for name, raw in shipped().items()}
    for _ in range(ROUNDS):
        faults = [f for f in folder_faults(_raw(out), base) if f.row > 1]
        faults = [f for f in faults if not (f.file == "trials.csv" and needed(f.column))]
        if not faults:
            return
        drop: dict[str, set[int]] = {}
        for fault in faults:
            _take_out(out, nct, fault, drop)
        for name, gone in drop.items():
            out.tables[name] = [r for i, r in enumerate(out.tables[name]) if i not in gone]


def needed(column: str) -> bool:
    """Whether a trial cannot be without this column."""
    table = schema.table("trials")
    return column in table.key or (column in table.columns and table.columns[column].required)


def _raw(out: Imported) -> dict[str, RawTable]:
    """The rows as a folder would hold them."""
    raw = {}
    for name, rows in out.tables.items():
        if rows:
            columns = [c for c in schema.table(name).columns if any(c in r for r in rows)]
            text = [{c: r.get(c, "") for c in columns} for r in rows]
            raw[name] = RawTable(name, f"{name}.csv", columns, text, list(range(2, len(rows) + 2)))
    return raw


def _take_out(out: Imported, nct: str, fault: Violation, drop: dict[str, set[int]]) -> None:
    name = fault.file.removesuffix(".csv")
    table, index = schema.table(name), fault.row - 2
    row = out.tables[name][index]
    said = re.sub(r"^\S+ row \d+, ", "", fault.text)
    column = table.columns.get(fault.column)
    if name in ("trials", "arms") and column is not None and not column.required and column.name not in table.key:
        row[column.name] = ""
        out.unmapped.append(f"{nct}: {name}, {said}; left empty")
        return
    if index not in drop.setdefault(name, set()):
        key = "|".join(row.get(k, "") for k in table.key[1:])
        out.unmapped.append(f"{nct}: {name} {key} ({row.get('value', '')}) is not filed: {said}")
        drop[name].add(index)
