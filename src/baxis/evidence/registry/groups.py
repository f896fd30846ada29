"""What is gathered from the results section of a record, and its groups as arms."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any

from baxis.evidence.registry import words
from baxis.evidence.registry.matching import RecordedArm, known_arms, match
from baxis.evidence.store.rules import GROUP

Row = dict[str, str]


@dataclass
class Results:
    """Rows gathered from one record, its arms, and what was not mapped.

    `groups` are the arms of the results groups seen so far by (title, description), and `pseudo` the groups that are
    no arm for sure: each has a row of its own, which no analysis takes for an arm."""

    nct: str
    arms: list[RecordedArm]
    drugs: dict[str, str]
    outcomes: list[Row] = field(default_factory=list)
    baseline: list[Row] = field(default_factory=list)
    unmapped: list[str] = field(default_factory=list)
    pseudo: list[Row] = field(default_factory=list)
    groups: dict[tuple[str, str], str] = field(default_factory=dict)
    endpoints: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, nct: str, module: dict[str, Any], rows: list[Row]) -> Results:
        """Nothing gathered yet."""
        arms, drugs = known_arms(module, rows)
        return cls(nct, arms, drugs)

    @property
    def rows(self) -> list[Row]:
        """Rows of arms.csv: the record's arms, then the groups that are none."""
        return [*(a.row for a in self.arms), *self.pseudo]

    @property
    def tail(self) -> Row:
        """Provenance of every row of a record."""
        return {"provenance": "verified", "source_url": f"https://clinicaltrials.gov/study/{self.nct}"}

    def say(self, what: str) -> None:
        """List something that has no place."""
        self.unmapped.append(f"{self.nct}: {what}")

    def of_groups(self, groups: list[dict[str, Any]]) -> dict[str, str]:
        """Arm of each results group of one measure by the group's id. Two groups of a measure are never one arm."""
        found = {g["id"]: self._arm(g) for g in groups}
        for arm in {a for a in found.values() if list(found.values()).count(a) > 1}:
            same = [g for g in groups if found[g["id"]] == arm]
            exact = [g for g in same if self._labelled(g, arm)]
            for g in same:
                if len(exact) != 1 or g is not exact[0]:
                    found[g["id"]] = self._pseudo(g, f"another group of the same measure is arm {arm}")
        return found

    def _labelled(self, group: dict[str, Any], arm: str) -> bool:
        from baxis.evidence.registry.matching import plain

        return any(a.row["arm_id"] == arm and a.label == plain(group.get("title", "")) for a in self.arms)

    def _arm(self, group: dict[str, Any]) -> str:
        key = (group.get("title", group["id"]), group.get("description", ""))
        if key not in self.groups:
            found = match(*key, self.arms, self.drugs)
            self.groups[key] = self._pseudo(group, found) if isinstance(found, str) else found["arm_id"]
        return self.groups[key]

    def _pseudo(self, group: dict[str, Any], why: str) -> str:
        """Row of a group that is no arm for sure; it is listed with the reason."""
        title = group.get("title", "") or group["id"]
        label = GROUP + title
        if known := next((r for r in self.pseudo if r["arm_label"] == label), None):
            return known["arm_id"]
        taken = [r["arm_id"] for r in self.rows]
        name = words.unique("group_" + (words.slug(title, 40).casefold() or "x"), taken)
        self.pseudo.append({
            "trial_id": self.nct.lower(), "arm_id": name, "role": "active", "arm_label": label, "drug": "standard care",
        })  # fmt: skip
        self.say(
            f"results group {title!r} is none of the arms for sure ({why}); its numbers are kept as those of the "
            f"analysis group {name}, which no analysis uses"
        )
        return name

    def endpoint(self, title: str) -> str:
        """Name made from an outcome's title, one a title."""
        if title not in self.endpoints:
            self.endpoints[title] = words.unique(words.slug(title) or "outcome", self.endpoints.values())
        return self.endpoints[title]


NUMBER = re.compile(r"[-+]?(?:[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?|[-+]?\.[0-9]+")


def number(value: Any) -> float | None:
    """A register number ('12.3', '1,024'), or None for 'NA', '<0.1', '12,5' and the like."""
    text = str(value).strip()
    x = float(text.replace(",", "")) if NUMBER.fullmatch(text) else math.nan
    return x if math.isfinite(x) else None


def show(value: float | None) -> str:
    """A number as a cell."""
    return "" if value is None else f"{value:.10g}"


def counts(denominators: list[dict[str, Any]]) -> dict[str, float]:
    """Participants by group id."""
    out: dict[str, float] = {}
    for entry in denominators:
        if "articipant" in entry.get("units", "Participants"):
            out |= {c["groupId"]: v for c in entry.get("counts", []) if (v := number(c.get("value"))) is not None}
    return out
