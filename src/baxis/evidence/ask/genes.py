"""The sheet of a gene: what is claimed of it, what targets it, how much of it there is and how fast it turns over."""

from __future__ import annotations

from collections.abc import Iterator

from baxis.evidence.ask.sheet_parts import Section
from baxis.evidence.store.tables import Evidence

NAMED_IN = (("claims", "subject_genes"), ("claims", "object_genes"), ("drugs", "target_genes"))


def genes(tables: Evidence) -> set[str]:
    """HGNC symbols that claims or drugs name."""
    return {g.strip() for t, c in NAMED_IN for cell in tables.frames[t][c] for g in cell.split(";") if g.strip()}


def aliases(tables: Evidence) -> Iterator[tuple[str, str]]:
    """(word, symbol) for every gene, and for the claims' own words that stand for one gene (BAFF: TNFSF13B)."""
    known = genes(tables)
    yield from ((g, g) for g in sorted(known))
    terms = tables.frames["gene_terms"]
    yield from ((t, g) for t, g in zip(terms["term"], terms["genes"], strict=True) if g in known)


def named(cell: str, gene: str) -> bool:
    """True when a ';' list holds the gene."""
    return gene in {g.strip() for g in cell.split(";")}


def gene_sheet(tables: Evidence, gene: str) -> tuple[str, list[Section]]:
    """Sections of a gene: claims by disease, drugs that target it, potencies on it, levels and turnover."""
    from baxis.evidence.ask.grade import grade_claims
    from baxis.evidence.ask.sheet_parts import cited, listed

    words = {term.casefold() for term, symbol in aliases(tables) if symbol == gene}
    grades = dict(grade_claims(tables)[["claim_id", "grade"]].itertuples(index=False, name=None))
    claims = [
        row | {"grade": grades[row["claim_id"]]}
        for row in tables.rows("claims")
        if named(row["subject_genes"], gene) or named(row["object_genes"], gene)
    ]
    drugs = [row for row in tables.rows("drugs") if named(row["target_genes"], gene)]
    pd = [row for row in tables.rows("pd") if row["target"].casefold() in words]
    turnover = [row for row in tables.rows("targets_turnover") if row["target"].casefold() in words]
    claims.sort(key=lambda row: (row["disease"], row["claim_id"]))
    sources = cited(claims + pd + turnover)
    number = ("value", "value_text", "unit")
    said = ("claim_id", "disease", "direction_in_disease", "evidence_type", "grade", "ref", "statement")
    return ", ".join(sorted(words - {gene.casefold()})) or gene, [
        listed("Claims", claims, said),
        listed("Drugs that target it", drugs, ("drug", "class", "modality")),
        listed("Potency and binding", pd, ("drug", "mechanism", "parameter", *number, "assay", "ref")),
        listed(
            "Levels and turnover",
            turnover,
            ("cell_or_compartment", "parameter", *number, "population", "ref"),
        ),
        sources,
    ]
