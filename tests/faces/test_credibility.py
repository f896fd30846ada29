"""A claim's credibility file: evidence is computed, gradation follows the stated rules, wrong input is named."""

from __future__ import annotations

from dataclasses import replace
from html import escape
from pathlib import Path

import pytest

from baxis.core import library
from baxis.core.errors import InvalidValue, UnknownName
from baxis.faces.report import assessment, proof
from baxis.faces.report.assessment import Assessment

JUNIT = """<testsuites><testsuite>
<testcase classname="tests.unit.engine.test_engine_run" name="a"/>
<testcase classname="tests.unit.engine.test_engine_run" name="b">{engine}</testcase>
<testcase classname="tests.unit.clinic.test_clinic_regimen" name="c"/>
<testcase classname="tests.faces.test_cli" name="d"><skipped/></testcase>
</testsuite></testsuites>"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Assessment:
    report = tmp_path_factory.mktemp("tests") / "tests.xml"
    report.write_text(JUNIT.format(engine=""))
    return assessment.assess("effect", "SLE", ["fenebrutinib"], "SRI-4", report)


def factor(found: Assessment, name: str) -> dict[str, str]:
    return next(r for r in found.factors if r["factor"] == name)


def test_it_has_thirteen_factors_and_eight_categories(found: Assessment) -> None:
    assert (len(found.factors), len(found.categories)) == (13, 8)
    assert {r["gradation"] for r in found.factors} <= {"a", "b", "c"}
    assert all(r["found"] and r["proof"] for r in found.factors)
    assert {r["evidence"] for r in library.read_table("credibility/factors")} == set(proof.PROOFS)


def test_evidence_is_computed(found: Assessment) -> None:
    inputs = factor(found, "Model inputs")
    assert inputs["gradation"] == "b"  # more than a quarter is assumed
    assert "assumed" in inputs["found"]
    solver = factor(found, "Numerical solver error")
    assert solver["gradation"] == "c"
    assert "differ by" in solver["found"]
    assert factor(found, "Relevance of the quantities of interest")["gradation"] == "c"
    other = proof.quantities(replace(found.case, endpoint="ACR20"))
    assert other.grade == "b"


def test_tests_are_counted_from_their_report(found: Assessment, tmp_path: Path) -> None:
    code = factor(found, "Numerical code verification")
    assert (code["gradation"], "2 passed" in code["found"]) == ("c", True)
    bad = tmp_path / "bad.xml"
    bad.write_text(JUNIT.format(engine="<failure/>"))
    assert proof.code(replace(found.case, tests=bad)).grade == "b"
    assert proof.code(replace(found.case, tests=None)).grade == "a"
    bad.write_text("no XML")
    with pytest.raises(InvalidValue, match="JUnit"):
        proof.code(replace(found.case, tests=bad))


def test_a_failed_check_lowers_the_gradation_and_is_named(found: Assessment) -> None:
    rows = list(found.case.checks)
    at = next(i for i, r in enumerate(rows) if r.rung == "genetics")
    rows[at] = replace(rows[at], passed=False)
    assert proof.form(replace(found.case, rows=rows)).grade == "b"


def test_risk_follows_from_influence_and_consequence(found: Assessment) -> None:
    for influence, consequence, risk in (("low", "low", "low"), ("low", "medium", "medium"), ("low", "high", "medium"),
                                         ("high", "medium", "high"), ("high", "high", "high")):  # fmt: skip
        said = {**found.said, "influence": influence, "consequence": consequence}
        assert replace(found, said=said).risk == risk


def test_page_and_data_hold_the_same(found: Assessment) -> None:
    page, plain = assessment.html(found), found.to_dict()
    assert escape(plain["assessment_table"]["Question of interest"]) in page
    assert "ASME V&amp;V 40" in page
    assert "src=" not in page.split("</style>")[1]
    assert set(plain["analysis_plan"]) == {"Objective", "Method", "Data", "Criteria", "Reporting"}
    for claim in assessment.claims().values():
        assert {"title", "question", "context", "influence", "consequence", "impact", "limits", "plan"} <= set(claim)
        assert {claim["influence"], claim["consequence"]} <= set(assessment.LEVELS)


def test_wrong_input_is_named() -> None:
    with pytest.raises(UnknownName, match="effect"):
        assessment.assess("efect", "SLE")
    with pytest.raises(UnknownName, match="SLE"):
        assessment.assess("effect", "SLEE")
