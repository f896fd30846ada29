from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from baxis.core import streams

# Known-answer vectors of Philox4x32-10 published with Random123 (Salmon 2011).
VECTORS = [
    ([0] * 4, [0] * 2, [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
    ([0xFFFFFFFF] * 4, [0xFFFFFFFF] * 2, [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
    (
        [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
        [0xA4093822, 0x299F31D0],
        [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1],
    ),
]


@pytest.mark.parametrize(("counter", "key", "expected"), VECTORS)
def test_known_answers(counter: list[int], key: list[int], expected: list[int]) -> None:
    out = streams.philox(np.array(counter, dtype=np.uint64), np.array(key, dtype=np.uint64))
    assert [int(v) for v in out] == expected


def test_a_patient_keeps_its_draws_whatever_the_others() -> None:
    many = streams.normal(7, "weight", np.arange(100), 5)
    alone = streams.normal(7, "weight", [42], 5)
    shuffled = streams.normal(7, "weight", [99, 42, 3], 3)
    assert np.array_equal(many[42], alone[0])
    assert np.array_equal(many[42, :3], shuffled[1])


def test_seed_purpose_and_patient_each_change_the_stream() -> None:
    base = streams.uniform(1, "a", [0], 4)
    for other in (streams.uniform(2, "a", [0], 4), streams.uniform(1, "b", [0], 4), streams.uniform(1, "a", [1], 4)):
        assert not np.any(base == other)


def test_draws_are_uniform_and_normal() -> None:
    u = streams.uniform(3, "test", np.arange(20000), 3)
    assert 0 < u.min() < u.max() < 1
    assert stats.kstest(u.ravel(), "uniform").pvalue > 1e-3
    z = streams.normal(3, "test", np.arange(20000), 3)
    assert stats.kstest(z.ravel(), "norm").pvalue > 1e-3
    assert np.abs(np.corrcoef(z.T) - np.eye(3)).max() < 0.03


def test_patients_beyond_32_bits_do_not_wrap() -> None:
    assert not np.array_equal(streams.uniform(1, "a", [5]), streams.uniform(1, "a", [5 + 2**32]))
