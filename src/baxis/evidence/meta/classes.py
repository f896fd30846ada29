"""Drug class of a trial arm, from the committed table of agents (`library/evidence/agents.csv`)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from baxis.core import library

# What is given to everybody of a trial beside the drug under test: named only when it is all there is.
BACKGROUND = frozenset({"glucocorticoid", "placebo", "standard care"})
BACKGROUND_PARTNERS = frozenset({*BACKGROUND, "conventional DMARD"})
CONTROL = frozenset({"placebo", "standard care", "withdrawal"})


@lru_cache(maxsize=4)
def _classes(roots: tuple[object, ...]) -> Mapping[str, str]:
    return {row["agent"].casefold(): row["class"] for row in library.read_table("evidence/agents")}


def classes() -> Mapping[str, str]:
    """Agent (lower case) -> class."""
    return _classes(library.roots())


def drug_class(drug: str) -> str:
    """Class of an arm's `drug` cell; a combination is its classes joined by " + ".

    Background partners (glucocorticoid, conventional DMARD, placebo) are left out where another agent is given.
    An agent without a class keeps its own name, so that nothing is lumped by accident.
    """
    table = classes()
    whole = table.get(drug.casefold().strip())
    if whole:
        return whole
    parts = [re.sub(r"\s*\(either\)\s*", "", p).strip() for p in drug.split("+")]
    found = [table.get(p.casefold(), p) for p in parts if p]
    main = [c for c in found if c not in BACKGROUND_PARTNERS] or [c for c in found if c not in BACKGROUND] or found
    return " + ".join(sorted(set(main))) if main else "unknown"


def base_class(name: str) -> str:
    """Class without its subtype: "BTK inhibitor covalent" -> "BTK inhibitor"."""
    return " + ".join(re.sub(r"^(BTK inhibitor).*", r"\1", part) for part in name.split(" + "))
