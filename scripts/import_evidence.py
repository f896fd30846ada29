"""Import the curated source tables into `src/baxis/library/evidence/` (re-runnable; same input, same bytes).

    python scripts/import_evidence.py SRC_DIR [--out DIR]

SRC_DIR holds `trials/{trials,arms,outcomes,baseline}.csv`, `drugs/{drugs,pk,pd,pd_observed,targets_turnover}.csv`
and `biology/{claims,kinetics,experiments,published_models}.csv`. Order of work: read, correct, add, derive, write.

Corrections: `scripts/evidence_corrections*.csv` (in name order), columns
    table,key,column,old,new,reason,source,date
`table` is the file name without .csv; `column` a column of the *source* table (or `doi`, `pmid`, which every table
may be given); `old` must equal the present value ('' for an empty cell), else the import stops; `source` is where the
new value was seen (DOI, PMID or NCT, and the page title). `key` is the row's key fields joined with '|':
    trials            trial_id
    arms              trial_id|arm_id
    outcomes          trial_id|arm_id|endpoint|week|statistic|subgroup|unit
    baseline          trial_id|arm_id|characteristic
    claims            claim_id                        drugs             drug
    experiments       exp_id|description|stimulus|perturbation|readout
    kinetics          parameter|definition            published_models  name
    pk                drug|model|parameter|population pd                drug|target|parameter|assay
    pd_observed       drug|regimen|population|biomarker|time
    targets_turnover  target|cell_or_compartment|parameter|population
Trailing fields may be left off where the rest already names exactly one row. A row of a table that has a `row_id`
may also be named by it (`pk-rituximab-03`: the third rituximab row of the source table). A key that names no row or
several rows is an error. Column `*` with new `delete` removes the row (`old` is then empty). Corrections are applied
in file order, so a later one sees the value an earlier one left.

Additions: `scripts/evidence_additions/<table>.csv` or `<table>.<word>.csv`, with the source table's own columns (any
subset; missing columns are empty; `doi`, `pmid` allowed). A row whose full key is already there is an error.
"""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path

import evidence_derive
import evidence_sources

HERE = Path(__file__).resolve().parent
LIBRARY = HERE.parent / "src" / "baxis" / "library"
Row = dict[str, str]
Tables = dict[str, list[Row]]

KEYS: dict[str, tuple[str, ...]] = {
    "trials": ("trial_id",),
    "arms": ("trial_id", "arm_id"),
    "outcomes": ("trial_id", "arm_id", "endpoint", "week", "statistic", "subgroup", "unit"),
    "baseline": ("trial_id", "arm_id", "characteristic"),
    "drugs": ("drug",),
    "pk": ("drug", "model", "parameter", "population"),
    "pd": ("drug", "target", "parameter", "assay"),
    "pd_observed": ("drug", "regimen", "population", "biomarker", "time"),
    "targets_turnover": ("target", "cell_or_compartment", "parameter", "population"),
    "claims": ("claim_id",),
    "kinetics": ("parameter", "definition"),
    "experiments": ("exp_id", "description", "stimulus", "perturbation", "readout"),
    "published_models": ("name",),
}
FOLDERS = dict.fromkeys(("trials", "arms", "outcomes", "baseline"), "trials") | dict.fromkeys(
    ("drugs", "pk", "pd", "pd_observed", "targets_turnover"), "drugs"
)
UNIQUE = ("trials", "arms", "outcomes", "baseline", "drugs", "claims", "published_models")


class ImportFault(Exception):
    """The source, a correction or an addition does not fit; nothing is written."""


def read_csv(file: Path) -> list[Row]:
    """Rows as stripped strings; a ragged row stops the import."""
    with file.open(encoding="utf-8-sig", newline="") as f:
        rows = list(csv.DictReader(f))
    for i, row in enumerate(rows, start=2):
        if None in row or None in row.values():
            raise ImportFault(f"{file.name} row {i}: not as many cells as the header has columns")
    return [{k: v.strip() for k, v in row.items()} for row in rows]


def read_source(folder: Path) -> Tables:
    """Every source table, each row given `doi`, `pmid` and, where the table has no key, a `row_id`."""
    tables: Tables = {}
    for name in KEYS:
        rows = read_csv(folder / FOLDERS.get(name, "biology") / f"{name}.csv")
        tables[name] = [{**row, "doi": row.get("doi", ""), "pmid": row.get("pmid", "")} for row in rows]
    number_rows(tables)
    return tables


def number_rows(tables: Tables) -> None:
    """Give keyless tables their row_id: table, first key field, running number within it."""
    for name in KEYS.keys() - set(UNIQUE):
        count: dict[str, int] = {}
        for row in tables[name]:
            stem = evidence_derive.slug(row[KEYS[name][0]] if name != "kinetics" else "")
            count[stem] = count.get(stem, 0) + 1
            row["row_id"] = "-".join(p for p in (name, stem, f"{count[stem]:0{3 if not stem else 2}d}") if p)


def find_row(table: str, rows: list[Row], key: str) -> Row:
    """The one row that a correction's key names."""
    hits = [r for r in rows if r.get("row_id") == key]
    fields = key.split("|")
    if not hits:
        hits = [r for r in rows if [r.get(k, "") for k in KEYS[table]][: len(fields)] == fields]
    if len(hits) != 1:
        raise ImportFault(f"corrections: {table} key {key!r} names {len(hits)} rows, must name one")
    return hits[0]


def correct(tables: Tables, file: Path) -> int:
    """Apply one file of corrections in order; returns how many."""
    done = 0
    for line, fix in enumerate(read_csv(file), start=2):
        where = f"{file.name} row {line}"
        table, column = fix["table"], fix["column"]
        if table not in tables:
            raise ImportFault(f"{where}: no table {table!r}; tables: {', '.join(KEYS)}")
        row = find_row(table, tables[table], fix["key"])
        if column == "*" and fix["new"] == "delete":
            tables[table].remove(row)
        elif column not in row:
            raise ImportFault(f"{where}: {table} has no column {column!r}; columns: {', '.join(row)}")
        elif row[column] != fix["old"]:
            raise ImportFault(f"{where}: {table} {fix['key']} {column} is {row[column]!r}, not {fix['old']!r}")
        else:
            row[column] = fix["new"]
        done += 1
    return done


def add(tables: Tables, folder: Path) -> int:
    """Append the rows of `evidence_additions/<table>.csv`; returns how many."""
    done = 0
    for file in sorted(folder.glob("*.csv")) if folder.is_dir() else []:
        name = file.stem.split(".")[0]
        if name not in tables:
            raise ImportFault(f"{file.name}: no table of that name; tables: {', '.join(KEYS)}")
        columns = [c for c in tables[name][0] if c != "row_id"]
        for line, row in enumerate(read_csv(file), start=2):
            strange = sorted(set(row) - set(columns))
            if strange:
                raise ImportFault(f"{file.name}: no column {', '.join(strange)}; columns: {', '.join(columns)}")
            full = {c: row.get(c, "") for c in columns}
            key = [full[k] for k in KEYS[name]]
            if name in UNIQUE and any([r[k] for k in KEYS[name]] == key for r in tables[name]):
                raise ImportFault(f"{file.name} row {line}: {'|'.join(key)} is already there; correct it instead")
            tables[name].append(full)
            done += 1
    number_rows(tables)
    return done


def write_csv(file: Path, columns: list[str], rows: list[Row]) -> None:
    """One table, LF line ends, canonical column order."""
    with file.open("w", encoding="utf-8", newline="") as f:
        out = csv.DictWriter(f, columns, lineterminator="\n", extrasaction="raise", restval="")
        out.writeheader()
        out.writerows(rows)


def main(argv: list[str] | None = None) -> int:
    """Run the import; exit 2 with one line when something does not fit."""
    ask = argparse.ArgumentParser(description="Import the curated evidence tables")
    ask.add_argument("source", type=Path)
    ask.add_argument("--out", type=Path, default=LIBRARY)
    args = ask.parse_args(argv)
    try:
        tables = read_source(args.source)
        corrected = sum(correct(tables, f) for f in sorted(HERE.glob("evidence_corrections*.csv")))
        added = add(tables, HERE / "evidence_additions")
        kept = args.out / "evidence"
        derived, notes = evidence_derive.derive(tables, kept)
        bib = evidence_sources.cite(derived, HERE / "evidence_references.csv")
    except ImportFault as fault:
        print(f"import stopped, nothing written: {fault}", file=sys.stderr)
        return 2
    for name, (columns, rows) in evidence_derive.canonical(derived, kept).items():
        write_csv(kept / f"{name}.csv", columns, rows)
    (args.out / "sources.bib").write_text(bib, encoding="utf-8")
    print(f"{corrected} corrections, {added} additions; " + "; ".join(f"{t} {len(r)}" for t, r in derived.items()))
    print(*notes, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
