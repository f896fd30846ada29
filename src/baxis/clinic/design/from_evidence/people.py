"""Who enters and what they take: entry criteria, prior treatment and background therapy, read off a trial's words."""

from __future__ import annotations

import re

from baxis import axis
from baxis.clinic.design.design import Background, Entry, Treatment
from baxis.clinic.design.from_evidence.rules import matching
from baxis.clinic.instruments import Instrument

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


def background(disease: str, text: str, population: str) -> tuple[list[Background], list[Treatment], list[str]]:
    """Drugs that patients rest under or are given from entry on, drugs that every arm is given later, and notes.

    The first rule that fits counts for each drug and way of giving. A drug of the disease's usual background that the
    text does not name keeps the dose of the disease table.
    """
    found: dict[tuple[str, str], dict[str, str]] = {}
    for row, _ in matching("background", disease, text):
        if _people_fit(row["population"], population):
            found.setdefault((row["drug"], row["given"]), row)
    notes = [
        f"background {drug} ({'from entry' if given == 'entry' else 'at rest'}) assumed: {row['rationale']}"
        for (drug, given), row in found.items()
        if row["kind"] == "assumed"
    ]
    drugs = [_therapy(row) for row in found.values() if row["given"] == "rest" or _steps(row)[0][0] == 0]
    later = [t for row in found.values() if row["given"] == "entry" and _steps(row)[0][0] > 0 for t in _later(row)]
    return drugs, later, notes + _unread(text, drugs)


def _people_fit(pattern: str, population: str) -> bool:
    """The population holds the pattern; after `!` it does not."""
    return not pattern or bool(re.search(pattern.removeprefix("!"), population)) != pattern.startswith("!")


def _therapy(row: dict[str, str]) -> Background:
    """A drug that patients rest under, or one that all are given from entry on (its first step is its dose)."""
    plain = {k: row[k] for k in ("drug", "dose", "dose_unit", "dose_cv", "share", "taper_share")}
    steps = _steps(row)
    entry_drug = row["given"] == "entry"
    if entry_drug:
        plain["dose"], steps = str(steps[0][1]), steps[1:]
    tapers = [{"week": week, "dose": dose} for week, dose in steps]
    return Background.model_validate({**plain, "taper": tapers, "from_entry": entry_drug})


def _later(row: dict[str, str]) -> list[Treatment]:
    """A drug that every arm is given from a later week on: one daily treatment for each step of its course."""
    steps = _steps(row)
    ends = [week for week, _ in steps[1:]] + [None]
    plain = {"drug": row["drug"], "dose_unit": row["dose_unit"], "route": "po"}
    return [
        Treatment.model_validate({
            **plain, "dose": dose, "start_day": week * 7.0,
            "schedule": "qd" if end is None else f"qd x{round((end - week) * 7)}",
        })
        for (week, dose), end in zip(steps, ends, strict=True)
        if dose > 0
    ]  # fmt: skip


def _steps(row: dict[str, str]) -> list[tuple[float, float]]:
    """(week, dose) of a course or taper."""
    pairs = (step.split(":") for step in row["taper"].split(";") if step)
    return [(float(week), float(dose)) for week, dose in pairs]


def _unread(text: str, drugs: list[Background]) -> list[str]:
    """Sentences on what the background text says and the design does not hold."""
    notes, found = [], {b.drug for b in drugs}
    if "taper" in text and not any(b.taper for b in drugs):
        notes.append("background: steroid taper named, its doses by week are not in the tables; the dose is held")
    if text and (not found or (re.search(r"MTX|DMARD", text) and "methotrexate" not in found)):
        notes.append(f"background {text!r} not read in full; the disease's usual background stands in")
    named = re.findall(r"rituximab|belimumab|leflunomide|\bAZA\b|TNFi|immunosuppress\w+", text)
    return notes + [f"background: {n} is named and not given" for n in dict.fromkeys(named)]
