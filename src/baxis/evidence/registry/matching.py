"""Which arm a results group is: by its label, else by drug and dose; never by likeness of names.

A group that combines arms, covers a period, or names no drug and dose that one arm alone has, is told apart: the
answer is then the reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from baxis.evidence.registry import words

Row = dict[str, str]
DUMMY = re.compile(
    r"\b(?:(?:matching|matched|oral|sham|dummy)[\s-]+)*placebo(?:s)?"
    r"(?:[\s-]+(?:matching|matched|to match|comparator|for|of)(?:[\s-]+(?:to|for))?(?=[\s-]))?",
    re.I,
)
COMBINED = re.compile(r"\b(?:all|total|overall|combined|pooled|any|either|both|total population)\b", re.I)
PERIOD = re.compile(
    r"\b(?:period|part|stage|phase|sequence|cross-?over|open-label|extension|run-?in|wash-?out|follow-?up|"
    r"re-?randomi[sz]ed|rescue[d]?|switch(?:ed|ing)?|withdrawal)\b",
    re.I,
)
TURN = re.compile(r"\b(?:then|to|followed by|switch\w*|into)\b|->|→|⇒|/", re.I)


@dataclass(frozen=True)
class Administered:
    """What a text says is given: drugs of the record by their own names, doses as (amount, unit), and how."""

    drugs: frozenset[str]
    doses: frozenset[tuple[float, str]]
    schedule: str
    route: str
    placebo: bool

    def without(self, background: frozenset[str]) -> Administered:
        """The same without what everybody gets."""
        return replace(self, drugs=self.drugs - background)


@dataclass(frozen=True)
class RecordedArm:
    """One arm of the record: its row, its label in plain words, and what it gets."""

    row: Row
    label: str
    given: Administered


def plain(text: str) -> str:
    """A label in small letters, without marks between its words."""
    return " ".join(re.findall(r"[^\W_]+(?:[.,]\d+)*", text.casefold()))


def drug_names(interventions: Iterable[dict[str, Any]]) -> dict[str, str]:
    """Every name of an intervention in small letters -> the record's own name of it."""
    out: dict[str, str] = {}
    for entry in interventions:
        own = words.drug(entry.get("name", ""))
        if not own or "placebo" in own:
            continue
        for name in (own, *(words.drug(n) for n in entry.get("otherNames", []))):
            for part in (name, *re.split(r"[()]", name)):
                if len(part.strip()) > 2 and "placebo" not in part:
                    out.setdefault(part.strip(), own)
    return out


def treatment(text: str, names: dict[str, str]) -> Administered:
    """What a text says is given."""
    placebo = bool(re.search(r"placebo|\bsham\b", text, re.I))
    rest = DUMMY.sub(" ", text).casefold()
    if placebo:  # "placebo matching X" names X without giving it
        for m in DUMMY.finditer(text):
            tail = text[m.end() :].casefold().lstrip(" -")
            named = next((n for n in sorted(names, key=len, reverse=True) if tail.startswith(n)), "")
            if named and re.search(r"(?:match\w*|for|of|to)\W*$", m[0], re.I):
                rest = rest.replace(named, " ", 1)
    found = set()
    for name in sorted(names, key=len, reverse=True):
        pattern = rf"(?<![^\W_]){re.escape(name)}(?![^\W_])"
        if re.search(pattern, rest):
            found.add(names[name])
            rest = re.sub(pattern, " ", rest)
    return Administered(frozenset(found), words.doses(text), words.schedule(text), words.route(text), placebo)


def known_arms(module: dict[str, Any], rows: list[Row]) -> tuple[list[RecordedArm], dict[str, str]]:
    """The record's arms with what they get, and the names of its drugs."""
    names = drug_names(module.get("interventions", []))
    details = {
        f"{i.get('type', '')}: {i.get('name', '')}".replace("_", " ").casefold(): i.get("description", "")
        for i in module.get("interventions", [])
    }
    found = []
    for group, row in zip(module.get("armGroups", []), rows, strict=True):
        label, said = group.get("label", ""), group.get("description", "")
        listed = group.get("interventionNames", [])
        parts = [treatment(t, names) for t in (label, said, " ; ".join(listed))]
        more = [treatment(details.get(n.casefold(), ""), names) for n in listed]
        drugs = parts[2].drugs or parts[0].drugs | parts[1].drugs
        doses = next((p.doses for p in (parts[0], parts[1], parts[2]) if p.doses), frozenset())
        if not doses:
            doses = frozenset(d for m in more for d in m.doses)
        schedule = parts[0].schedule or parts[1].schedule
        placebo = row["role"] == "placebo" or any(p.placebo for p in parts)
        route = parts[0].route or parts[1].route
        found.append(RecordedArm(row, plain(label), Administered(drugs, doses, schedule, route, placebo)))
    return found, names


def match(title: str, description: str, arms: list[RecordedArm], names: dict[str, str]) -> Row | str:
    """Row of the arm that a results group is, or the reason why that is not sure."""
    same = [a for a in arms if a.label == plain(title) and a.label]
    if len(same) == 1:
        return same[0].row
    if len(same) > 1:
        return f"{len(same)} arms have this label"
    if COMBINED.search(title):
        return "its title says that it joins arms"
    if PERIOD.search(title):
        return "its title names a period or part of the trial"
    said, more = treatment(title, names), treatment(description, names)
    background = _background(arms)
    if said.placebo and said.drugs - background and TURN.search(title):
        return "its title names a change of treatment"
    drugs = said.drugs or (more.drugs if not said.placebo else frozenset())
    given = replace(
        said, drugs=drugs - background, doses=said.doses or more.doses, schedule=said.schedule or more.schedule,
        route=said.route or more.route, placebo=said.placebo or (more.placebo and not more.drugs),
    )  # fmt: skip
    return _by_treatment(given, arms, background)


def _background(arms: list[RecordedArm]) -> frozenset[str]:
    """Drugs that every arm gets."""
    shared = [a.given.drugs for a in arms]
    return frozenset.intersection(*shared) if len(shared) > 1 else frozenset()


def _by_treatment(given: Administered, arms: list[RecordedArm], background: frozenset[str]) -> Row | str:
    if not given.drugs:
        if not given.placebo:
            return "neither title nor description names a drug of the trial"
        found = [a for a in arms if a.given.placebo and not a.given.drugs - background]
        return _one(found, given, "placebo arms", "no arm gets placebo alone")
    what = " + ".join(sorted(given.drugs))
    found = [a for a in arms if a.given.drugs - background == given.drugs]
    if not found:
        return f"no arm gets {what} and nothing else"
    dose = ", ".join(f"{x:g} {u}" for x, u in sorted(given.doses))
    if given.doses:
        told = [a for a in found if a.given.doses == given.doses]
        if not told and not (len(found) == 1 and not found[0].given.doses):
            return f"no arm gets {what} at {dose}"
        found = told or found
    return _one(found, given, f"arms get {what}{' at ' + dose if dose else ''}", "")


def _one(found: list[RecordedArm], given: Administered, several: str, none: str) -> Row | str:
    """The one arm left by schedule and route, or the reason."""
    if not found:
        return none
    for what in ("schedule", "route"):
        wanted = getattr(given, what)
        if wanted:
            other = [a for a in found if getattr(a.given, what) not in ("", wanted)]
            found = [a for a in found if a not in other]
            if not found:
                return f"its {what} ({wanted}) is not that of the arm ({getattr(other[0].given, what)})"
            exact = [a for a in found if getattr(a.given, what) == wanted]
            found = exact if len(found) > 1 and exact else found
    return found[0].row if len(found) == 1 else f"{len(found)} {several}, and nothing tells which it is"
