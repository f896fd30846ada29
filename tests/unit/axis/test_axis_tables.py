"""Ledger, disease tables, observables, parameter vectors and their errors."""

from pathlib import Path

import numpy as np
import pytest

from baxis import axis
from baxis.axis.assembly import references
from baxis.axis.tables import comparison, disease_table, ledger, observables
from baxis.core import library
from baxis.core.errors import Faults, InvalidValue, UnknownName


def test_every_parameter_has_unit_and_source_or_rationale() -> None:
    for p in ledger.load().values():
        assert p.unit
        assert p.rationale if p.kind == "assumed" else (p.source or p.claims)
    assert sum(ledger.counts().values()) == len(ledger.load())


def test_diseases_inherit_and_endotypes_sum_to_one() -> None:
    assert axis.diseases()[:3] == ("healthy", "RA", "SLE")
    sle, ln = axis.disease("SLE"), axis.disease("ln")
    assert ln.code == "LN"
    assert ln.regulators["lyn_e"] == sle.regulators["lyn_e"]
    assert ln.regulators["cfix"] != sle.regulators["cfix"]
    for code in axis.diseases():
        shares = [k.share for k in axis.disease(code).endotypes]
        assert sum(shares) == pytest.approx(0 if code == "healthy" else 1), code


def test_weights_of_every_disease_sum_to_one() -> None:
    for code in axis.diseases():
        if code == "healthy":
            continue
        values = {**disease_table.base(), **axis.disease(code).values()}
        assert sum(values[w] for w in axis.weight_names()) == pytest.approx(1)


def test_claims_cited_exist() -> None:
    known = {r["claim_id"] for r in library.read_table("evidence/claims")}
    known |= {r["exp_id"].split("_")[0] for r in library.read_table("evidence/experiments")}
    cited = {c for p in ledger.load().values() for c in p.claims}
    cited |= {c for code in axis.diseases() for p in axis.disease(code).regulators.values() for c in p.claims}
    assert cited - known == set()


def test_parameters_and_index() -> None:
    vector = axis.parameters("RA")
    assert vector.shape == (len(axis.system().parameters),)
    assert np.isfinite(vector).all()
    assert len(axis.index("lyn_e")) == 1
    assert len(axis.index("CL")) == 3
    changed = axis.parameters("RA", {"lyn_e": 0.0})
    assert np.flatnonzero(changed != vector).tolist() == axis.index("lyn_e")


def test_spreads_are_positive_and_of_model_parameters() -> None:
    for code in ("RA", "SLE", "AAV"):
        spreads = axis.spreads(code)
        assert {"agA", "effn", "k_inf"} - set(spreads) <= {"k_inf"}
        assert all(sd > 0 for sd, _ in spreads.values())
        assert set(spreads) <= set(axis.system().parameters)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: axis.disease("SLEE"), "did you mean 'SLE'"),
        (lambda: axis.parameters("RA", {"lyn": 1.0}), "unknown model parameter 'lyn'"),
        (lambda: axis.parameters("RA", {"lyn_e": float("nan")}), "finite"),
        (lambda: axis.index("kit"), "unknown model parameter"),
        (lambda: observables.find("bcunt"), "did you mean 'bcount'"),
        (lambda: ledger.find("k_itt"), "did you mean 'k_it"),
    ],
)
def test_errors_name_the_item(call: object, text: str) -> None:
    with pytest.raises((UnknownName, InvalidValue), match=text):
        call()  # type: ignore[operator]


def test_a_users_disease_is_read_and_its_faults_told_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "diseases"
    folder.mkdir()
    good = 'code = "MINE"\nname = "Mine"\ninherits = "RA"\n[regulators.agA]\nvalue = 0.6\nunit = "a.u."\nkind = "assumed"\nrationale = "test"\n'
    (folder / "MINE.toml").write_text(good)
    library.overlay(tmp_path)
    assert axis.disease("MINE").regulators["agA"].value == 0.6
    assert references.scales("MINE")["rest_ic"] > references.scales("RA")["rest_ic"]
    (folder / "BAD.toml").write_text(
        good.replace("MINE", "BAD").replace('rationale = "test"', "")
        + '[regulators.lym_e]\nvalue = 1\nunit = "1"\nkind = "assumed"\nrationale = "x"\n'
    )
    with pytest.raises(Faults, match=r"2 faults.*rationale.*lyn_e"):
        axis.disease("BAD")


def test_observables_in_units() -> None:
    assert axis.to_units("igg", [1.0])[0] == pytest.approx(11.0)
    assert axis.to_units("anti-dsDNA", 2.0) == 2.0
    assert axis.outputs()["bcount"].unit == "cells/uL"
    names = {*axis.system().states, *axis.system().assignments}
    assert set(axis.outputs()) <= names


def test_comparison_has_every_regulator() -> None:
    rows = comparison.compare_diseases(["RA", "SLE"])
    assert {r["regulator"] for r in rows} >= {"btk_e", "lyn_e", "w_C"}
    assert "C001" in next(r["evidence"] for r in rows if r["regulator"] == "btk_e")
