"""Signature activities: planted signals are found, permuted ones are not; refusals."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from baxis.core.errors import InvalidValue
from baxis.insight import omics as o

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
