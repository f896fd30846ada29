"""Evidence grades of claims and trials, computed from the columns by rules that docs/evidence/queries.md states.

Four grades: high (4), moderate (3), low (2), very low (1). A grade starts from the design, loses a step for each
concern about bias, directness or precision, and a claim gains one when an independent source says the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from baxis.evidence.ask.conflict import node, node_names, sign

if TYPE_CHECKING:
    import pandas as pd

    from baxis.evidence.store.tables import Evidence

NAMES = {4: "high", 3: "moderate", 2: "low", 1: "very low"}
CLAIM_START = {
    "clinical trial": 4, "human genetics": 4, "patient cells": 3, "mouse model": 3, "in vitro": 2, "review": 2,
}  # fmt: skip
TRIAL_START = {"parallel-rct": 4, "withdrawal-rct": 4, "open-label": 2, "single-arm": 2}
HUMAN = ("clinical trial", "human genetics", "patient cells")
SMALL = 50


def step(start: int, concerns: list[str], bonus: int = 0) -> str:
    """Name of the grade after the concerns and the bonus."""
    return NAMES[min(4, max(1, start - len(concerns) + bonus))]


def grade_claims(evidence: Evidence) -> pd.DataFrame:
    """One row a claim: claim_id, design, directness, risk_of_bias, replicated (other sources), grade."""
    import pandas as pd

    rows = evidence.rows("claims")
    names = node_names()
    sources: dict[tuple, set[str]] = {}
    for row in rows:
        sources.setdefault(statement(row, names), set()).add(row["source"] or row["source_url"])
    out = [graded_claim(row, len(sources[statement(row, names)]) - 1) for row in rows]
    return pd.DataFrame(out)


def statement(row: dict[str, Any], names: dict[str, str]) -> tuple:
    """What makes two claims say the same: both ends and the sign."""
    return (node(row, "subject", names), node(row, "object", names), sign(row) or row["relation"])


def graded_claim(row: dict[str, Any], others: int) -> dict[str, Any]:
    """Grade of one claim and what it rests on."""
    bias = []
    if row["provenance"] == "recalled":
        bias.append("recalled, not seen")
    if row["relation"] == "correlates_with":
        bias.append("association, not intervention")
    if row["evidence_type"] == "review":
        bias.append("secondary source")
    indirect = []
    if row["disease"] and row["evidence_type"] not in HUMAN:
        indirect.append(f"{row['evidence_type']} for a human disease")
    return {
        "claim_id": row["claim_id"],
        "design": row["evidence_type"],
        "directness": indirect[0] if indirect else "direct",
        "risk_of_bias": "; ".join(bias) or "no concern from the columns",
        "replicated": others,
        "grade": step(CLAIM_START[row["evidence_type"]], bias + indirect, int(others > 0)),
    }


def grade_trials(evidence: Evidence) -> pd.DataFrame:
    """One row a trial: trial_id, design, risk_of_bias, directness, precision, grade."""
    import pandas as pd

    from baxis.evidence.ask.contrast import contrasts

    kind = dict(contrasts(evidence)[["trial_id", "primary"]].itertuples(index=False, name=None))
    rows = evidence.rows("trials")
    return pd.DataFrame([graded_trial(row, kind.get(row["trial_id"], "none")) for row in rows])


def graded_trial(row: dict[str, Any], primary: str) -> dict[str, Any]:
    """Grade of one trial and what it rests on; `primary`: exact, substitute or none (numbers held by arm)."""
    randomised = row["design"].endswith("rct")
    bias = []
    if randomised and row["blind"] == "open":
        bias.append("not blinded")
    if row["provenance"] == "recalled":
        bias.append("primary numbers recalled, not seen")
    indirect = []
    if randomised and primary == "substitute":
        indirect.append("another endpoint stands for the primary")
    if randomised and primary == "none":
        indirect.append("no numbers by arm for the primary")
    n = row["n_randomised"]
    small = [f"fewer than {SMALL} patients"] if not n >= SMALL else []
    return {
        "trial_id": row["trial_id"],
        "design": row["design"],
        "risk_of_bias": "; ".join(bias) or ("no concern from the columns" if randomised else "not randomised"),
        "directness": indirect[0] if indirect else "direct",
        "precision": small[0] if small else "adequate",
        "grade": step(TRIAL_START[row["design"]], bias + indirect + small),
    }
