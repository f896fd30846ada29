"""What is gathered from the results section of a record, and the matching of its groups to arms."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from . import words

Row = dict[str, str]


@dataclass
class Results:
    """Rows gathered from one record, its arms by lower-case label, and what was not mapped."""

    nct: str
    arms: dict[str, Row]
    outcomes: list[Row] = field(default_factory=list)
    baseline: list[Row] = field(default_factory=list)
    unmapped: list[str] = field(default_factory=list)

    @property
    def tail(self) -> Row:
        """Provenance of every row of a record."""
        return {"provenance": "verified", "source_url": f"https://clinicaltrials.gov/study/{self.nct}"}

    def arm(self, title: str) -> str:
        """Arm of a results group by its title; a group that is no arm becomes a pseudo-arm and is listed."""
        label = title.casefold().strip()
        near = get_close_matches(label, self.arms, n=1, cutoff=0.72)
        held = [known for known in self.arms if known and (known in label or label in known)]
        hit = label if label in self.arms else near[0] if near else held[0] if len(held) == 1 else ""
        if hit:
            return self.arms[hit]["arm_id"]
        row = {
            "trial_id": self.nct.lower(), "arm_id": words.slug(title, 40).casefold(), "role": "active",
            "arm_label": f"analysis group: {title}", "drug": "placebo" if "placebo" in label else "standard care",
        }  # fmt: skip
        self.arms[label] = row
        self.unmapped.append(f"{self.nct}: results group {title!r} is none of the arms, kept as a pseudo-arm")
        return row["arm_id"]


def number(value: Any) -> float | None:
    """A register number ('12.3', '1,024'), or None for 'NA', 'NaN' and the like."""
    try:
        x = float(str(value).replace(",", ""))
    except ValueError:
        return None
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
