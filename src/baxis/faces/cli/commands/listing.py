"""`baxis list`: what the library holds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from baxis.faces.cli.words import options
from baxis.faces.cli.words.options import AsJson, Library, OwnEvidence
from baxis.faces.cli.words.output import say_json, say_rows

KINDS = ("drugs", "diseases", "trials")


def listing(
    kind: Annotated[str, options.chosen("list", KINDS, "What to list.")],
    json: AsJson = False,
    library: Library = None,
    evidence: OwnEvidence = None,
) -> None:
    """List the drugs, diseases or trials of the library, and which of them can be simulated."""
    from baxis.core import library as shipped
    from baxis.core.errors import UnknownName, Unsupported

    if kind not in KINDS:
        raise UnknownName("list", kind, KINDS)
    for folder in library or []:
        shipped.overlay(folder)
    folders = tuple(evidence or ())
    if kind == "diseases" and folders:
        raise Unsupported(
            "--evidence: evidence tables add no disease; a disease is a file (lay its folder over the library with --library)"
        )
    rows = diseases() if kind == "diseases" else drugs(folders) if kind == "drugs" else trials(folders)
    if json:
        say_json(rows, 2)
        return
    print_rows(rows, kind)


def table(name: str, folders: tuple[Path, ...]) -> list[dict[str, Any]]:
    """Rows of an evidence table, with the user's folders laid over it."""
    from baxis.core import library

    if not folders:
        return [dict(row) for row in library.read_table(f"evidence/{name}")]
    from baxis import evidence

    return evidence.load(*folders).rows(name)


def drugs(folders: tuple[Path, ...] = ()) -> list[dict[str, Any]]:
    """Every drug of the evidence tables and the library: class, and whether it can be simulated."""
    from baxis import axis

    known = {row["drug"]: row for row in table("drugs", folders)}
    ready = set(axis.drugs())
    shipped = {row["drug"] for row in table("drugs", ())}
    rows = []
    for name in sorted(set(known) | ready):
        status = "yes" if name in ready else f"no: {axis.drug_status(name) if name in shipped else 'no drug file'}"
        rows.append({"drug": name, "class": known.get(name, {}).get("class", ""), "simulated": status})
    return rows


def diseases() -> list[dict[str, Any]]:
    """Every disease code with its name, and whether trials in it can be simulated (it needs an instrument)."""
    from baxis.clinic.instruments import CODES
    from baxis.core import library

    out = []
    for code in library.names("diseases"):
        entry = library.read_toml("diseases", code)
        out.append(
            {
                "disease": code,
                "name": entry.get("name", ""),
                "trials": "yes" if code in CODES else "no instrument yet",
            }
        )
    return out


def trials(folders: tuple[Path, ...] = ()) -> list[dict[str, Any]]:
    """Every trial of the evidence tables: disease, role, primary endpoint, and whether a design file exists."""
    from baxis.core import library

    designs = set(library.names("designs"))
    rows = []
    for row in table("trials", folders):
        fields = {k: row[k] for k in ("trial_id", "disease", "role", "primary_endpoint")}
        rows.append(fields | {"design": "yes" if row["trial_id"] in designs else ""})
    return sorted(rows, key=lambda r: (r["design"] != "yes", r["disease"], r["trial_id"]))


def print_rows(rows: list[dict[str, Any]], title: str) -> None:
    """A plain table; one line a row, names first, when the output is not a terminal."""
    columns = list(rows[0]) if rows else []
    say_rows(columns, [list(row.values()) for row in rows], f"{title} ({len(rows)})")
