"""`baxis show`: all about a drug, disease, trial, claim, experiment or parameter, each number with its source."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from baxis.faces.cli.words.options import AsJson, Library, OwnEvidence
from baxis.faces.cli.words.output import say, say_json

Section = tuple[str, list[dict[str, Any]]]


def show(
    name: Annotated[str, typer.Argument(help="A drug, disease, trial, claim, experiment, gene or parameter.")],
    json: AsJson = False,
    library: Library = None,
    evidence: OwnEvidence = None,
) -> None:
    """Print one entry of the library with every number's unit, kind and source."""
    from baxis.core import library as shipped

    for folder in library or []:
        shipped.overlay(folder)
    sections = sections_of(name, tuple(evidence or ()))
    if json:
        data = {"name": name, "sections": [{"title": t, "rows": rows} for t, rows in sections]}
        say_json(data, 2)
        return
    print_sections(sections)


def sections_of(name: str, folders: tuple[Path, ...] = ()) -> list[Section]:
    """Sections that describe a name, from every place that knows it; UnknownName with the nearest of all names."""
    from baxis.core.errors import UnknownName

    mine = [s for finder in FINDERS for s in finder(name)]
    found = mine + (_behind(mine) if mine else []) + _evidence(name, folders)
    if not found:
        raise UnknownName(
            "name",
            name,
            all_names(),
            "`baxis list trials|drugs|diseases` and `baxis evidence search TEXT` help",
        )
    return found


def _behind(sections: list[Section]) -> list[Section]:
    """What the numbers of library files rest on: citations of DOIs and PMIDs, statements of claims."""
    from baxis import evidence
    from baxis.core import sources

    rows = [row for _, part in sections for row in part]
    words = {w.strip() for row in rows for w in str(row.get("source", "")).split(";")} - {""}
    dois = {i.rstrip(".,").casefold() for w in words for i in re.findall(r"10\.\d{4,9}/\S+|(?<=PMID )\d+", w)}
    known = [s for s in sources.load().values() if s.key in words or dois & ({s.doi.casefold(), s.pmid} - {""})]
    named = {c for row in rows for c in re.findall(r"\bC\d{3}\b", _cell(row.get("claims", "")))}
    claims = evidence.load().frames["claims"] if named else None
    stated = [] if claims is None else claims[claims["claim_id"].isin(named)].to_dict("records")
    texts = {k: s.text for k, s in sources.load().items()} if stated else {}
    return [
        ("claims behind it", [
            {"claim": c["claim_id"], "statement": c["statement"], "citation": texts.get(c["source"], "")}
            for c in stated
        ]),
        ("citations", [{"key": s.key, "citation": s.text} for s in known]),
    ]  # fmt: skip


def all_names() -> set[str]:
    """Every name that `show` knows: for the nearest match."""
    from baxis import evidence
    from baxis.core import library
    from baxis.evidence.ask.genes import genes

    names = set(library.names("drugs")) | set(library.names("diseases")) | set(library.names("designs"))
    names |= {p for table in ledger_tables() for p in _read(table)}
    tables = evidence.load()
    names |= set(tables.trials["trial_id"]) | set(tables.claims["claim_id"]) | set(tables.drugs["drug"])
    return names | set(tables.experiments["exp_id"]) | genes(tables)


def ledger_tables() -> list[str]:
    """Every ledger of numbers in the library; a table of another kind beside them has no column `name`."""
    from baxis.core import library

    found = {f"{kind}/{t}" for kind in ("parameters", "instruments") for t in library.names(kind, ".csv")}
    return sorted(t for t in found if all("name" in row for row in library.read_table(t)[:1]))


def _read(table: str) -> dict[str, Any]:
    from baxis.core import ledger

    return ledger.read(table)


def _parameter(name: str) -> list[Section]:
    out: list[Section] = []
    for table in ledger_tables():
        if name in _read(table):
            row = {k: v for k, v in asdict(_read(table)[name]).items() if v not in ("", None, ())}
            out.append((f"parameter {name} ({table}.csv)", [row]))
    for code, value in _regulators(name).items():
        out.append((f"regulator {name} in {code}", [value]))
    return out


def _regulators(name: str) -> dict[str, dict[str, Any]]:
    from baxis.core import library

    out = {}
    for code in library.names("diseases"):
        table = library.read_toml("diseases", code).get("regulators", {})
        if name in table:
            out[code] = table[name]
    return out


def _disease(name: str) -> list[Section]:
    from baxis.core import library
    from baxis.core.errors import UnknownName
    from baxis.core.reading import disease_names

    try:
        name = disease_names.code(name)
    except UnknownName:
        return []
    entry = library.read_toml("diseases", name)
    plain = {k: v for k, v in entry.items() if not isinstance(v, dict | list)}
    rows = [{"regulator": k, **v} for k, v in entry.get("regulators", {}).items()]
    kinds = [dict(k) for k in entry.get("endotypes", [])]
    return [
        (f"disease {name}", [plain]),
        ("background", [entry.get("background", {})]),
        ("endotypes", kinds),
        ("regulators", rows),
    ]


def _drug(name: str) -> list[Section]:
    from baxis.core import library

    if name not in library.names("drugs"):
        return []
    entry = library.read_toml("drugs", name)
    sections: list[Section] = [(f"drug {name}", [{k: v for k, v in entry.items() if not isinstance(v, dict | list)}])]
    for key, value in entry.items():
        if isinstance(value, dict):
            nested = all(isinstance(v, dict) for v in value.values())
            sections.append((key, [{"name": k, **v} for k, v in value.items()] if nested else [value]))
        elif isinstance(value, list):
            sections.append((key, [v if isinstance(v, dict) else {"value": v} for v in value]))
    return sections


def _evidence(name: str, folders: tuple[Path, ...]) -> list[Section]:
    from baxis import evidence
    from baxis.core.errors import UnknownName

    try:
        sheet = evidence.sheet(name, evidence.load(*folders))
    except UnknownName:
        return []
    head = f"{sheet.kind} {sheet.name}" + (f": {sheet.title}" if sheet.title != sheet.name else "")
    parts = [(s.title, [dict(zip(s.columns, r, strict=True)) for r in s.rows]) for s in sheet.sections]
    return [(f"{head} (evidence)", []), *parts]


FINDERS: tuple[Callable[[str], list[Section]], ...] = (_disease, _drug, _parameter)


def print_sections(sections: list[Section]) -> None:
    """Each section: one row or name-value pairs as lines, several rows as a table."""
    from baxis.faces.cli.words import layout

    for title, rows in sections:
        if not rows and not title.endswith("(evidence)"):
            continue
        head = layout.wrapped(title, layout.width())
        lines: list[str] = []
        if rows and set(rows[0]) == {"field", "value"}:
            lines += layout.facts([(r["field"], r["value"]) for r in rows])
        elif len(rows) == 1:
            lines += layout.facts([(k, _cell(v)) for k, v in rows[0].items() if _cell(v)])
        elif rows:
            names = list({key: None for row in rows for key in row})
            lines += layout.table(names, [[_cell(row.get(n, "")) for n in names] for row in rows])
        say("")
        say(*head, strong=True)
        if lines:
            say("\n".join(lines))


def _cell(value: Any) -> str:
    if value is None or value != value:
        return ""
    if isinstance(value, dict):
        return ", ".join(f"{k} {_cell(v)}" for k, v in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_cell, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
