"""The sheet of a gene, and other names of drugs."""

from __future__ import annotations

import pytest

from baxis import evidence
from baxis.evidence.ask import genes


@pytest.fixture(scope="module")
def ev() -> evidence.Evidence:
    return evidence.load()


def test_a_gene_gathers_claims_drugs_and_levels(ev) -> None:
    sheet = evidence.sheet("btk", ev)
    assert (sheet.kind, sheet.name) == ("gene", "BTK")
    parts = {s.title: s for s in sheet.sections}
    claims = {row[0] for row in parts["Claims"].rows}
    assert claims == set(evidence.claims(ev, gene="BTK")["claim_id"])
    drugs = {row[0] for row in parts["Drugs that target it"].rows}
    assert {"fenebrutinib", "ibrutinib"} <= drugs
    refs = {row[0] for row in parts["Sources"].rows}
    used = {row[parts["Claims"].columns.index("ref")] for row in parts["Claims"].rows} - {""}
    assert {r for r in used if r.startswith("[")} <= refs


def test_a_word_of_the_claims_finds_its_gene(ev) -> None:
    assert evidence.sheet("BAFF", ev).name == "TNFSF13B"
    assert "TNFSF13B" in genes.genes(ev)


@pytest.mark.parametrize(("alias", "drug"), [("Humira", "adalimumab"), ("ctla4-ig", "abatacept")])
def test_a_drug_is_found_by_its_other_names(ev, alias: str, drug: str) -> None:
    assert (evidence.sheet(alias, ev).kind, evidence.sheet(alias, ev).name) == ("drug", drug)


def test_names_of_their_own_win_over_aliases(ev) -> None:
    for table, column, kind in (("trials", "trial_id", "trial"), ("drugs", "drug", "drug")):
        for name in ev.table(table)[column].head(25):
            assert evidence.sheet(name, ev).kind == kind
