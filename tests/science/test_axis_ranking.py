"""The ranking of assumptions: sorted, finite, and no single assumption carries a drug."""

import re

import numpy as np
import pytest

from baxis.axis.study import ranking
from baxis.core.errors import InvalidValue


def test_rank_of_a_depleting_antibody() -> None:
    rows = ranking.rank("SLE", "rituximab 1000 mg iv days 1,15")
    sizes = [r.size for r in rows]
    assert len(rows) > 200
    assert np.isfinite(sizes).all()
    assert sizes == sorted(sizes, reverse=True)
    assert 0.1 < sizes[0] < 10
    assert {r.kind for r in rows} == set(ranking.KINDS)


def test_every_assumed_number_stands_in_the_page_once() -> None:
    case = ("SLE", "rituximab 1000 mg iv days 1,15", 24.0)
    text = ranking.markdown([case]).split("## SLE")[0]
    assumed = {n for n, kind in ranking.candidates("SLE").items() if kind == "assumed"}
    named = re.findall(r"`([A-Za-z_0-9]+)`", text.split("## Every assumed number")[1])
    assert sorted(named) == sorted(assumed)


def test_overall_keeps_the_largest() -> None:
    small, large = ranking.Influence("k", "assumed", 0.1, -0.2), ranking.Influence("k", "assumed", 2.0, -1.0)
    other = ranking.Influence("m", "assumed", 0.5, -0.5)
    found = ranking.overall({"a": [small, other], "b": [large]})
    assert [(r.name, r.size, case) for r, case in found] == [("k", 2.0, "b"), ("m", 0.5, "a")]


def test_background_treatment_is_refused() -> None:
    with pytest.raises(InvalidValue, match="given in a slot"):
        ranking.rank("SLE", "prednisone 10 mg/day")
