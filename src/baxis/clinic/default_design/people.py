"""Who enters and what they take: entry criteria, prior treatment and background therapy, read off a trial's words."""

from __future__ import annotations

import re

from ... import axis
from ..design import Background, Entry, Taper
from ..instruments import Instrument
from .rules import matching

# Criteria that trials print and no single measure holds: named in the notes, never put into the design.
UNHELD = {
    r"BILAG[^,;]*": "BILAG",
    r"(?:anti-(?:SSA|Ro|dsDNA|Sm)|ANA|RF|ACPA|autoantibody|sero)[^,;]*positive": "serology",
    r"biopsy[^,;]*": "biopsy",
    r"stimulated (?:whole saliva|flow)[^,;]*": "salivary flow",
    r"steroids? \d[^,;]*": "steroid range",
    r"[^,;]*(?:remission|good responders|retreatment|improved on)[^,;]*": "state after earlier treatment",
    r"(?:Chin|Japan|Korea)\w*": "region",
}


def entry(disease: str, population: str, tool: Instrument) -> tuple[list[Entry], list[str]]:
    """Entry criteria read from the population text, the disease's usual ones where it says nothing, and notes."""
    known = {**tool.units, **{k: o.unit for k, o in axis.outputs().items()}}
    found: dict[tuple[str, str], Entry] = {}
    notes = []
    for row, hit in matching("entry", disease, population):
        key = (row["measure"], row["bound"])
        if key in found:
            continue
        value = float(next(g for g in hit.groups() if g) if row["value"] == "$1" else row["value"])
        value *= float(row["factor"])
        if row["measure"] not in known:
            notes.append(f"entry criterion {row['measure']} {row['bound']} {value:g}: no measure of the instrument")
            continue
        plain = {
            "measure": row["measure"],
            "unit": known[row["measure"]],
            "at": row["at"],
            row["bound"]: value,
        }
        found[key] = Entry.model_validate(plain)
        if row["kind"] == "assumed":
            notes.append(f"entry {row['measure']} {row['bound']} {value:g} assumed: {row['rationale']}")
    adult = Entry(measure="age_y", min=18, unit="year")
    return [*found.values(), adult], notes + _unheld(population)


def _unheld(population: str) -> list[str]:
    hits = ((kind, m[0].strip()) for pattern, kind in UNHELD.items() for m in re.finditer(pattern, population))
    return [f"population: {text!r} is not an entry criterion of the design ({kind})" for kind, text in hits]


def prior_treatment(disease: str, population: str) -> str:
    """Prior treatment by the first rule that fits ('' when none does)."""
    return next((row["prior_treatment"] for row, _ in matching("prior", disease, population)), "")


def background(disease: str, text: str) -> tuple[list[Background], list[str]]:
    """Background drugs, the first rule that fits for each drug, and notes.

    A drug of the disease's usual background that the text does not name keeps the dose of the disease table.
    """
    found: dict[str, Background] = {}
    notes = []
    for row, _ in matching("background", disease, text):
        if row["drug"] in found:
            continue
        steps = tuple(_taper(step) for step in row["taper"].split(";") if step)
        plain = {k: row[k] for k in ("drug", "dose", "dose_unit", "dose_cv", "share", "taper_share")}
        found[row["drug"]] = Background.model_validate({**plain, "taper": steps})
        if row["kind"] == "assumed":
            notes.append(f"background {row['drug']} {row['dose']} {row['dose_unit']} assumed: {row['rationale']}")
    if "taper" in text and not any(b.taper for b in found.values()):
        notes.append("background: steroid taper named, its doses by week are not in the tables; the dose is held")
    if text and (not found or (re.search(r"MTX|DMARD", text) and "methotrexate" not in found)):
        notes.append(f"background {text!r} not read in full; the disease's usual background stands in")
    named = re.findall(r"rituximab|belimumab|leflunomide|azathioprine|\bAZA\b|TNFi|immunosuppress\w+", text)
    notes += [f"background: {n} is named and not given" for n in dict.fromkeys(named) if n not in found]
    return list(found.values()), notes


def _taper(step: str) -> Taper:
    week, dose = step.split(":")
    return Taper(week=float(week), dose=float(dose))
