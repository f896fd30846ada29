"""Rule tables of default designs (`library/scoreboard/*_rules.csv`): patterns of trial texts and what they mean."""

from __future__ import annotations

import re
from collections.abc import Iterator

from baxis.core import library


def rules(table: str, disease: str) -> list[dict[str, str]]:
    """Rows of one rule table for a disease, in file order. table: entry, prior, background or endpoint."""
    return [r for r in library.read_table(f"scoreboard/{table}_rules") if r["disease"] == disease]


def matching(table: str, disease: str, text: str) -> Iterator[tuple[dict[str, str], re.Match[str]]]:
    """Rules whose pattern (`when` or `pattern`; empty matches) is found in the text and whose `unless` is not."""
    for row in rules(table, disease):
        hit = re.search(row.get("when", "") or row.get("pattern", ""), text)
        if hit and not (row.get("unless") and re.search(row["unless"], text)):
            yield row, hit


def cohort_text(population: str, versus: str) -> str:
    """The part of a population text that concerns one cohort: `pop 1: ...; pop 2: ...` with control arm `p1_...`."""
    parts = re.findall(r"(?:cohort|pop) (\d): (.*?)(?=; (?:cohort|pop) \d: |$)", population)
    which = re.match(r"[a-z](\d)_", versus)
    chosen = [text for number, text in parts if which and number == which[1]]
    shared = population.rsplit(";", 1)[-1] if len(parts) > 1 and population.count(";") >= len(parts) else ""
    return "; ".join(p for p in (*chosen, shared.strip()) if p) if chosen else population
