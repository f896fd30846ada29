"""Claims that contradict each other: opposite signs on the same pair, or opposite directions in one disease."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from itertools import product
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from baxis.evidence.store.tables import Evidence

Row = dict[str, Any]
# Relations that say more (+1) or less (-1) of the object; the other relations say neither.
SIGNS = {
    "increases": 1, "activates": 1, "produces": 1, "predicts_response_to": 1,
    "decreases": -1, "inhibits": -1, "depletes": -1, "predicts_nonresponse_to": -1,
}  # fmt: skip
# Words that change nothing about which thing is meant.
PLAIN = {
    "protein",
    "expression",
    "activation",
    "signalling",
    "serum",
    "surface",
    "mrna",
    "level",
    "over-expression",
}
COLUMNS = ("kind", "about", "disease", "claim_a", "claim_b", "statement_a", "statement_b")


def sign(row: Row) -> int:
    """+1, -1, or 0 when the relation has no sign."""
    return SIGNS.get(row["relation"], 0)


def node_names() -> dict[str, str]:
    """Node of the mechanism map for each free-text end of a claim, where the map has one."""
    from baxis.core import library
    from baxis.core.errors import UnknownName

    try:
        rows = library.read_table("evidence/map_nodes")
    except UnknownName:
        return {}
    return {r["term"]: r["node"] for r in rows if r.get("node")}


def node(row: Row, end: str, names: dict[str, str]) -> str:
    """One end of a claim: its node of the map, else its genes when it says no more, else its text without brackets."""
    text = re.sub(r"\s*\([^)]*\)", "", row[end]).strip()
    if row[end] in names:
        return names[row[end]]
    genes = row[f"{end}_genes"]
    words = [w for w in re.split(r"[\s,]+", text) if w.casefold() not in PLAIN]
    return genes if genes and len(words) == len(genes.split(";")) == 1 else text.casefold()


def conflicts(evidence: Evidence, disease: str | None = None) -> pd.DataFrame:
    """Pairs of claims in conflict (columns kind, about, disease, claim_a, claim_b, statement_a, statement_b).

    kind `sign`: same subject and object, opposite sign, in the same disease or with one of them general.
    kind `direction`: the same gene in patients' cells of one disease, once up and once down; contexts may explain it.
    """
    import pandas as pd

    rows = evidence.rows("claims")
    names = node_names()
    found = pairs(rows, "sign", lambda r: (node(r, "subject", names), node(r, "object", names)), sign)
    found += pairs([r for r in rows if r["evidence_type"] == "patient cells"], "direction", measured, direction)
    table = pd.DataFrame(found, columns=list(COLUMNS))
    if disease is not None:
        from baxis.evidence.ask.query import disease_code

        code = disease_code(evidence, disease)
        table = table[table["disease"].isin([code, ""])]
    return table.reset_index(drop=True)


def measured(row: Row) -> tuple[str, str] | None:
    """What a direction in disease is about, when the claim names just one gene; with the disease."""
    genes = {g for end in ("subject", "object") for g in row[f"{end}_genes"].split(";") if g}
    return (genes.pop(), row["disease"]) if len(genes) == 1 and row["disease"] else None


def direction(row: Row) -> int:
    """+1 up, -1 down, 0 otherwise."""
    return {"up": 1, "down": -1}.get(row["direction_in_disease"], 0)


def pairs(rows: list[Row], kind: str, key: Callable[[Row], Hashable], value: Callable[[Row], int]) -> list[tuple]:
    """Every pair of rows with one key and opposite values, in compatible diseases."""
    groups: dict[Hashable, list[Row]] = {}
    for row in rows:
        if value(row) and key(row):
            groups.setdefault(key(row), []).append(row)
    found = []
    for name, group in groups.items():
        ups, downs = [r for r in group if value(r) > 0], [r for r in group if value(r) < 0]
        for a, b in product(ups, downs):
            if a["disease"] == b["disease"] or "" in (a["disease"], b["disease"]):
                found.append(described(kind, name, a, b))
    return found


def described(kind: str, name: Hashable, a: Row, b: Row) -> tuple:
    """One line of the report."""
    about = " -> ".join(str(p) for p in name) if kind == "sign" and isinstance(name, tuple) else str(name[0])  # type: ignore[index]
    both = (a["claim_id"], b["claim_id"], a["statement"], b["statement"])
    return (kind, about, a["disease"] or b["disease"], *both)
