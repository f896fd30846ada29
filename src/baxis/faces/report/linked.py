"""Claims and sources as tables, contested claims marked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ... import evidence
from ...core import sources
from .html import records

MARK = "⇄"


def contested(tables: evidence.Evidence) -> dict[str, list[str]]:
    """Claim -> the claims that contradict it."""
    out: dict[str, list[str]] = {}
    for row in evidence.conflicts(tables).to_dict("records"):
        out.setdefault(row["claim_a"], []).append(row["claim_b"])
        out.setdefault(row["claim_b"], []).append(row["claim_a"])
    return out


def grades(tables: evidence.Evidence) -> dict[str, str]:
    """Claim -> grade."""
    return {str(k): str(v) for k, v in evidence.grade_claims(tables)[["claim_id", "grade"]].itertuples(index=False)}


def claims_table(tables: evidence.Evidence, rows: Sequence[dict[str, Any]]) -> str:
    """Claims with grade, what contradicts them, and the source."""
    against, grade = contested(tables), grades(tables)
    shown = [
        {"claim": r["claim_id"], "disease": r["disease"] or "any", "statement": r["statement"], "evidence": r["evidence_type"],
         "grade": grade[r["claim_id"]], "contested by": " ".join([MARK, *against[r["claim_id"]]]) if r["claim_id"] in against else "",
         "source": cited(r["source"])}
        for r in rows
    ]  # fmt: skip
    return records(shown) or "<p>No claim names it.</p>"


def cited(keys: str) -> str:
    """Short citations of source keys joined by `;` (author and year), the key itself where it is not in sources.bib."""
    known = sources.load()
    return "; ".join(_short(known[k]) if k in known else k for k in (w.strip() for w in keys.split(";")) if k)


def _short(source: sources.Source) -> str:
    return " ".join(p for p in (source.author or source.title, source.year) if p) or source.key


def sources_table(keys: Iterable[str]) -> str:
    """Citations of the keys that sources.bib knows, once each."""
    known = sources.load()
    return records([{"key": k, "citation": known[k].text} for k in dict.fromkeys(keys) if k in known])
