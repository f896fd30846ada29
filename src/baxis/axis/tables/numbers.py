"""How sure the numbers behind a simulation are: counts by kind and by provenance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from baxis.axis.tables import disease_table, drug_table, ledger
from baxis.core.ledger import Parameter


def count_numbers(disease: str, drugs: Iterable[str] = ()) -> dict[str, int]:
    """Numbers used for a disease and its drugs: total, by kind, and how many are recalled (not seen at the source)."""
    case = disease_table.load(disease)
    merged = {**ledger.load(), **disease_table.load(disease_table.HEALTHY).regulators, **case.regulators}
    used: list[Parameter] = list(merged.values())
    kinds: Counter[str] = Counter()
    recalled = 0
    for name in dict.fromkeys(drugs):
        drug = drug_table.load(name)
        used += drug.numbers.values()
        used += [p for c in drug.circumstances for p in (c.number, c.share) if p]
        kinds.update(a.potency_kind or "estimated" for a in drug.actions.values())
        recalled += sum(a.provenance == "recalled" for a in drug.actions.values())
    kinds.update(p.kind for p in used)
    recalled += sum(p.provenance == "recalled" for p in used)
    return {"total": sum(kinds.values()), **dict(sorted(kinds.items())), "recalled": recalled}
