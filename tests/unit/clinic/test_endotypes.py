"""What an endotype does to a patient's parameters: a weight moves in proportion to the draw, another number is set."""

import numpy as np
import pytest

from baxis import axis
from baxis.clinic.people.population import _endotypes, endotype_of


@pytest.mark.parametrize("disease", ["RA", "SLE"])
def test_an_endotype_scales_weights_and_sets_regulators(disease: str) -> None:
    kinds, own = axis.disease(disease).endotypes, axis.parameters(disease)
    u = np.linspace(0.001, 0.999, 200)
    chosen = endotype_of(disease, u)
    assert set(chosen) == set(range(len(kinds)))
    drawn = (
        np.tile(own, (200, 1)) * np.where(np.arange(200) % 2, 3.0, 1.0)[:, None]
    )  # draws about the table and at thrice
    out = drawn.copy()
    _endotypes(out, disease, u)
    weights = 0
    for k, kind in enumerate(kinds):
        for name, value in kind.regulators.items():
            (column,) = axis.index(name)
            before, after = drawn[chosen == k, column], out[chosen == k, column]
            if name in axis.weight_names():
                weights += 1
                assert after == pytest.approx(before * value / own[column]), (kind, name)
            else:
                assert np.all(after == value), (kind, name)
    if disease == "RA":
        assert weights > 0  # its endotypes move a tissue weight


def test_shares_of_endotypes_are_the_tables() -> None:
    u = (np.arange(10_000) + 0.5) / 10_000
    shares = np.array([k.share for k in axis.disease("RA").endotypes])
    assert np.bincount(endotype_of("RA", u)) / 10_000 == pytest.approx(shares / shares.sum(), abs=2e-4)
