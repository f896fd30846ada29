"""`check`: every fault of a folder of evidence tables at once, and how much of it is verified, recalled, uncited."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import nearest
from . import rules, schema
from .rules import Fault, Row
from .tables import RawTable, folder_tables, merge, shipped

Texts = dict[str, list[Row]]


@dataclass(frozen=True, slots=True)
class Count:
    """How the numbers of one table are sourced. `uncited` rows have no entry in sources.bib, whatever else."""

    table: str
    rows: int
    numbers: int
    verified: int
    recalled: int
    uncited: int


@dataclass(frozen=True, slots=True)
class Report:
    """Result of `check`: the faults, the counts per table, and the numbers without a citation (file, row, key)."""

    where: str
    faults: tuple[Fault, ...]
    counts: tuple[Count, ...]
    uncited: tuple[tuple[str, int, str], ...]

    @property
    def total(self) -> Count:
        """Counts over all tables."""
        sums = [
            sum(getattr(c, f) for c in self.counts)
            for f in ("rows", "numbers", "verified", "recalled", "uncited")
        ]
        return Count("all", *sums)


def check(folder: str | Path | None = None) -> Report:
    """Check the shipped tables, or a user's folder laid over them. Faults are returned, not raised.

    Raises InvalidValue for a folder or file that cannot be read at all, UnknownName for a CSV of no known table.
    """
    base = shipped()
    if folder is None:
        found, where, texts = base, "shipped library", {}
    else:
        found, where = folder_tables(Path(folder)), str(folder)
        texts = {name: raw.rows for name, raw in base.items()}
    faults = folder_faults(found, texts)
    trials = found["trials"].rows if "trials" in found else []
    cited = cited_trials(texts.get("trials", []) + trials)
    counts = [count(raw, cited) for raw in found.values() if "provenance" in schema.table(raw.name).columns]
    bare = tuple(u for raw in found.values() for u in uncited(raw, cited))
    return Report(where, tuple(faults), tuple(counts), bare)


def folder_faults(found: dict[str, RawTable], base: Texts) -> list[Fault]:
    """All faults of the given tables, links resolved against them laid over `base`."""
    merged = dict(base)
    for name, raw in found.items():
        merged[name] = merge(base.get(name, []), raw.rows, schema.table(name))
    faults: list[Fault] = []
    for raw in found.values():
        faults += table_faults(raw, merged)
    faults += cross_faults(found, merged, whole=not base)
    return sorted(set(faults), key=lambda f: (f.file, f.row, f.column))


def table_faults(raw: RawTable, merged: Texts) -> Iterator[Fault]:
    """Faults of one table by its schema: header, cells, keys, links."""
    table = schema.table(raw.name)
    yield from header_faults(raw, table)
    known = [table.columns[c] for c in raw.header if c in table.columns]
    linked = {c.name: link_values(c, merged) for c in known if c.ref}
    seen: dict[tuple[str, ...], int] = {}
    for line, row in zip(raw.lines, raw.rows, strict=True):
        for column in known:
            cell = row[column.name]
            allowed = column.fault(cell)
            if allowed:
                yield Fault(raw.file, line, column.name, cell, allowed + close(cell, column.allowed))
            elif cell and column.ref:
                yield from link_faults(raw.file, line, column, row, linked[column.name])
        key = tuple(row.get(k, "") for k in table.key)
        if key in seen:
            text = f"a key ({', '.join(table.key)}) not yet used; row {seen[key]} has it"
            yield Fault(raw.file, line, table.key[0], "|".join(key), text)
        seen.setdefault(key, line)


def header_faults(raw: RawTable, table: schema.Table) -> Iterator[Fault]:
    """Columns that the table does not have, lacks or repeats."""
    for name in dict.fromkeys(raw.header):
        if name not in table.columns:
            yield Fault(raw.file, 1, name, name, "a column of the table" + close(name, tuple(table.columns)))
        if raw.header.count(name) > 1:
            yield Fault(raw.file, 1, name, name, "each column once")
    needed = [c.name for c in table.columns.values() if c.required or c.name in table.key]
    for name in needed:
        if name not in raw.header and table.columns[name].required:
            yield Fault(raw.file, 1, name, "no such column", f"a file with column {name}")


def close(cell: str, allowed: tuple[str, ...]) -> str:
    """Nearest allowed word, as the end of a sentence."""
    near = nearest(cell, allowed) if allowed and cell else None
    return f"; did you mean {near!r}?" if near else ""


def link_values(column: schema.Column, merged: Texts) -> set[str] | set[tuple[str, str]]:
    """Values that a linking column may hold; pairs with the column it is within."""
    table, target = column.ref.split(".")
    if table == "sources":
        from ..core import sources

        return set(sources.load())
    if column.within:
        return {(r.get(column.within, ""), r.get(target, "")) for r in merged.get(table, [])}
    return {r.get(target, "") for r in merged.get(table, [])}


def link_faults(file: str, line: int, column: schema.Column, row: Row, values: set) -> Iterator[Fault]:
    """Parts of a linking cell that point nowhere."""
    cell = row[column.name]
    parts = [cell] if not column.sep or cell in values else [p.strip() for p in cell.split(column.sep)]
    for part in parts:
        target = (row.get(column.within, ""), part) if column.within else part
        if part in column.also or target in values:
            continue
        pool = [v[1] for v in values if v[0] == target[0]] if column.within else values
        yield Fault(file, line, column.name, part, f"a value of {column.ref}" + close(part, tuple(pool)))


def cross_faults(found: dict[str, RawTable], merged: Texts, whole: bool) -> list[Fault]:
    """Faults between cells and rows (see `rules`)."""

    def lines(name: str) -> tuple[str, list[tuple[int, Row]]]:
        raw = found[name]
        return raw.file, list(zip(raw.lines, raw.rows, strict=True))

    sizes = {(r.get("trial_id", ""), r.get("arm_id", "")): r.get("n", "") for r in merged.get("arms", [])}
    sizes = {k: n if rules.number({"n": n}, "n") is not None else "" for k, n in sizes.items()}
    faults: list[Fault] = []
    if "outcomes" in found:
        faults += rules.outcome_faults(*lines("outcomes"), sizes)
        faults += rules.unit_faults(*lines("outcomes"))
    if "baseline" in found:
        faults += rules.baseline_faults(*lines("baseline"))
    if "trials" in found:
        faults += rules.trial_faults(*lines("trials"), sizes, whole)
    return faults


def holds_number(table: schema.Table, row: Row) -> bool:
    """True when the row states a number (or, in tables without a number column, a cited statement)."""
    return bool(row.get(table.number)) if table.number else True


def count(raw: RawTable, cited: set[str]) -> Count:
    """How many rows of a table are verified, recalled, uncited."""
    table = schema.table(raw.name)
    seen = [r.get("provenance", "") for r in raw.rows]
    numbers = sum(holds_number(table, r) for r in raw.rows)
    bare = sum(not has_citation(r, cited) for r in raw.rows)
    return Count(raw.name, len(raw.rows), numbers, seen.count("verified"), seen.count("recalled"), bare)


def cited_trials(rows: list[Row]) -> set[str]:
    """Trials that name a paper or a registration."""
    return {
        r["trial_id"]
        for r in rows
        if any(r.get(c) for c in ("source", "doi", "pmid", "nct")) and "trial_id" in r
    }


def has_citation(row: Row, cited: set[str]) -> bool:
    """True when the row, or the trial it belongs to, has a key of sources.bib, a DOI, a PMID or an NCT number."""
    own = any(row.get(c) for c in ("source", "doi", "pmid", "nct"))
    return own or row.get("trial_id", "") in cited


def uncited(raw: RawTable, cited: set[str]) -> Iterator[tuple[str, int, str]]:
    """Rows that state a number and that nothing cites."""
    table = schema.table(raw.name)
    if "provenance" not in table.columns:
        return
    for line, row in zip(raw.lines, raw.rows, strict=True):
        if not has_citation(row, cited) and holds_number(table, row):
            yield raw.file, line, "|".join(row.get(k, "") for k in table.key)
