"""Derived columns of the evidence import: clean units, comparators, genes, citations' identifiers, regimens.

Numbers are never changed, but for percentage points that become fractions (each is listed in the import's output).
"""

from __future__ import annotations

import csv
import re
import tomllib
from pathlib import Path

from evidence_units import baseline_row, outcome_row, versus

Row = dict[str, str]
Tables = dict[str, list[Row]]

DOI = re.compile(r"10\.\d{4,9}/[^\s?#&;,]+[^\s?#&;,.)]")
NUMBER = re.compile(r"[-+]?\d+(\.\d+)?([eE][-+]?\d+)?")
VALUE_TABLES = ("experiments", "kinetics", "pk", "pd", "pd_observed", "targets_turnover")


def slug(text: str) -> str:
    """Lower case, words joined by '-'."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def kept_table(folder: Path, name: str) -> list[Row]:
    """A hand-kept table of the library (diseases, agents, schedules, gene_terms)."""
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f))


def identifiers(*texts: str) -> tuple[str, str, str]:
    """(doi, pmid, what is left) from free texts such as 'PMID:123', '10.1002/art.1', 'PMC123', 'EULAR 2025'."""
    doi = pmid = rest = ""
    for text in filter(None, texts):
        found = DOI.search(text)
        if found:
            doi = doi or found.group(0).lower()
        elif m := re.fullmatch(r"(?:PMID:? ?|pubmed )?(\d{6,9})", text):
            pmid = pmid or m.group(1)
        else:
            rest = rest or text
    return doi, pmid, rest


def split_value(row: Row) -> None:
    """`value` keeps a plain number; anything else moves to `value_text`."""
    text = row["value"]
    plain = bool(NUMBER.fullmatch(text))
    row["value"], row["value_text"] = (text, "") if plain else ("", text)


def genes(text: str, terms: dict[str, str]) -> str:
    """HGNC symbols that a free-text subject or object names, ';'-joined; a cell marker (CD19+, CD21low) is no gene."""
    found: dict[str, None] = {}
    left = text
    for term in sorted(terms, key=len, reverse=True):
        pattern = rf"(?<![\w-]){re.escape(term)}(?![\w+])(?!-/)"
        if re.search(pattern, left):
            left = re.sub(pattern, " ", left)
            found.update(dict.fromkeys(terms[term].split(";")))
    return ";".join(sorted(found))


def unaddressed(row: Row, table: str) -> str:
    """A number seen on a page without an address counts as recalled until someone sees it at one."""
    if not row["source_url"] or row["source_url"].startswith("http"):
        return ""
    paper = DOI.search(row["source_url"])
    row["source_url"], row["provenance"] = "", "recalled"
    row["detail"] = "; ".join(p for p in (row.get("detail", ""), "seen only in third-party notes") if p)
    row["reference"] = row.get("reference", "") or (paper.group(0) if paper else "")
    return f"no page address, now recalled: {table} {row.get('trial_id', '')} {row.get('endpoint', '')}"


def derive(tables: Tables, kept: Path) -> tuple[Tables, list[str]]:
    """New tables with the library's columns (citation keys come later) and the list of what was noteworthy."""
    mondo = {r["disease"]: r["mondo"] for r in kept_table(kept, "diseases")}
    regimen = {r["schedule"]: r["regimen"] for r in kept_table(kept, "schedules")}
    terms = {r["term"]: r["genes"] for r in kept_table(kept, "gene_terms")}
    notes = []
    for row in tables["trials"]:
        doi, pmid, row["reference"] = identifiers(row["doi"], row["pmid"], row.pop("doi_or_pmid"))
        row["doi"], row["pmid"], row["mondo"] = doi, pmid, mondo.get(row["disease"], "")
    for row in tables["claims"]:
        doi, pmid, rest = identifiers(row["doi"], row["pmid"], row.pop("pmid_or_doi"))
        row["doi"], row["pmid"], row["mondo"] = doi, pmid, mondo.get(row["disease"], "")
        row["reference"] = rest
        row["subject_genes"], row["object_genes"] = genes(row["subject"], terms), genes(row["object"], terms)
    for row in tables["arms"]:
        row["regimen"] = regimen.get(row["schedule"], "")
    unread = sorted({r["schedule"] for r in tables["arms"]} - set(regimen) - {""})
    notes += [f"schedule without a line in schedules.csv: {s!r}" for s in unread]
    arms = {t["trial_id"]: [a for a in tables["arms"] if a["trial_id"] == t["trial_id"]] for t in tables["trials"]}
    for row in tables["outcomes"]:
        notes += outcome_row(row)
        row["versus"] = versus(row, arms[row["trial_id"]])
    for row in tables["baseline"]:
        baseline_row(row)
    for name in VALUE_TABLES:
        for row in tables[name]:
            split_value(row)
            row["reference"] = row.pop("source", "")
    for name, rows in tables.items():
        if name not in ("arms", "drugs"):
            notes += [n for row in rows if (n := unaddressed(row, name))]
    for row in tables["published_models"]:
        row["reference"] = row["citation"]
        row["code_location"] = row["code_location"].replace("; not found among stored GitHub repositories", "")
    return tables, notes


def canonical(tables: Tables, kept: Path) -> dict[str, tuple[list[str], list[Row]]]:
    """(columns, rows sorted by key) of each table, as the schema orders them."""
    schema = tomllib.loads((kept / "schema.toml").read_text(encoding="utf-8"))
    out = {}
    for name, rows in tables.items():
        columns = list(schema[name]["columns"])
        key = schema[name]["key"]
        tidy = [{c: row.get(c, "") for c in columns} for row in rows]
        out[name] = (columns, sorted(tidy, key=lambda r: [natural(r[k]) for k in key]))
    return out


def natural(text: str) -> list[tuple[int, float, str]]:
    """Sort key that orders numbers inside a text by size ('week 4' before 'week 12')."""
    parts = re.findall(r"\d+\.\d+|\d+|\D+", text)
    return [(0, float(p), "") if p[0].isdigit() else (1, 0.0, p) for p in parts]
