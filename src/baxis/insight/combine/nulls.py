"""What a combination does when its drugs do not interact, by four definitions. Effects are fractions: 0 none, 1 all.

HSA: the better drug alone. Bliss 1939: independent action. Loewe 1953: the drugs are one drug at exchanged doses, so
that sum d_i/D_i(E) = 1, where D_i(E) is the dose of drug i alone with effect E (a drug that never reaches E adds
nothing). ZIP, Yadav 2015 (doi:10.1016/j.csbj.2015.09.001): each row and column of the dose matrix is fitted by a
Hill curve that starts at the other drug's effect; the mean of the two fits is set against Bliss on the fitted single
drugs, so that what is counted is a change of potency or shape, not noise. Tops below 1 are fitted, not fixed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
NAMES = ("HSA", "Bliss", "Loewe", "ZIP")
_HALVINGS = 48
SLOPES, MIDDLES = (0.2, 6.0), (-4.0, 4.0)  # bounds of a Hill fit: slope; log of the middle dose over the usual dose
_ROUNDS, _SIDE = 10, 7  # refinements of the grid, points a side


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


@dataclass(frozen=True, eq=False)
class Hill:
    """Curves floor + rise x^slope/(x^slope + middle^slope), one a replicate (R,); slope and log middle within bounds."""

    floor: Array
    rise: Array
    slope: Array
    log_middle: Array

    def at(self, doses: Array) -> Array:
        """(R, L) at doses (L,), the floor at dose 0."""
        return np.asarray(self.floor[:, None] + self.rise[:, None] * _shape(doses, self.slope, self.log_middle))


def _shape(doses: Array, slope: Array, log_middle: Array) -> Array:
    """(..., L): share of the rise at doses (L,)."""
    with np.errstate(divide="ignore"):
        log_dose = np.log(doses)
    z = np.clip(slope[..., None] * (log_middle[..., None] - log_dose), -50.0, 700.0)
    return np.asarray(1.0 / (1.0 + np.exp(z)))


def hill(doses: Array, effects: Array, floor: Array) -> Hill:
    """Least-squares Hill curves of effects (R, L) at doses (L,) above 0, from known floors (R,); top between -1 and 1.

    The rise is linear given slope and middle, so that it is solved for; the two others are searched on a grid that is
    refined about its best point.
    """
    rows = np.arange(len(effects))
    slope, middle = (np.tile(np.linspace(*b, 25), (len(rows), 1)) for b in (SLOPES, MIDDLES))
    y = effects - floor[:, None]
    for step in range(_ROUNDS):
        s = np.repeat(slope, middle.shape[1], axis=1)
        m = np.tile(middle, (1, slope.shape[1]))
        shape = _shape(doses, s, m)
        rise, error = _solved(shape, y, floor)
        best = error.argmin(axis=1)
        found = Hill(floor, rise[rows, best], s[rows, best], m[rows, best])
        width = (1.5 / 24) * 0.6**step
        slope = _about(found.slope, SLOPES, width)
        middle = _about(found.log_middle, MIDDLES, width)
    return found


def _about(centre: Array, bounds: tuple[float, float], width: float) -> Array:
    """(R, side) points about a centre, within bounds; width: half of the span, as a share of the bounds' span."""
    span = (bounds[1] - bounds[0]) * width
    return np.clip(centre[:, None] + np.linspace(-span, span, _SIDE), *bounds)


def _solved(shape: Array, y: Array, floor: Array) -> tuple[Array, Array]:
    """Best rise and its squared error, (R, G), for shapes (R, G, L) and effects above the floor (R, L)."""
    across, square = np.einsum("rgl,rl->rg", shape, y), np.einsum("rgl,rgl->rg", shape, shape)
    rise = np.clip(across / np.maximum(square, 1e-300), (-1.0 - floor)[:, None], (1.0 - floor)[:, None])
    return rise, rise * (rise * square - 2.0 * across)


def zip_expected(levels: Array, curves: Array, doses: Array) -> Array:
    """Bliss (R, D) on the fitted single drugs: curves (R, k, L) at `levels` (L,) from dose 0, doses (D, k)."""
    return bliss(np.stack(_alone(levels, curves, doses), axis=-1))


def _alone(levels: Array, curves: Array, doses: Array) -> list[Array]:
    """Fitted effect (R, D) of each drug alone at its dose; 0 at dose 0."""
    positive, none = levels > 0, np.zeros(len(curves))
    fits = [hill(levels[positive], curves[:, i, positive], none) for i in range(curves.shape[1])]
    return [fit.at(doses[:, i]) for i, fit in enumerate(fits)]


def zip_fitted(levels: Array, curves: Array, grid: Array, seen: Array) -> Array:
    """Mean (R, G, G) of the fits along rows and columns of a dose matrix of two drugs.

    levels (L,), curves (R, 2, L): the single drugs; grid (G,): doses of the matrix, 0 first; seen (R, G, G): its effects.
    """
    first, second = (a for a in _alone(levels, curves, np.stack([grid, grid], axis=1)))
    fitted = np.zeros((2, *seen.shape))
    for j in range(grid.size):
        down = hill(grid[1:], seen[:, 1:, j], second[:, j])  # drug 1 over its doses, on top of drug 2 at dose j
        along = hill(grid[1:], seen[:, j, 1:], first[:, j])
        fitted[0, :, :, j], fitted[1, :, j, :] = down.at(grid), along.at(grid)
    return np.asarray(fitted.mean(axis=0))
