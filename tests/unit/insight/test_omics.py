"""Signature activities: planted signals are found, permuted ones are not; refusals."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from baxis.core.errors import InvalidValue, Unsupported
from baxis.insight.omics import activities as o
from baxis.insight.omics import scorers as omics_scorers

GENES = [*dict.fromkeys(o.signatures()["gene"]), *(f"GENE{i}" for i in range(1500))]


def made(path: Path, n: int, seed: int, planted: str = "", shift: float = 2.0) -> Path:
    rng = np.random.default_rng(seed)
    level = np.random.default_rng(0).uniform(2, 12, len(GENES))
    table = pd.DataFrame(level[:, None] + rng.normal(0, 1, (len(GENES), n)), index=GENES)
    own = o.signatures().query("signature == @planted")["gene"]
    table.loc[table.index.isin(own)] += shift
    table.columns = [f"s{i}" for i in range(n)]
    table.to_csv(path)
    return path


@pytest.mark.parametrize("planted", sorted(o.signatures()["signature"].unique()))
def test_a_planted_signal_is_the_strongest(tmp_path: Path, planted: str) -> None:
    result = o.omics(made(tmp_path / "a.csv", 12, 1, planted), made(tmp_path / "b.csv", 12, 2))
    table = result.table.set_index("signature")
    assert table["difference"].idxmax() == planted
    assert table.loc[planted, "q"] < 0.01
    p = result.samples.query("signature == @planted")["p"]
    assert (p < 0.05).mean() > 0.7
    json.dumps(result.to_dict(), allow_nan=False)


def test_without_a_signal_p_is_uniform(tmp_path: Path) -> None:
    p, single = [], []
    for k in range(12):
        result = o.omics(made(tmp_path / "a.csv", 8, 2 * k + 10), made(tmp_path / "b.csv", 8, 2 * k + 11))
        p += list(result.table["p"])
        single += list(result.samples["p"])
    assert np.mean(np.array(p) < 0.05) <= 0.14  # 72 tests: binomial 99.9 %
    assert 0.02 < np.mean(np.array(single) < 0.05) < 0.09


def test_permuted_labels_lose_the_signal(tmp_path: Path) -> None:
    cases = pd.read_csv(made(tmp_path / "a.csv", 10, 1, "interferon"), index_col=0).add_prefix("a")
    controls = pd.read_csv(made(tmp_path / "b.csv", 10, 2), index_col=0).add_prefix("b")
    mixed = pd.concat([cases, controls], axis=1)
    mixed.iloc[:, ::2].to_csv(tmp_path / "c.csv")
    mixed.iloc[:, 1::2].to_csv(tmp_path / "d.csv")
    table = o.omics(tmp_path / "c.csv", tmp_path / "d.csv").table.set_index("signature")
    assert table.loc["interferon", "q"] > 0.2


def test_h5ad_counts_and_table_agree(tmp_path: Path) -> None:
    anndata = pytest.importorskip("anndata")
    log = pd.read_csv(made(tmp_path / "a.csv", 6, 1, "interferon"), index_col=0)
    counts = np.round(2**log * 10)
    counts.to_csv(tmp_path / "counts.csv")
    anndata.AnnData(counts.T).write_h5ad(tmp_path / "counts.h5ad")
    first, second = o.omics(tmp_path / "counts.csv"), o.omics(tmp_path / "counts.h5ad")
    assert first.recipe["scale"] == "counts"
    assert first.samples["activity"].to_numpy() == pytest.approx(second.samples["activity"].to_numpy(), abs=1e-5)
    assert first.table["p"].isna().all()


def real_shaped(path: Path, n: int, seed: int) -> Path:
    """Counts as of sequencing: library sizes and levels vary, each signature is raised in some samples and noise is correlated."""
    rng = np.random.default_rng(seed)
    level = np.random.default_rng(0).normal(5, 2, len(GENES))
    log = (
        level[:, None]
        + rng.normal(0, 0.4, (len(GENES), n))
        + 0.3 * rng.normal(0, 1, (len(GENES), 1)) * rng.normal(0, 1, n)
    )
    for _, part in o.signatures().groupby("signature"):
        log[np.isin(GENES, part["gene"])] += rng.gamma(1.0, 1.0, n)
    counts = rng.poisson(2**log * rng.uniform(0.5, 2, n))
    pd.DataFrame(counts, index=GENES, columns=[f"s{i}" for i in range(n)]).to_csv(path)
    return path


@pytest.mark.parametrize("scorer", omics_scorers.DECOUPLER)
def test_decoupler_agrees_in_rank_with_the_mean(tmp_path: Path, scorer: str) -> None:
    pytest.importorskip("decoupler")
    file, other = real_shaped(tmp_path / "a.csv", 40, 1), real_shaped(tmp_path / "b.csv", 20, 2)
    own, their = o.omics(file, other), o.omics(file, other, scorer=scorer)
    rank = omics_scorers.agreement({"mean": own.samples, scorer: their.samples}).set_index("signature")[scorer]
    assert rank.min() > 0.75  # not 1: decoupler also divides by the spread of the sample's own genes
    assert their.recipe["scorer"] == scorer
    assert their.samples["p"].between(0, 1).all()
    json.dumps(their.to_dict(), allow_nan=False)


@pytest.mark.parametrize("scorer", omics_scorers.DECOUPLER)
def test_decoupler_finds_a_planted_signal_and_leaves_out_what_has_too_few_genes(tmp_path: Path, scorer: str) -> None:
    pytest.importorskip("decoupler")
    cases = pd.read_csv(made(tmp_path / "a.csv", 12, 1, "interferon"), index_col=0)
    cases.drop(index=o.signatures().query("signature == 'bcr'")["gene"]).to_csv(tmp_path / "a.csv")
    result = o.omics(tmp_path / "a.csv", made(tmp_path / "b.csv", 12, 2), scorer=scorer)
    table = result.table.set_index("signature")
    assert table["difference"].idxmax() == "interferon"
    assert table.loc["interferon", "q"] < 0.01
    assert np.isnan(table.loc["bcr", "difference"])


def test_an_unknown_scorer_is_refused_and_a_missing_one_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = made(tmp_path / "a.csv", 6, 1)
    with pytest.raises(InvalidValue, match="decoupler-ulm"):
        o.omics(file, scorer="gsva")
    monkeypatch.setitem(sys.modules, "decoupler", None)
    with pytest.raises(Unsupported, match=r"baxis\[omics\]"):
        o.omics(file, scorer="decoupler-ulm")


def test_each_gene_that_is_not_recalled_has_a_source() -> None:
    genes = o.signatures()
    assert set(genes["kind"]) <= {"measured", "curated", "recalled"}
    assert (genes["source"].ne("") == genes["kind"].ne("recalled")).all()
    assert not genes.duplicated(["signature", "gene"]).any()


def test_too_few_genes_are_not_scored(tmp_path: Path) -> None:
    table = pd.read_csv(made(tmp_path / "a.csv", 6, 1), index_col=0)
    table.drop(index=o.signatures().query("signature == 'tlr'")["gene"]).to_csv(tmp_path / "less.csv")
    samples = o.omics(tmp_path / "less.csv").samples
    assert samples.query("signature == 'tlr'")["activity"].isna().all()
    assert samples.query("signature == 'plasmablast'")["activity"].notna().all()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.set_axis([f"ENSG{i:011d}" for i in range(len(t))]), "Ensembl"),
        (lambda t: t.set_axis([g.capitalize() for g in t.index]), "mouse"),
        (lambda t: t.set_axis([f"X{i}" for i in range(len(t))]), "HGNC"),
        (lambda t: pd.concat([t, t.iloc[:1]]), "each gene once"),
        (lambda t: t.iloc[:, :2], "at least 3"),
        (lambda t: 100 * t - 500, "none negative"),
        (lambda t: t.astype(object).where(t > 5, "low"), "numbers"),
        (lambda t: t.iloc[:0], "HGNC"),
    ],
)
def test_refusals(tmp_path: Path, change: object, words: str) -> None:
    table = pd.read_csv(made(tmp_path / "a.csv", 6, 1), index_col=0)
    change(table).to_csv(tmp_path / "bad.csv")  # type: ignore[operator]
    with pytest.raises(InvalidValue, match=words):
        o.omics(tmp_path / "bad.csv")
    with pytest.raises(InvalidValue, match="path"):
        o.omics(tmp_path / "missing.csv")


@pytest.mark.parametrize("name", ["entrez", "mystery"])
def test_a_column_of_identifiers_is_no_sample(tmp_path: Path, name: str) -> None:
    """Log2 values stay as they are: identifiers among the samples made counts of them all."""
    log = pd.read_csv(made(tmp_path / "a.csv", 6, 1, "interferon"), index_col=0)
    plain = o.omics(tmp_path / "a.csv")
    log.insert(0, name, np.arange(len(log)) + 1000)
    log.rename_axis("gene").to_csv(tmp_path / "ids.csv")
    found = o.omics(tmp_path / "ids.csv")
    assert found.recipe["scale"] == "log2"
    assert found.recipe["read"] == [f"ids.csv: not taken as samples: {name}"]
    assert found.samples["activity"].to_numpy() == pytest.approx(plain.samples["activity"].to_numpy(), nan_ok=True)


def test_genes_are_found_in_another_column_and_words_are_passed_over(tmp_path: Path) -> None:
    log = pd.read_csv(made(tmp_path / "a.csv", 6, 1), index_col=0)
    other = log.reset_index(names="symbol")
    other.insert(0, "probe", [f"{i}_at" for i in range(len(log))])
    other["description"] = "a gene"
    other.to_csv(tmp_path / "b.csv", index=False)
    found = o.omics(tmp_path / "b.csv")
    assert found.recipe["read"] == [
        "b.csv: genes by the column 'symbol'", "b.csv: not taken as samples: probe, description"
    ]  # fmt: skip
    assert found.samples["activity"].to_numpy() == pytest.approx(
        o.omics(tmp_path / "a.csv").samples["activity"].to_numpy(), nan_ok=True
    )


def test_separator_decimal_comma_row_names_and_missing_cells(tmp_path: Path) -> None:
    log = pd.read_csv(made(tmp_path / "a.csv", 6, 1), index_col=0)
    plain = o.omics(tmp_path / "a.csv").samples["activity"].to_numpy()
    log.to_csv(tmp_path / "b.csv", sep=";", decimal=",", encoding="utf-16")
    assert o.omics(tmp_path / "b.csv").samples["activity"].to_numpy() == pytest.approx(plain, nan_ok=True)
    lines = (tmp_path / "a.csv").read_text().replace(",", "\t").split("\n")
    (tmp_path / "r.tsv").write_text("\n".join([lines[0].lstrip("\t"), *lines[1:]]))
    assert o.omics(tmp_path / "r.tsv").samples["activity"].to_numpy() == pytest.approx(plain, nan_ok=True)
    log.iloc[-1, 0] = np.nan
    log.to_csv(tmp_path / "n.csv", na_rep="NA")
    assert "n.csv: 1 genes with a missing value left out" in o.omics(tmp_path / "n.csv").recipe["read"]


def test_shallow_counts_are_counts(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    table = pd.DataFrame(rng.poisson(4, (len(GENES), 5)), index=GENES, columns=list("abcde"))
    table.to_csv(tmp_path / "c.csv")
    assert o.omics(tmp_path / "c.csv").recipe["scale"] == "counts"
