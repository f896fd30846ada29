"""The review of the axis as a table: every regulator of every disease side by side."""

from __future__ import annotations

from collections.abc import Sequence

from baxis.axis.tables import disease_table, ledger


def compare_diseases(codes: Sequence[str] | None = None) -> list[dict[str, str]]:
    """One row a regulator: its unit, its value in health and in each disease, then kind and evidence by disease.

    codes: disease codes (all by default). Raises UnknownName for one that is not held.
    """
    every = [disease_table.load(c) for c in (codes or disease_table.codes())]
    chosen = list({d.code: d for d in every if d.code != disease_table.HEALTHY}.values())  # each once, however typed
    healthy = {**ledger.load(), **disease_table.load(disease_table.HEALTHY).regulators}
    names = list(dict.fromkeys(n for d in chosen for n in d.regulators))
    rows = []
    for name in names:
        row = {"regulator": name, "unit": healthy[name].unit, "healthy": f"{healthy[name].value:g}"}
        row |= {d.code: f"{d.regulators[name].value:g}" if name in d.regulators else "" for d in chosen}
        evidence = []
        for d in chosen:
            p = d.regulators.get(name)
            if p is not None:
                cited = " ".join(filter(None, (" ".join(p.claims), p.source)))
                evidence.append(f"{d.code} {p.kind}" + (f" ({cited})" if cited else ""))
        rows.append({**row, "evidence": "; ".join(evidence)})
    return rows
