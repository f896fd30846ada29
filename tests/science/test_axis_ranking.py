"""The ranking of assumptions: sorted, finite, and no single assumption carries a drug."""

import numpy as np
import pytest

from baxis.axis import ranking
from baxis.core.errors import InvalidValue


def test_rank_of_a_depleting_antibody() -> None:
    rows = ranking.rank("SLE", "rituximab 1000 mg iv days 1,15")
    sizes = [r.size for r in rows]
    assert len(rows) > 200
    assert np.isfinite(sizes).all()
    assert sizes == sorted(sizes, reverse=True)
    assert 0.1 < sizes[0] < 10
    assert {r.kind for r in rows} == set(ranking.KINDS)


def test_background_treatment_is_refused() -> None:
    with pytest.raises(InvalidValue, match="given in a slot"):
        ranking.rank("SLE", "prednisone 10 mg/day")
