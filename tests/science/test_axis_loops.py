"""Feedback loops die out at every rest (slow: the symbolic model is built)."""

import pytest

from baxis import axis
from baxis.axis.study import loops


@pytest.mark.nightly
@pytest.mark.parametrize("disease", axis.diseases())
def test_no_loop_runs_away(disease: str) -> None:
    assert loops.spectral_radius(disease) < 1
    assert all(abs(g) < 0.5 for g in loops.gains(disease).values())
    assert loops.gains(disease)["BAFF - B cells"] < 0
