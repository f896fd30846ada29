"""Words for names that readers meet: regulators, background inputs, targets, numbers of kinetics (`library/words.csv`)."""

from __future__ import annotations

from functools import lru_cache

from baxis.core import library


@lru_cache(maxsize=1)
def _rows() -> dict[str, dict[str, str]]:
    return {r["name"]: r for r in library.read_table("words")}


library.on_change(_rows.cache_clear)


def described(name: str) -> str:
    """What a name stands for; empty where the table has none."""
    row = _rows().get(name)
    return row["description"] if row else ""


def label(name: str) -> str:
    """A short name for readers: the gene (with its protein where that reads differently), else the words, else the name."""
    row = _rows().get(name, {"gene": "", "description": ""})
    gene, words = row["gene"], row["description"]
    if gene and gene not in words:
        return f"{gene} ({words.removeprefix('activity of ')})"
    return gene or words or name
