"""What `baxis trial --population-of ...` prints: the trial as designed, each element swapped, all together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from baxis.core.plain import to_json
from baxis.core.storing import files
from baxis.core.storing.written import fixed
from baxis.faces.cli.words.output import say

if TYPE_CHECKING:
    from baxis.clinic.design.design import Design
    from baxis.clinic.questions.transport import Swap, Transport


def run(trial: str | Design, swap: Swap, json: str | None, quiet: bool, settings: dict[str, Any]) -> None:
    """Run, then print the table or write the JSON."""

    from baxis.clinic.questions.transport import transport

    found = transport(trial, swap, **settings)
    if json:
        text = to_json(found.to_dict(), 1) + "\n"
        if json == "-":
            say(text.removesuffix("\n"))
        else:
            files.write_text(json, text)
    if not quiet and json != "-":
        show(found)


def show(found: Transport) -> None:
    """The steps as a table, with notes and research use."""
    from baxis.faces.cli.words.layout import table, told, width, wrapped

    rows = []
    for r in found.table.to_dict("records"):
        u, d = (100.0, 1) if r["scale"] == "risk_difference" else (1.0, 2)
        shift = "" if r["shift"] != r["shift"] else fixed(u * r["shift"], d, "+")
        rows.append([
            r["step"], r["arm_id"], fixed(u * r["control"], d), fixed(u * r["active"], d), fixed(u * r["predicted"], d, "+"),
            f"{u * r['pi90'][0]:z.{d}f}..{u * r['pi90'][1]:z.{d}f}", shift,
        ])  # fmt: skip
    say(*told(found.recipe))
    first, last = (found.table.iloc[k] for k in (0, -1))
    say(f"Endpoint: {first.endpoint} at week {first.week:g}")
    if (first.endpoint, first.week) != (last.endpoint, last.week):
        say(f"Endpoint swapped in: {last.endpoint} at week {last.week:g}")
    say("", *table(["step", "arm", "control", "active", "difference", "90 % PI", "shift"], rows), "")
    notes = [f"{note}." for note in found.notes]
    notes.append(
        "Responders in per cent, other endpoints in their points or as log hazard ratio. Same virtual patients by number in every step."
    )
    say(*(part for line in notes for part in wrapped(line, width())))
    say(found.recipe["notice"], strong=True)
