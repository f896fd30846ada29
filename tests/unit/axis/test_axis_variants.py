"""Typical patients under other shared constants: own references, own rest."""

from __future__ import annotations

import numpy as np
import pytest

from baxis import axis, engine
from baxis.core.errors import InvalidValue, UnknownName

NAMES = ("w_tnft", "kappa_mac")


def test_the_tables_own_values_give_the_shipped_typical_patient() -> None:
    own = np.array([[axis.parameters("RA")[axis.index(n)[0]] for n in NAMES]])
    parameters, rest = axis.variants("RA", NAMES, own)
    assert parameters[0] == pytest.approx(axis.parameters("RA"), rel=1e-6)
    assert rest[0] == pytest.approx(axis.rest("RA"), rel=1e-4, abs=1e-6)


def test_every_variant_rests_with_inflammation_at_one() -> None:
    values = np.array([[0.2, 1.0], [0.7, 0.7], [0.5, 1.5]])
    parameters, rest = axis.variants("SLE", NAMES, values)
    later = engine.simulate(axis.kernel(), parameters, rest, times=[365.0], outputs=["infl", "tnf"])
    assert not later.failures
    assert later.values[:, -1, 0] == pytest.approx(np.ones(3), abs=1e-4)
    tnf = rest[:, axis.system().states.index("tnf")]
    assert later.values[:, -1, 1] == pytest.approx(tnf, rel=1e-3)
    assert tnf[1] != pytest.approx(tnf[0], rel=1e-2)


def test_a_second_call_reads_the_same_numbers_from_disk() -> None:
    first = axis.variants("RA", NAMES, np.array([[0.4, 0.9]]))
    again = axis.variants("RA", NAMES, np.array([[0.4, 0.9]]))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))


def test_unknown_names_and_bad_tables_are_refused() -> None:
    with pytest.raises(UnknownName, match="w_tnft"):
        axis.variants("RA", ("w_tnftt",), np.array([[0.4]]))
    with pytest.raises(InvalidValue, match="finite table"):
        axis.variants("RA", NAMES, np.array([[0.4, np.nan]]))
    with pytest.raises(InvalidValue, match="finite table"):
        axis.variants("RA", NAMES, np.array([[0.4]]))
