"""`baxis list`: what the library holds."""

from __future__ import annotations

import json as json_module
import sys
from typing import Annotated, Any

import typer

KINDS = ("drugs", "diseases", "trials")


def listing(
    kind: Annotated[str, typer.Argument(metavar="drugs|diseases|trials", help="What to list.")],
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the drugs, diseases or trials of the library, and which of them can be simulated."""
    from ...core.errors import UnknownName

    makers = {"drugs": drugs, "diseases": diseases, "trials": trials}
    if kind not in makers:
        raise UnknownName("list", kind, KINDS)
    rows = makers[kind]()
    if json:
        sys.stdout.write(json_module.dumps(rows, indent=2, ensure_ascii=False) + "\n")
        return
    print_rows(rows, kind)


def drugs() -> list[dict[str, Any]]:
    """Every drug of the evidence tables and the library: class, and whether it can be simulated."""
    from ... import axis
    from ...core import library

    known = {row["drug"]: row for row in library.read_table("evidence/drugs")}
    ready = set(axis.drugs())
    rows = []
    for name in sorted(set(known) | ready):
        status = "yes" if name in ready else f"no: {axis.drug_status(name)}"
        rows.append({"drug": name, "class": known.get(name, {}).get("class", ""), "simulated": status})
    return rows


def diseases() -> list[dict[str, Any]]:
    """Every disease code with its name, and whether trials in it can be simulated (it needs an instrument)."""
    from ...clinic.instruments import CODES
    from ...core import library

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


def trials() -> list[dict[str, Any]]:
    """Every trial of the evidence tables: disease, role, primary endpoint, and whether a design file exists."""
    from ...core import library

    designs = set(library.names("designs"))
    rows = []
    for row in library.read_table("evidence/trials"):
        fields = {k: row[k] for k in ("trial_id", "disease", "role", "primary_endpoint")}
        rows.append(fields | {"design": "yes" if row["trial_id"] in designs else ""})
    return sorted(rows, key=lambda r: (r["design"] != "yes", r["disease"], r["trial_id"]))


def print_rows(rows: list[dict[str, Any]], title: str) -> None:
    """A plain table; one line a row when the output is not a terminal."""
    from . import layout

    if not sys.stdout.isatty():
        for row in rows:
            sys.stdout.write("\t".join(str(v) for v in row.values()) + "\n")
        return
    lines = layout.table(list(rows[0]) if rows else [], [[str(v) for v in row.values()] for row in rows])
    sys.stdout.write("\n".join([f"{title} ({len(rows)})", *lines]) + "\n")
