"""`check`: every fault of a folder of evidence tables at once, and how much of it is verified, recalled, uncited."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from baxis.core.errors import nearest
from baxis.evidence.store import rules, schema
from baxis.evidence.store.reading import RawTable, folder_tables
from baxis.evidence.store.rules import Row, Violation
from baxis.evidence.store.tables import merge, shipped

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
    faults: tuple[Violation, ...]
    counts: tuple[Count, ...]
    uncited: tuple[tuple[str, int, str], ...]

    @property
    def total(self) -> Count:
        """Counts over all tables."""
        sums = [sum(getattr(c, f) for c in self.counts) for f in ("rows", "numbers", "verified", "recalled", "uncited")]
        return Count("all", *sums)


def check(folder: str | Path | None = None) -> Report:
    """Check the shipped tables, or a user's folder laid over them. Faults are returned, not raised.

    Raises InvalidValue for a folder that is none or holds no table.
    """
    base = shipped()
    stray: list[Violation] = []
    if folder is None:
        found, where, texts = base, "shipped library", {}
    else:
        (found, stray), where = folder_tables(Path(folder)), str(folder)
        texts = {name: raw.rows for name, raw in base.items()}
    faults = stray + folder_faults(found, texts)
    trials = found["trials"].rows if "trials" in found else []
    cited = cited_trials(texts.get("trials", []) + trials)
    counts = [count(raw, cited) for raw in found.values() if "provenance" in schema.table(raw.name).columns]
    bare = tuple(u for raw in found.values() for u in uncited(raw, cited))
    return Report(where, tuple(faults), tuple(counts), bare)


def folder_faults(found: dict[str, RawTable], base: Texts) -> list[Violation]:
    """All faults of the given tables, links resolved against them laid over `base`."""
    merged = dict(base)
    for name, raw in found.items():
        merged[name] = merge(base.get(name, []), raw.rows, schema.table(name))
    faults: list[Violation] = []
    for raw in found.values():
        faults += raw.faults
        if raw.header:
            faults += table_faults(raw, merged, base.get(raw.name, []))
    faults += cross_faults(found, merged, base)
    return sorted(set(faults), key=lambda f: (f.file, f.row, f.column))


def table_faults(raw: RawTable, merged: Texts, base: list[Row]) -> Iterator[Violation]:
    """Faults of one table by its schema: header, cells, keys, links."""
    table = schema.table(raw.name)
    yield from header_faults(raw, table, base)
    known = [table.columns[c] for c in raw.header if c in table.columns]
    linked = {c.name: link_values(c, merged) for c in known if c.ref}
    seen: dict[tuple[str, ...], int] = {}
    for line, row in zip(raw.lines, raw.rows, strict=True):
        for column in known:
            cell = row[column.name]
            allowed = column.fault(cell)
            if allowed:
                yield Violation(raw.file, line, column.name, cell, allowed + close(cell, column.allowed))
            elif cell and column.ref:
                yield from link_faults(raw.file, line, column, row, linked[column.name])
        key = table.key_of(row)
        if key in seen:
            text = f"a key ({', '.join(table.key)}) not yet used; row {seen[key]} has it"
            yield Violation(raw.file, line, table.key[0], "|".join(key), text)
        seen.setdefault(key, line)


def header_faults(raw: RawTable, table: schema.TableColumns, base: list[Row]) -> Iterator[Violation]:
    """Columns that the table does not have, lacks or repeats. Rows that only override need no more than the key."""
    for name in dict.fromkeys(raw.header):
        if name not in table.columns:
            yield Violation(raw.file, 1, name, name, "a column of the table" + close(name, tuple(table.columns)))
        if raw.header.count(name) > 1:
            yield Violation(raw.file, 1, name, name, "each column once")
    have = {table.key_of(r) for r in base}
    fresh = not raw.rows or any(table.key_of(r) not in have for r in raw.rows)
    for column in table.columns.values():
        if column.name not in raw.header and column.required and (fresh or column.name in table.key):
            yield Violation(raw.file, 1, column.name, "no such column", f"a file with column {column.name}")


def close(cell: str, allowed: tuple[str, ...]) -> str:
    """Nearest allowed word, as the end of a sentence."""
    near = nearest(cell, allowed) if allowed and cell else None
    return f"; did you mean {near!r}?" if near else ""


def link_values(column: schema.Column, merged: Texts) -> set[str] | set[tuple[str, str]]:
    """Values that a linking column may hold; pairs with the column it is within."""
    table, target = column.ref.split(".")
    if table == "sources":
        from baxis.core import sources

        return set(sources.load())
    if column.within:
        return {(r.get(column.within, ""), r.get(target, "")) for r in merged.get(table, [])}
    return {r.get(target, "") for r in merged.get(table, [])}


def link_faults(file: str, line: int, column: schema.Column, row: Row, values: set) -> Iterator[Violation]:
    """Parts of a linking cell that point nowhere."""
    cell = row[column.name]
    parts = [cell] if not column.sep or cell in values else [p.strip() for p in cell.split(column.sep)]
    for part in parts:
        target = (row.get(column.within, ""), part) if column.within else part
        if part in column.also or target in values:
            continue
        pool = [v[1] for v in values if v[0] == target[0]] if column.within else values
        more = "; a new drug gets a row in agents.csv" if column.ref == "agents.agent" else ""
        yield Violation(file, line, column.name, part, f"a value of {column.ref}" + listed(part, tuple(pool)) + more)


def listed(part: str, pool: tuple[str, ...]) -> str:
    """A short pool in full, the nearest of a long one."""
    few = sorted(p for p in pool if p) if len(pool) <= 12 else []
    return (f" ({', '.join(few)})" if few else "") + close(part, pool)


def cross_faults(found: dict[str, RawTable], merged: Texts, base: Texts) -> list[Violation]:
    """Faults between cells and rows (see `rules`), each row with the columns that it leaves to the library's."""

    def lines(name: str) -> tuple[str, list[tuple[int, Row]]]:
        raw, table = found[name], schema.table(name)
        under = {table.key_of(r): r for r in base.get(name, [])}
        full = [{**under.get(table.key_of(r), {}), **r} for r in raw.rows]
        return raw.file, list(zip(raw.lines, full, strict=True))

    sizes = {(r.get("trial_id", ""), r.get("arm_id", "")): r.get("n", "") for r in merged.get("arms", [])}
    sizes = {k: n if rules.number({"n": n}, "n") is not None else "" for k, n in sizes.items()}
    kept = kept_outcomes(found, base)
    faults: list[Violation] = []
    if "outcomes" in found:
        faults += rules.outcome_faults(*lines("outcomes"), sizes)
        faults += rules.unit_faults(*lines("outcomes"), kept)
    if "arms" in found and base:
        faults += rules.arm_faults(*lines("arms"), kept)
    if "baseline" in found:
        faults += rules.baseline_faults(*lines("baseline"))
    if "trials" in found:
        faults += rules.trial_faults(*lines("trials"), sizes, whole=not base)
    return faults


def kept_outcomes(found: dict[str, RawTable], base: Texts) -> list[Row]:
    """Outcome rows of the library that the given tables do not override."""
    table = schema.table("outcomes")
    over = {table.key_of(r) for r in found["outcomes"].rows} if "outcomes" in found else set()
    return [r for r in base.get("outcomes", []) if table.key_of(r) not in over]


def holds_number(table: schema.TableColumns, row: Row) -> bool:
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
    return {r["trial_id"] for r in rows if any(r.get(c) for c in ("source", "doi", "pmid", "nct")) and "trial_id" in r}


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
