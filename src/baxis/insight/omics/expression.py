"""Expression tables: genes, samples and columns that are neither, on one scale."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from baxis.core import library
from baxis.core.errors import InvalidValue
from baxis.core.reading import numbers, tables
from baxis.insight.omics import h5ad

Array = NDArray[np.float64]
LOG_TOP = 50.0  # larger values cannot be log2 expression
IDS = 50  # a column of as many whole numbers, all different, beside measured ones is one of identifiers
# Columns that stand beside the samples in tables of microarrays and sequencing.
BESIDE = re.compile(
    r"(?:ncbi|entrez|ensembl|hgnc|uniprot|refseq|gene|probe|probeset|feature|transcript|locus|row|array)?[ _.-]*"
    r"(?:id|ids|no|number|index|entrez|entrezid|ensembl|hgnc|symbol|name|accession|description|title|gene|genes|geneid|"
    r"chr|chrom|chromosome|start|end|strand|length|width|biotype|type|class|probe|probeid|ncbi|unigene|locus|"
    r"stable[ _.-]id|gene[ _.-]id|entrez[ _.-]gene)",
    re.I,
)
DATED = re.compile(r"\d{1,2}-(?:mar|sep|sept|dec)|(?:mar|sep|sept|dec)-\d{1,2}|\d{4}-(?:03|09|12)-\d\d", re.I)


def signatures() -> pd.DataFrame:
    """Gene sets: signature, label, gene (HGNC), kind (measured, curated, recalled), source, rationale."""
    return pd.DataFrame(library.read_table("signatures/genes"))


def read(path: Path) -> tuple[pd.DataFrame, str, tuple[str, ...]]:
    """(genes x samples on a log2 scale, what the values were taken for, how the file was read).

    Raises InvalidValue, Faults, or (without anndata) Unsupported.
    """
    table, notes = (h5ad.read_cells(path), []) if path.suffix == ".h5ad" and path.is_file() else _text(path)
    table.index = table.index.map(lambda g: str(g).strip())
    _check_genes(table.index, path.name)
    whole = table.dropna()
    if len(whole) < len(table):
        notes.append(f"{path.name}: {len(table) - len(whole)} genes with a missing value left out")
    if whole.empty or not np.isfinite(whole.to_numpy()).all():
        raise InvalidValue(path.name, "no gene with a number in every sample", "a table of expression values")
    counts = _are_counts(whole, path.name)
    if not counts:
        return whole, "log2", tuple(notes)
    return pd.DataFrame(np.log2(1e6 * whole / whole.sum() + 1.0)), "counts", tuple(notes)


def _are_counts(table: pd.DataFrame, name: str) -> bool:
    """Counts (or another linear scale) rather than log2 values. InvalidValue where the samples do not agree."""
    values = table.to_numpy()
    top = values.max(axis=0)
    linear = top > LOG_TOP
    whole = (values == np.round(values)).all(axis=0) & (values >= 0).all(axis=0)
    if linear.any() and not (linear | whole).all():
        high, low = table.columns[linear][0], table.columns[~(linear | whole)][0]
        got = f"up to {top[linear][0]:g} in {high}, up to {float(table[low].max()):g} in {low}"
        raise InvalidValue(
            f"{name}, samples", tables.Bare(got), "one scale: counts, or log2 values (below 50)",
            "leave out columns that are no samples",
        )  # fmt: skip
    if not linear.any() and not whole.all():
        return False
    if values.min() < 0 or (table.sum() <= 0).any():
        raise InvalidValue(name, float(values.min()), "counts (none negative, not all 0) or log2 values (below 50)")
    return True


def _text(path: Path) -> tuple[pd.DataFrame, list[str]]:
    try:
        table = tables.read(path, "expression file", tables.Form(row_names=True))
    except InvalidValue as e:
        allowed = f"{e.allowed} (genes x samples, gene symbols (HGNC) first; or .h5ad)"
        raise InvalidValue(e.where, e.got, allowed, e.hint) from None
    notes = [f"{path.name}: {n}" for n in table.notes]
    gene = _gene_column(table)
    if gene:
        notes.append(f"{path.name}: genes by the column {table.header[gene]!r}")
    kept, skipped = _samples(table, gene)
    if skipped:
        notes.append(f"{path.name}: not taken as samples: {', '.join(skipped)}")
    names = [table.header[k] for k in kept]
    values = _values(table, kept)
    genes = [row[gene] for row in table.rows]
    named = np.array([not numbers.missing(g) for g in genes], dtype=bool)
    if not named.all():
        notes.append(f"{path.name}: {int((~named).sum())} rows without a gene left out")
    dated = [g for g in genes if DATED.fullmatch(g)]
    if dated:
        notes.append(f"{path.name}: genes that a spreadsheet turned into dates are not known: {', '.join(dated[:5])}")
    return pd.DataFrame(values, index=genes, columns=names)[named], notes


def _gene_column(table: tables.Table) -> int:
    """The column with the most genes of the signatures, else the first."""
    wanted = set(signatures()["gene"])
    hits = [sum(c in wanted for c in table.cells(h)) if _is_text(table, h) else 0 for h in table.header[:20]]
    best = int(np.argmax(hits)) if hits else 0
    return best if hits and hits[best] else 0


def _is_text(table: tables.Table, header: str) -> bool:
    """Whether no cell of a column is a number."""
    return not any(numbers.nearly(c) for c in table.cells(header))


def _samples(table: tables.Table, gene: int) -> tuple[list[int], list[str]]:
    """Places of the samples, and names of the columns that are none: of text, of a known name, of identifiers."""
    others = [k for k in range(len(table.header)) if k != gene]
    named = {k for k in others if _is_text(table, table.header[k]) or _is_beside(table, table.header[k])}
    left = [k for k in others if k not in named]
    counted = {k for k in left if _identifiers(table.cells(table.header[k]))}
    if len(counted) < len(left):
        named |= counted
    return [k for k in others if k not in named], [table.header[k] for k in others if k in named]


def _is_beside(table: tables.Table, header: str) -> bool:
    """Whether a column has the name of an annotation and holds no number that a count could not be."""
    return bool(BESIDE.fullmatch(header)) and not any("." in c and numbers.nearly(c) for c in table.cells(header))


def _identifiers(cells: list[str]) -> bool:
    """Whole numbers that are all different, as no sample of so many genes has."""
    return len(cells) >= IDS and len(set(cells)) == len(cells) and all(c.isascii() and c.isdigit() for c in cells)


def _values(table: tables.Table, columns: list[int]) -> Array:
    """(genes, samples); NaN where a value is missing. InvalidValue for the first cell that is no number."""
    out = np.empty((len(table.rows), len(columns)))
    for i, (row, line) in enumerate(zip(table.rows, table.lines, strict=True)):
        cells = [row[k] for k in columns]
        plain = table.plain(cells)
        if plain is not None:
            out[i] = plain
            continue
        out[i] = [
            np.nan if numbers.missing(c) else table.number(c, line, table.header[k], "numbers")
            for c, k in zip(cells, columns, strict=True)
        ]
    return out


def _check_genes(genes: pd.Index, name: str) -> None:
    """HGNC symbols, each once, and enough of the signatures'."""
    wanted = set(signatures()["gene"])
    allowed = "human gene symbols (HGNC), such as IFI44L"
    if len(genes) and genes.str.match(r"ENS[A-Z]*G\d+").mean() > 0.5:
        raise InvalidValue(f"{name}, genes", str(genes[0]), allowed, "map the Ensembl identifiers to symbols first")
    if not wanted & set(genes) and wanted & set(genes.str.upper()):
        raise InvalidValue(f"{name}, genes", str(genes[0]), allowed, "these look like mouse genes: map to orthologues")
    if not wanted & set(genes):
        raise InvalidValue(f"{name}, genes", str(genes[0]) if len(genes) else "none", allowed)
    if genes.has_duplicates:
        raise InvalidValue(f"{name}, gene", str(genes[genes.duplicated()][0]), "each gene once", "sum or drop the rows")
