"""The rungs as tests: rest, pathway, genetics, pharmacology and drug by arm hold the shares that the plan asks for."""

import pytest

from baxis.axis import checks
from baxis.axis.checks import report
from baxis.core.errors import UnknownName


def _share(rows: list[checks.Check]) -> float:
    judged = [r.passed for r in rows if r.passed is not None]
    return sum(judged) / len(judged)


def test_rest() -> None:
    rows = checks.check("rest")
    assert _share(rows) > 0.95
    assert all(r.passed for r in rows if r.disease == "healthy" or r.id.endswith("drift5"))


def test_pathway_every_row() -> None:
    rows = checks.check("pathway")
    assert [r.id for r in rows if r.passed is False] == []
    assert all(r.note for r in rows if r.passed is None)


def test_genetics_every_row() -> None:
    assert [r.id for r in checks.check("genetics") if not r.passed] == []


def test_pharmacology_four_fifths_and_none_in_the_wrong_direction() -> None:
    rows = checks.check("pharmacology")
    assert _share(rows) >= 0.8
    # a change in per cent whose interval leaves no doubt about its direction
    sure = [r for r in rows if r.unit == "%" and None not in (r.simulated, r.low, r.high) and r.low * r.high > 0]
    assert len(sure) > 40
    assert [r.id for r in sure if r.low * r.simulated <= 0] == []


def test_every_failure_is_explained() -> None:
    failed = [r for r in checks.check("all") if r.passed is False]
    assert [r.id for r in failed if not report.lacking(r)] == []
    page = report.markdown(failed)
    assert all(f"{r.id}: {r.what}" in page for r in failed)
    assert "not explained yet" not in page


def test_arms_every_row() -> None:
    rows = checks.check("arms")
    assert _share(rows) > 0.95


def test_one_disease_and_unknown_rung() -> None:
    assert {r.disease for r in checks.check("arms", "RA")} == {"RA"}
    with pytest.raises(UnknownName, match="did you mean 'genetics'"):
        checks.check("genetic")


def test_a_wrong_model_fails() -> None:
    row = {"id": "x", "what": "w", "low": "0.5", "high": "0.9", "source": "s"}
    assert checks.rungs.judge(row, "rest", 1.2, "1").passed is False
    assert checks.rungs.judge(row, "rest", 1.2, "1").error == pytest.approx(0.3)
    assert checks.rungs.judge(row, "rest", float("nan"), "1").passed is False
    assert checks.rungs.judge(row, "rest", None, "1").passed is None


def test_page_lists_failures_first() -> None:
    text = report.markdown(checks.check("arms"))
    assert "| rung | passed |" in text
    assert text.count("\n|") > 60
