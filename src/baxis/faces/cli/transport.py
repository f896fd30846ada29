"""What `baxis trial --population-of ...` prints: the trial as designed, each element swapped, all together."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ...core.plain import to_json

if TYPE_CHECKING:
    from ...clinic.design import Design
    from ...clinic.transport import Swap, Transport


def run(trial: str | Design, swap: Swap, json: str | None, quiet: bool, settings: dict[str, Any]) -> None:
    """Run, then print the table or write the JSON."""

    from ...clinic.transport import transport

    found = transport(trial, swap, **settings)
    if json:
        text = to_json(found.to_dict(), 1) + "\n"
        if json == "-":
            sys.stdout.write(text)
        else:
            part = Path(f"{json}.part")
            part.write_text(text, encoding="utf-8")
            part.replace(json)
    if not quiet and json != "-":
        show(found)


def show(found: Transport) -> None:
    """The steps as a table, with notes and research use."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    console = Console()
    table = Table(box=box.SIMPLE, pad_edge=False)
    table.add_column("step")
    table.add_column("arm", no_wrap=True)
    for name in ("control", "active", "difference", "90 % PI", "shift"):
        table.add_column(name, justify="right", no_wrap=True)
    for r in found.table.to_dict("records"):
        u, d = (100.0, 1) if r["scale"] == "risk_difference" else (1.0, 2)
        shift = "" if r["shift"] != r["shift"] else f"{u * r['shift']:+.{d}f}"
        table.add_row(
            r["step"], r["arm_id"], f"{u * r['control']:.{d}f}",
            f"{u * r['active']:.{d}f}", f"{u * r['predicted']:+.{d}f}",
            f"{u * r['pi90'][0]:.{d}f}..{u * r['pi90'][1]:.{d}f}", shift,
        )  # fmt: skip
    first, last = (found.table.iloc[k] for k in (0, -1))
    console.print(f"Endpoint: {first.endpoint} at week {first.week:g}", highlight=False)
    if (first.endpoint, first.week) != (last.endpoint, last.week):
        console.print(f"Endpoint swapped in: {last.endpoint} at week {last.week:g}", highlight=False)
    console.print(table)
    for note in found.notes:
        console.print(note + ".", highlight=False)
    console.print(
        "Responders in per cent, other endpoints in their points or as log hazard ratio. Same virtual patients by number in every step.",
        highlight=False,
    )
    typer.echo(found.recipe["notice"])
