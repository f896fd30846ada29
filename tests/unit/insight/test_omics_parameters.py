"""From signatures to parameters: shrinkage, the population's own spread, what is not mapped, and into trial and patient."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from baxis import axis
from baxis.clinic.conduct.settings import Settings
from baxis.clinic.people.own_population import read_population
from baxis.core import library
from baxis.core.errors import BaxisError, InvalidValue
from baxis.insight.omics.activities import Activities
from baxis.insight.omics.parameters import links, parameters, standing, with_repertoire
from baxis.insight.patient import infer
from baxis.insight.patient.file import read_text
from baxis.insight.patient.visits import Measurements, Standing

DISEASES = ["RA", "SLE", "LN", "AAV", "IgG4-RD", "SjD"]
NAMES = ("interferon", "plasmablast", "bcr", "nfkb", "cd40", "tlr")


def made(n: int = 40) -> Activities:
    z = np.linspace(-2, 2, n)
    rows = [{"sample": f"s{i}", "signature": s, "activity": float(z[i]), "p": 0.5} for s in NAMES for i in range(n)]
    return Activities(pd.DataFrame(), pd.DataFrame(rows), {})


@pytest.mark.parametrize("disease", DISEASES)
def test_the_cohort_keeps_the_spread_and_the_order_of_the_disease(disease: str, tmp_path: Path) -> None:
    found = parameters(made(), disease, draws=50)
    assert set(found.told["signature"]) == set(NAMES)
    assert found.told["why"].str.len().gt(0).all()
    for link in links(disease).values():
        column = next(c for c in found.table.columns if c.startswith(link.parameter))
        z = standing(disease, link.parameter, found.table[column].to_numpy())
        assert z.mean() == pytest.approx(0, abs=0.15)
        assert z.std() == pytest.approx(1, abs=0.2)
        activity = np.repeat(np.linspace(-2, 2, 40), 50)
        assert np.corrcoef(activity, z)[0, 1] == pytest.approx(link.correlation, abs=0.08)
    if links(disease):
        file = found.save(tmp_path / "cohort.csv")
        own = read_population(file, disease)
        assert len(own.rows) == 2000  # type: ignore[arg-type]


def test_every_row_of_the_mapping_has_a_reason_and_mapped_ones_a_source() -> None:
    for row in library.read_table("signatures/mapping"):
        assert row["rationale"]
        assert bool(row["parameter"]) == bool(row["source"]) == bool(row["correlation"])
    assert "ifn_x" in {x.parameter for x in links("SLE").values()}


def test_too_few_samples_and_wrong_paths_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match="at least 8"):
        parameters(made(5), "SLE")
    with pytest.raises(InvalidValue, match="draws"):
        parameters(made(), "SLE", draws=0)
    with pytest.raises(InvalidValue, match="csv"):
        parameters(made(), "SLE").save(tmp_path / "none" / "x.csv")


def test_repertoire_joins_as_covariates(tmp_path: Path) -> None:
    file = tmp_path / "r.tsv"
    lines = [f"s{i}\tc{i % 10}\t0.95\tIGHM*01" for i in range(40)]
    file.write_text("sequence_id\tclone_id\tv_identity\tc_call\n" + "\n".join(lines))
    table = with_repertoire(made(), {"s3": file}).set_index("sample")
    assert table.loc["s3", "mutation_percent"] == pytest.approx(5.0)
    assert table["clonality"].notna().sum() == 1
    with pytest.raises(InvalidValue, match="repertoire of sample"):
        with_repertoire(made(), {"other": file})


def test_a_high_interferon_signature_raises_interferon_in_the_patient() -> None:
    def seen(z: float) -> float:
        visits = Measurements(("c3",), np.array([0.8]), (0.0,), standings=(Standing("interferon", z),))
        found = infer(visits, "SLE", Settings(threads=1), 5000)
        own = found.people.parameters[found.who, axis.index("ifn_x")[0]]
        return float(found.weights @ np.log(own))

    assert seen(1.5) > seen(0.0) > seen(-1.5)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("0,interferon signature,1,points", "sd, among patients"),
        ("0,interferon signature,9,sd", "-5 to 5"),
        ("0,nfkb signature,1,sd", "mapped to a parameter"),
    ],
)
def test_a_signature_in_a_file_is_checked(row: str, said: str) -> None:
    head = "day,measure,value,unit\n0,C3,0.9,g/L\n"
    assert read_text(head + "0,interferon signature,1,sd\n", "x", "SLE").standings == (Standing("interferon", 1.0),)
    with pytest.raises(BaxisError, match=said):
        read_text(head + row + "\n", "x", "SLE")
