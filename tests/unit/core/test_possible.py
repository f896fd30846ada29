"""Ranges of what a laboratory can report: in order about health, each with where it comes from; and the unit meant."""

import re

import pytest

from baxis.axis import outputs
from baxis.core import ledger, library
from baxis.core.errors import InvalidValue
from baxis.core.reading import possible

ROWS = library.read_table(possible.TABLE)
HEALTHY = {o.key: o for o in outputs().values()}
NAMED = re.compile(r"(doi:10\.\d{4,}/\S+|PMC\d+|PMID:?\d+)(; |$)")


@pytest.mark.parametrize("row", ROWS, ids=lambda r: r["measure"])
def test_a_range_is_in_order_about_health_and_says_where_it_comes_from(row: dict[str, str]) -> None:
    least, detection, most = (float(row[k]) for k in ("least", "detection", "most"))
    assert 0 < least <= detection < HEALTHY[row["measure"]].healthy < most
    assert row["kind"] in ledger.KINDS
    if row["provenance"] == "verified":  # all three numbers were seen: a source for one of them is not enough
        assert row["source"]
        assert "assumed" not in row["rationale"]
    assert row["provenance"] in ledger.PROVENANCE
    if row["source"]:
        assert NAMED.match(row["source"])
        assert "the source" in row["rationale"]  # which of the three numbers it is of
    assert len(row["rationale"]) > 5


def test_every_laboratory_measure_has_a_range() -> None:
    from baxis.clinic.people.labs import measures

    assert {r["measure"] for r in ROWS} >= set(measures())


def test_bounds_that_definitions_give() -> None:
    """Selective IgA deficiency is told below 7 mg/dL (ESID); 5 x 10^9/L B cells tell leukaemia (Strati 2015)."""
    assert possible.measure("iga", 2.0).detection == pytest.approx(0.07)
    assert possible.measure("cd19", 200.0).most == pytest.approx(5e9 * 1e-6)


@pytest.mark.parametrize(
    ("key", "usual", "typed", "meant"),
    [("igm", 1.0, 90.0, "90 mg/dL"), ("c3", 1.2, 62.0, "62 mg/dL"), ("igg", 10.0, 1100.0, "1100 mg/dL"), ("cd19", 200.0, 6000.0, "6000 cells/mL")],
)  # fmt: skip
def test_a_value_at_each_end_passes_and_one_beyond_names_the_unit_meant(
    key: str, usual: float, typed: float, meant: str
) -> None:
    span = possible.measure(key, usual)
    assert [span.check(v, span.unit, "x") for v in (span.least, span.most)] == [span.least, span.most]
    for beyond in (span.least * 0.999, span.most * 1.001, -1.0, float("nan")):
        with pytest.raises(InvalidValue, match="a possible value"):
            span.check(beyond, span.unit, "x")
    with pytest.raises(InvalidValue, match=re.escape(f"did you mean {meant}")):
        span.check(typed, span.unit, "x")
