"""What every part of the review reads: the tables, the matrix of classes and diseases, and the running list of citations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from typing import Any

from baxis.core import sources
from baxis.core.errors import UnknownName
from baxis.evidence import Evidence
from baxis.faces.report.linked import contested, grades
from baxis.insight.omics.classes import Cell


def anchor(text: str) -> str:
    """A name as part of an address inside the page."""
    return "".join(c if c.isalnum() else "-" for c in text)


@dataclass
class Context:
    """Tables and runs of one build. Citing through it numbers a source at its first use."""

    tables: Evidence
    cells: dict[tuple[str, str], Cell]
    numbers: dict[str, int] = field(default_factory=dict)
    claims_used: dict[str, None] = field(default_factory=dict)
    trials_used: dict[str, None] = field(default_factory=dict)

    @cached_property
    def claims(self) -> dict[str, dict[str, Any]]:
        """Claims by id."""
        return {r["claim_id"]: r for r in self.tables.rows("claims")}

    @cached_property
    def trials(self) -> dict[str, dict[str, Any]]:
        """Trials by id."""
        return {r["trial_id"]: r for r in self.tables.rows("trials")}

    @cached_property
    def against(self) -> dict[str, list[str]]:
        """Contested claims: the claims that contradict each."""
        return contested(self.tables)

    @cached_property
    def grade(self) -> dict[str, str]:
        """Grade of each claim."""
        return grades(self.tables)

    def number(self, key: str) -> str:
        """Reference number of a source key; the first of several keys that sources.bib knows."""
        known = sources.load()
        key = next((k for k in (w.strip() for w in key.split(";")) if k in known), "")
        if not key:
            return ""
        return str(self.numbers.setdefault(key, len(self.numbers) + 1))

    def claim(self, key: str) -> str:
        """A claim cited: its reference number, leading to the claim; contested ones are marked."""
        if key not in self.claims:
            raise UnknownName("claim in the review", key, self.claims)
        row = self.claims[key]
        self.claims_used[key] = None
        mark, cls = ("⇄", " class='contested'") if key in self.against else ("", "")
        said = f"{key}, {self.grade[key]}: {row['statement']}"
        said += f" Contested by {', '.join(self.against[key])}." if mark else ""
        return f"<a{cls} href='#{key}' title='{escape(said, quote=True)}'>{self.number(row['source']) or key}{mark}</a>"

    def together(self, keys: Sequence[str]) -> list[str]:
        """Claims cited in one bracket; a second claim from the same reference stands as its own number."""
        links, seen = [], set()
        for key in keys:
            link = self.claim(key)
            number = self.number(self.claims[key]["source"])
            links.append(link.replace(f">{number}", f">{key}", 1) if number and number in seen else link)
            seen.add(number)
        return links

    def trial(self, key: str) -> str:
        """A trial cited: its name, leading to its row."""
        if key not in self.trials:
            raise UnknownName("trial in the review", key, self.trials)
        row = self.trials[key]
        self.trials_used[key] = None
        number = self.number(row["source"])
        name = row["acronym"] or key
        return f"<a href='#T-{anchor(key)}'>{escape(name)}{f', {number}' if number else ''}</a>"

    def cell(self, key: str) -> Cell:
        """A cell of the matrix by `class/disease`; the last slash parts them."""
        name, _, disease = key.rpartition("/")
        if (name, disease) not in self.cells:
            raise UnknownName("cell of the review's matrix", key, [f"{a}/{b}" for a, b in self.cells])
        return self.cells[name, disease]

    def model(self, key: str) -> str:
        """A run of the model cited."""
        found = self.cell(key)
        where = f"{found.drug_class} in {found.disease}"
        return f"<a href='#M-{anchor(key)}' title='{escape(where, quote=True)}'>model: {escape(where)}</a>"
