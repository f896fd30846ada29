"""Queries, search, grades, conflicts, sheets."""

from __future__ import annotations

import time

import pytest

from baxis import evidence
from baxis.core.errors import InvalidValue, UnknownName
from baxis.evidence.ask import conflict, grade


@pytest.fixture(scope="module")
def ev() -> evidence.Evidence:
    return evidence.load()


def test_trials_of_a_class_with_an_endpoint(ev) -> None:
    got = evidence.trials(ev, disease="sle", drug_class="btk inhibitor", endpoint="sri-4")
    fenebrutinib = got[got["trial_id"] == "fenebrutinib-sle-ph2"]
    assert set(fenebrutinib["arm_id"]) == {"150qd", "200bid", "pbo"}
    assert set(got["endpoint"]) == {"SRI-4"}
    assert set(got["disease"]) == {"SLE"}


def test_a_class_of_no_words_in_common_is_refused(ev) -> None:
    with pytest.raises(UnknownName, match="did you mean"):
        evidence.trials(ev, drug_class="BTK inhibiter")
    with pytest.raises(UnknownName, match="did you mean 'fenebrutinib'"):
        evidence.trials(ev, drug="fenebrutinb")
    with pytest.raises(UnknownName, match="endpoint"):
        evidence.trials(ev, endpoint="SRI-44")


def test_drug_finds_combinations(ev) -> None:
    got = evidence.trials(ev, drug="elsubrutinib", disease="SLE")
    assert "elsubrutinib+upadacitinib" in set(got["drug"])
    assert "BTK inhibitor covalent+JAK inhibitor" in set(got["class"])


def test_claims_by_gene_synonym_disease_and_text(ev) -> None:
    direct, synonym = evidence.claims(ev, gene="TNFSF13B"), evidence.claims(ev, gene="baff")
    assert list(direct["claim_id"]) == list(synonym["claim_id"])
    assert len(direct) > 5
    assert set(evidence.claims(ev, disease="LN")["disease"]) <= {"LN", "SLE"}
    assert evidence.claims(ev, text="memory b cell")["statement"].str.len().min() > 0
    with pytest.raises(UnknownName, match="did you mean 'BTK'"):
        evidence.claims(ev, gene="BTKK")


def test_bcr_is_the_receptor_not_the_gene_of_that_symbol(ev) -> None:
    genes = set(";".join([*ev.claims["subject_genes"], *ev.claims["object_genes"]]).split(";"))
    assert "BCR" not in genes
    assert {"BTK", "SYK", "LYN", "PTPN22", "TNFSF13B"} <= genes
    markers = ev.claims[ev.claims["subject"] == "CD19+ B cells"]
    assert set(markers["subject_genes"]) <= {""}


def test_search_finds_all_words_then_any(ev, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("BAXIS_CACHE", str(tmp_path))
    got = evidence.search(ev, "fenebrutinib lupus")
    assert "fenebrutinib-sle-ph2" in set(got["id"])
    assert evidence.search(ev, "fenebrutinib zzzzz").shape[0] > 0
    start = time.perf_counter()
    evidence.search(ev, "plasmablast")
    assert time.perf_counter() - start < 0.3
    for odd in (" ?! ", '"', "*"):
        with pytest.raises(InvalidValue, match="at least one word"):
            evidence.search(ev, odd)
    for odd, words in (("b AND cell", "b and cell"), ("NEAR(b", "near b"), ("x:y", "x y"), ("don't", "don t")):
        found = evidence.search(ev, odd)  # the index's own operators and marks are words or nothing
        assert len(found) > 0
        assert found.equals(evidence.search(ev, words))
    assert len([p for p in tmp_path.rglob("*") if p.is_file()]) == 1


def test_queries_are_under_a_third_of_a_second(ev) -> None:
    evidence.grade_trials(ev)
    for ask in (
        lambda: evidence.trials(ev, disease="SLE", drug_class="BTK inhibitor", endpoint="SRI-4"),
        lambda: evidence.claims(ev, gene="BTK", disease="RA"),
        lambda: evidence.conflicts(ev),
        lambda: evidence.grade_claims(ev),
        lambda: evidence.sheet("bliss-52", ev),
    ):
        assert min(timed(ask) for _ in range(3)) < 0.3


def timed(ask) -> float:
    start = time.perf_counter()
    ask()
    return time.perf_counter() - start


def claim(**cells: str) -> dict[str, str]:
    base = {
        "claim_id": "C1",
        "subject": "A",
        "object": "B",
        "relation": "activates",
        "disease": "",
        "source": "x",
    }
    base |= {
        "subject_genes": "",
        "object_genes": "",
        "evidence_type": "patient cells",
        "provenance": "verified",
    }
    return base | {"direction_in_disease": "", "statement": "s", "source_url": ""} | cells


def test_opposite_signs_on_one_pair_conflict_unless_diseases_differ() -> None:
    names: dict[str, str] = {}

    def find(*rows):
        key = lambda r: (conflict.node(r, "subject", names), conflict.node(r, "object", names))  # noqa: E731
        return conflict.pairs(list(rows), "sign", key, conflict.sign)

    up, down = claim(), claim(claim_id="C2", relation="inhibits", subject="a")
    assert [p[3:5] for p in find(up, down)] == [("C1", "C2")]
    assert find(up | {"disease": "RA"}, down | {"disease": "SLE"}) == []
    assert len(find(up | {"disease": "RA"}, down)) == 1
    assert find(up, down | {"relation": "binds"}) == []


def test_grades_follow_the_rules() -> None:
    def of(**cells):
        return grade.graded_claim(claim(**cells), 0)["grade"]

    assert of(evidence_type="clinical trial") == "high"
    assert of(evidence_type="clinical trial", provenance="recalled") == "moderate"
    assert of(evidence_type="mouse model") == "moderate"
    assert of(evidence_type="mouse model", disease="SLE") == "low"
    assert of(relation="correlates_with") == "low"
    assert of(evidence_type="review", relation="correlates_with", provenance="recalled") == "very low"
    assert grade.graded_claim(claim(relation="correlates_with"), 1)["grade"] == "moderate"


def test_trial_grades_follow_the_rules() -> None:
    trial = {
        "trial_id": "t",
        "design": "parallel-rct",
        "blind": "double",
        "provenance": "verified",
        "n_randomised": 100.0,
    }
    assert grade.graded_trial(trial, "exact")["grade"] == "high"
    assert grade.graded_trial(trial | {"blind": "open"}, "exact")["grade"] == "moderate"
    assert grade.graded_trial(trial | {"n_randomised": float("nan")}, "substitute")["grade"] == "low"
    assert grade.graded_trial(trial | {"design": "single-arm", "n_randomised": 12.0}, "none")["grade"] == "very low"


@pytest.mark.parametrize(
    ("name", "kind", "sections"),
    [
        (
            "bliss-52",
            "trial",
            {"Trial", "Arms", "Primary contrasts (active minus control)", "Endpoints", "Sources"},
        ),
        ("BLISS-52", "trial", {"Trial", "Evidence grade"}),
        ("NCT00424476", "trial", {"Trial"}),
        ("c014", "claim", {"Claim", "Evidence grade", "Sources"}),
        ("EXP01_lyn_ko", "experiment", {"Readouts"}),
        ("rituximab", "drug", {"Drug", "Pharmacokinetics", "Seen in people", "Trial arms"}),
    ],
)
def test_sheets(ev, name: str, kind: str, sections: set[str]) -> None:
    got = evidence.sheet(name, ev)
    assert got.kind == kind
    assert sections <= {s.title for s in got.sections}
    for section in got.sections:
        assert all(len(r) == len(section.columns) for r in section.rows)
        assert "source_url" not in section.columns
        assert not any("http" in c for r in section.rows for c in r if section.title != "Sources")


def test_sheet_for_auditors_shows_the_pages(ev) -> None:
    titles = {s.title for s in evidence.sheet("bliss-52", ev, audit=True).sections}
    assert "Pages where numbers were seen" in titles


def test_unknown_sheet_names_the_nearest(ev) -> None:
    with pytest.raises(UnknownName, match="did you mean 'bliss-52'"):
        evidence.sheet("blis-52", ev)
