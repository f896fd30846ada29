"""Vector exp, log, pow, tanh: within 2 units in the last place of mpmath, IEEE special values, the same at each width."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

from baxis.engine.codegen.vectormath import vector_functions
from baxis.engine.kernel.machine import Loaded, to_object

BINARY = {"vpow"}
SPECIAL = np.array(
    [0, -0.0, 1, -1, 2, -2, 0.5, -0.5, 3, -3, np.inf, -np.inf, np.nan, 5e-324, -5e-324, 1e308, -1e308, 1e-310, 2.5,
     1 + 2**-52, 1 - 2**-53, 709.7, 709.8, -745.1, -745.2, 1e-300, 4503599627370497.0, -7.0]
)  # fmt: skip


def library(lanes: int) -> Loaded:
    functions = vector_functions(lanes)
    vector = f"<{lanes} x double>"
    text = "\n".join({v for f in functions for v in f.intrinsics.values()}) + "".join(f.text() for f in functions)
    for name in ("vexp", "vlog", "vpow", "vtanh"):
        args = f"{vector} %a, {vector} %b" if name in BINARY else f"{vector} %a"
        text += f"""
define dso_local void @each_{name}(ptr %x, ptr %y, ptr %out) {{
entry:
  %a = load {vector}, ptr %x, align 8
  %b = load {vector}, ptr %y, align 8
  %r = call {vector} @{name}({args})
  store {vector} %r, ptr %out, align 8
  ret void
}}
"""
    return Loaded(to_object(text))


@pytest.fixture(scope="module")
def libraries() -> dict[int, Loaded]:
    return {lanes: library(lanes) for lanes in (1, 4, 8)}


def apply(loaded: Loaded, lanes: int, name: str, x: np.ndarray, y: np.ndarray | None = None) -> np.ndarray:
    function = loaded.function(f"each_{name}", 3)
    size = -(-len(x) // lanes) * lanes
    a, b, out = np.zeros(size), np.zeros(size), np.zeros(size)
    a[: len(x)], b[: len(x)] = x, x if y is None else y
    for k in range(0, size, lanes):
        function(*(t.ctypes.data + 8 * k for t in (a, b, out)))
    return out[: len(x)]


def worst_ulp(got: np.ndarray, exact: list) -> float:
    worst = 0.0
    for g, e in zip(got.tolist(), exact, strict=True):
        size = abs(float(e))
        if 1e-307 < size < np.inf:
            worst = max(worst, float(abs(mpmath.mpf(g) - e) / mpmath.mpf(np.spacing(size))))
        elif size < np.inf:
            assert abs(g - float(e)) <= 1e-323
    return worst


def arguments(name: str) -> tuple[np.ndarray, np.ndarray]:
    rng, n = np.random.default_rng(3), 1500
    if name == "vexp":
        return np.r_[rng.uniform(-745, 709.7, n), rng.uniform(-1, 1, n), rng.uniform(-1e-8, 1e-8, 50)], np.zeros(0)
    if name == "vlog":
        near = 1 + rng.uniform(-1e-8, 1e-8, 50)
        return np.r_[np.exp(rng.uniform(-740, 709, n)), rng.uniform(0.5, 2, n), near, [5e-324, 1e-310]], np.zeros(0)
    if name == "vtanh":
        return np.r_[rng.uniform(-1, 1, n), rng.uniform(-25, 25, n), rng.uniform(-1e-6, 1e-6, 50)], np.zeros(0)
    x = np.r_[np.exp(rng.uniform(-700, 700, n)), rng.uniform(0.5, 2, n), np.exp(rng.uniform(-3, 3, n)), [1e-310] * 50]
    y = np.r_[rng.uniform(-1, 1, n), rng.uniform(-900, 900, n), rng.uniform(-30, 30, n), rng.uniform(-1, 1, 50)]
    return x, y


EXACT = {"vexp": mpmath.exp, "vlog": mpmath.log, "vtanh": mpmath.tanh, "vpow": mpmath.power}


@pytest.mark.parametrize("name", EXACT)
def test_within_two_units_in_the_last_place(libraries: dict[int, Loaded], name: str) -> None:
    x, y = arguments(name)
    got = apply(libraries[4], 4, name, x, y if name in BINARY else None)
    with mpmath.workprec(160):
        columns = [x, y] if name in BINARY else [x]
        exact = [EXACT[name](*(mpmath.mpf(float(v)) for v in row)) for row in zip(*columns, strict=True)]
        assert worst_ulp(got, exact) < 2.0


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("lanes", [1, 4, 8])
def test_special_values(libraries: dict[int, Loaded], name: str, lanes: int) -> None:
    numpy_of = {"vexp": np.exp, "vlog": np.log, "vtanh": np.tanh, "vpow": np.power}
    x, y = (t.ravel() for t in np.meshgrid(SPECIAL, SPECIAL)) if name in BINARY else (SPECIAL, None)
    with np.errstate(all="ignore"):
        expected = numpy_of[name](x, y) if name in BINARY else numpy_of[name](x)
    got = apply(libraries[lanes], lanes, name, x, y)
    np.testing.assert_array_equal(np.isnan(got), np.isnan(expected))
    np.testing.assert_array_equal(np.isinf(got), np.isinf(expected))
    finite = np.isfinite(expected)
    np.testing.assert_allclose(got[finite], expected[finite], rtol=1e-15, atol=5e-324)
    if name in BINARY:
        np.testing.assert_array_equal(np.signbit(got[~np.isnan(got)]), np.signbit(expected[~np.isnan(got)]))


@pytest.mark.parametrize("name", EXACT)
def test_every_width_gives_the_same_bits(libraries: dict[int, Loaded], name: str) -> None:
    x, y = arguments(name)
    results = {apply(loaded, w, name, x, y if name in BINARY else None).tobytes() for w, loaded in libraries.items()}
    assert len(results) == 1
