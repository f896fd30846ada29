"""How new a contrast is to the calibration trials: its drug and disease seen, its drug seen, or its drug new."""

from __future__ import annotations

from typing import Any

from baxis.evidence import Evidence

KINDS = ("drug and disease seen", "drug seen", "drug new")
NO_DRUG = frozenset({"placebo", "standard care", "withdrawal"})


def drugs_of(text: str) -> set[str]:
    """Drugs of an arm's cell, controls left out."""
    return {p.strip() for p in text.split("+")} - NO_DRUG


def seen(rows: list[dict[str, Any]]) -> dict[str, set[tuple[str, str]]]:
    """For each calibration trial among these contrasts: its (drug, disease) pairs."""
    out: dict[str, set[tuple[str, str]]] = {}
    for row in rows:
        if row["role"] == "calibration":
            pairs = {(d, row["disease"]) for d in drugs_of(row["drug"])}
            out.setdefault(row["trial_id"], set()).update(pairs)
    return out


def novelty(row: dict[str, Any], known: dict[str, set[tuple[str, str]]]) -> str:
    """Kind of novelty of a contrast; its own trial does not count as seen. Of several drugs the newest decides."""
    pairs = set().union(*(v for k, v in known.items() if k != row["trial_id"]))
    named = {d for d, _ in pairs}
    drugs = drugs_of(row["drug"])
    if any(d not in named for d in drugs):
        return KINDS[2]
    return KINDS[0] if all((d, row["disease"]) in pairs for d in drugs) else KINDS[1]


def calibration_rows(evidence: Evidence) -> list[dict[str, Any]]:
    """Contrasts of calibration trials (which trials, drugs and diseases; no value is read)."""
    from baxis import evidence as ev

    table = ev.contrasts(evidence)
    return [{str(k): v for k, v in r.items()} for r in table[table["role"] == "calibration"].to_dict("records")]
