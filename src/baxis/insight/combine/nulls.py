"""What a combination does when its drugs do not interact, by four definitions. Effects are fractions: 0 none, 1 all.

HSA: the better drug alone. Bliss 1939: independent action. Loewe 1953: the drugs are one drug at exchanged doses, so
that sum d_i/D_i(E) = 1, where D_i(E) is the dose of drug i alone with effect E (a drug that never reaches E adds
nothing). ZIP, Yadav 2015 (doi:10.1016/j.csbj.2015.09.001): Bliss on the fitted Hill curves of the single drugs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
NAMES = ("HSA", "Bliss", "Loewe", "ZIP")
_HALVINGS = 48


def hsa(single: Array) -> Array:
    """(..., k) effects of the single drugs -> (...)."""
    return np.asarray(single.max(axis=-1))


def bliss(single: Array) -> Array:
    """(..., k) effects of the single drugs -> (...)."""
    return np.asarray(1.0 - np.prod(1.0 - single, axis=-1))


def loewe(levels: Array, curves: Array, doses: Array) -> float:
    """Effect of doses (k,) when every drug i has effect curves[i] (L,) at `levels` (L,), rising from 0.

    Monotone, piecewise linear curves; found by bisection. One drug alone gives its own curve.
    """
    rising = np.maximum.accumulate(np.maximum(curves, 0.0), axis=1)
    given = [i for i in range(len(doses)) if doses[i] > 0]
    if not given:
        return 0.0
    if len(given) == 1:
        return float(np.interp(doses[given[0]], levels, curves[given[0]]))
    low, high = 0.0, float(max(rising[i, -1] for i in given))
    if _share(levels, rising, doses, given, high) >= 1.0:
        return high
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        if _share(levels, rising, doses, given, middle) >= 1.0:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def _share(levels: Array, rising: Array, doses: Array, given: list[int], effect: float) -> float:
    """Sum of d/D(effect): at least 1 where the doses suffice for the effect."""
    total = 0.0
    for i in given:
        k = int(np.searchsorted(rising[i], effect - 1e-14))
        if k >= len(levels):
            continue
        if k == 0:
            return np.inf
        rise = rising[i, k] - rising[i, k - 1]
        part = (effect - rising[i, k - 1]) / rise if rise > 0 else 1.0
        total += doses[i] / (levels[k - 1] + min(part, 1.0) * (levels[k] - levels[k - 1]))
    return total


def hill(levels: Array, effects: Array) -> Array:
    """Effects at `levels` (L,) of the Hill curve (from 0 at dose 0) that fits best by least squares; (L,)."""
    from scipy.optimize import least_squares

    if np.ptp(effects) < 1e-12:
        return effects.copy()
    positive = levels > 0
    x, y = levels[positive], effects[positive]

    def curve(p: Array) -> Array:
        return np.asarray(p[0] / (1.0 + np.exp(np.clip(p[1] * (p[2] - np.log(x)), -50, 50))))

    start = [y[np.argmax(np.abs(y))], 1.0, np.log(np.median(x))]
    fit = least_squares(lambda p: curve(p) - y, start, bounds=([-2, 0.2, -8], [2, 6, 8]), max_nfev=60)
    out = np.zeros_like(levels)
    out[positive] = curve(fit.x)
    return out


def references(levels: Array, curves: Array, doses: Array) -> dict[str, float]:
    """Every null at doses (k,), each a member of `levels`; `curves` (k, L). With one drug given all are its own effect."""
    at = [int(np.argmin(np.abs(levels - d))) for d in doses]
    single = np.array([curves[i, at[i]] for i in range(len(doses))])
    if np.count_nonzero(doses) <= 1:
        alone = float(single[np.argmax(doses)]) if np.any(doses > 0) else 0.0
        return dict.fromkeys(NAMES, alone)
    fitted = np.array([hill(levels, curves[i])[at[i]] for i in range(len(doses))])
    return {
        "HSA": float(hsa(single[doses > 0])),
        "Bliss": float(bliss(single)),
        "Loewe": loewe(levels, curves, doses),
        "ZIP": float(bliss(fitted)),
    }
