"""Random numbers keyed by (seed, patient, purpose): Philox4x32-10, counter based, vectorised over patients.

Source: Salmon, Moraes, Dror, Shaw 2011 (doi:10.1145/2063384.2063405). A draw depends on its key and its index only,
so the order of arms, the number of patients, threads and blocks never change it.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import ArrayLike, NDArray

_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_LOW, _HALF = np.uint64(0xFFFFFFFF), np.uint64(32)


def philox(counter: NDArray[np.uint64], key: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Philox4x32-10 of `counter` (..., 4) under `key` (..., 2), both 32-bit words held in uint64; returns (..., 4)."""
    c0, c1, c2, c3 = (counter[..., i] for i in range(4))
    k0, k1 = key[..., 0], key[..., 1]
    for _ in range(10):
        p0, p1 = c0 * _M0, c2 * _M1
        c0, c1, c2, c3 = (p1 >> _HALF) ^ c1 ^ k0, p1 & _LOW, (p0 >> _HALF) ^ c3 ^ k1, p0 & _LOW
        k0, k1 = (k0 + _W0) & _LOW, (k1 + _W1) & _LOW
    return np.stack([c0, c1, c2, c3], axis=-1)


def _key(seed: int, purpose: str) -> NDArray[np.uint64]:
    digest = hashlib.blake2b(f"{seed}\0{purpose}".encode(), digest_size=8).digest()
    return np.frombuffer(digest, dtype="<u4").astype(np.uint64)


def uniform(seed: int, purpose: str, patients: ArrayLike, n: int = 1) -> NDArray[np.float64]:
    """Uniform draws in (0, 1), shape (len(patients), n), 52 bits each.

    seed: any integer; purpose: a name, one for each random decision; patients: non-negative integer ids.
    """
    ids = np.atleast_1d(np.asarray(patients)).astype(np.uint64)
    blocks = (n + 1) // 2
    counter = np.zeros((ids.size, blocks, 4), dtype=np.uint64)
    counter[..., 0] = np.arange(blocks, dtype=np.uint64)
    counter[..., 2] = (ids & _LOW)[:, None]
    counter[..., 3] = (ids >> _HALF)[:, None]
    words = philox(counter, _key(seed, purpose))
    high, low = words[..., 0::2], words[..., 1::2]
    bits = (high << np.uint64(20)) | (low >> np.uint64(12))
    draws = (bits.astype(np.float64) + 0.5) * 2.0**-52
    return draws.reshape(ids.size, 2 * blocks)[:, :n]


def normal(seed: int, purpose: str, patients: ArrayLike, n: int = 1) -> NDArray[np.float64]:
    """Standard normal draws, shape (len(patients), n), by inversion of `uniform` (one stream, no rejection)."""
    from scipy.special import ndtri

    return ndtri(uniform(seed, purpose, patients, n))


def generator(seed: int, purpose: str) -> np.random.Generator:
    """A numpy generator of its own for (seed, purpose): for draws that belong to no patient (replicate trials)."""
    key = hashlib.blake2b(f"{seed}\0{purpose}".encode(), digest_size=16).digest()
    return np.random.Generator(np.random.Philox(key=np.frombuffer(key, dtype=np.uint64)))
