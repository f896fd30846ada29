"""Claims and sources as tables, contested claims marked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from baxis import evidence
from baxis.core import sources
from baxis.faces.report.html import Html, records

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
    """Claims with grade, what contradicts them, and the source; the disease where they are of several."""
    against, grade = contested(tables), grades(tables)
    shown = [
        {"claim": r["claim_id"], "disease": r["disease"] or "any", "statement": r["statement"], "evidence": r["evidence_type"],
         "grade": grade[r["claim_id"]], "contested by": " ".join([MARK, *against[r["claim_id"]]]) if r["claim_id"] in against else "",
         "source": cited(r["source"]) or "not recorded"}
        for r in rows
    ]  # fmt: skip
    leave = ("disease",) if len({r["disease"] for r in shown}) == 1 else ()
    return records(shown, leave) or "<p>No claim names it.</p>"


def cited(keys: str) -> Html:
    """Source keys joined by `;` as short citations (author and year, else the identifier) that lead to the work; a key
    that is not in sources.bib stands as it is."""
    known = sources.load()
    words = [w.strip() for w in keys.split(";")]
    return Html("; ".join(linked(known[k], _short(known[k])) if k in known else escape(k) for k in words if k))


def linked(source: sources.Citation, text: str) -> str:
    """A text that leads to the source's address, where it has one."""
    return f"<a href='{escape(source.url, quote=True)}'>{escape(text)}</a>" if source.url else escape(text)


def _short(source: sources.Citation) -> str:
    return " ".join(p for p in (source.author or source.title, source.year) if p) or source.text


def sources_list(keys: Iterable[str]) -> str:
    """Citations of the keys that sources.bib knows, once each, in alphabetical order."""
    known = sources.load()
    found = {known[k].text: linked(known[k], known[k].text) for k in keys if k in known}
    return "<ul class='small'>" + "".join(f"<li>{found[t]}</li>" for t in sorted(found, key=str.casefold)) + "</ul>"
