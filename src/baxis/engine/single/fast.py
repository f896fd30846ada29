"""Fast reactions: at rest at every moment, as the kinetic laws of the fast reactions alone leave them.

Between jumps they run beside the others, many times faster than their laws say (`network_reader.FAST`), so that they
stay at rest but for a share of about one over that factor. At the start and after an event the way to rest is
integrated here in a time of its own, in which nothing else moves.
"""

from __future__ import annotations

import numpy as np

from baxis.core.errors import Unsupported
from baxis.engine.model.network_code import NetworkCode

STILL = 1e-9  # relative change over a tenfold longer time that counts as rest
ATOL = 1e-12
LONGEST = 1e12


class FastReactions:
    """The fast reactions of a network, if there are any."""

    def __init__(self, code: NetworkCode) -> None:
        quick = code.network.quick
        self.moving = [code.index[n] for n in quick]
        self.rhs = code.function(list(quick.values()))

    def rest(self, t: float, x: list[float]) -> bool:
        """Bring them to rest at time t, changing x; True if there are any. Raises Unsupported where they do not rest."""
        if not self.moving:
            return False
        from scipy.integrate import solve_ivp

        def rates(_: float, y: np.ndarray) -> np.ndarray:
            return np.array(self.rhs(t, self._full(x, y)), float)

        y, span = np.array([x[i] for i in self.moving], float), 10.0
        if not np.isfinite(y).all():
            return True
        while span <= LONGEST:
            found = solve_ivp(rates, (0.0, span), y, method="LSODA", rtol=1e-11, atol=ATOL)
            if not found.success or not np.isfinite(found.y[:, -1]).all():
                break
            before, y = y, found.y[:, -1]
            if (np.abs(y - before) <= STILL * np.maximum(np.abs(y), np.abs(before)) + ATOL).all():
                x[:] = self._full(x, y)
                return True
            span *= 10.0
        raise Unsupported(f"fast reactions that do not come to rest (at time {t:g})")

    def _full(self, x: list[float], y: np.ndarray) -> list[float]:
        full = list(x)
        for i, value in zip(self.moving, y, strict=True):
            full[i] = float(value)
        return full
