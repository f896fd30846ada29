"""Monte Carlo error of a simulated value, as it is printed beside it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from baxis.core.storing.written import fixed, share

if TYPE_CHECKING:
    pass
Number = Callable[[float], str]


def simulation_error(row: Mapping[Any, Any], scale: str) -> str:
    """Half of the 90 % interval that the number of simulated patients alone leaves to a value."""
    pair = row["pi90_patients"]
    if not isinstance(pair, list) or pair[0] != pair[0]:
        return "-"
    if scale == "log_hazard_ratio":
        return f"x{fixed(math.exp((pair[1] - pair[0]) / 2), 2)}"
    _, factor, digits = FORMATS[scale]
    return fixed(factor * (pair[1] - pair[0]) / 2, max(digits, 1))


ERROR = "±: what the number of simulated patients alone leaves open (90 %); more patients make it smaller."


# scale -> (what one value looks like, its factor in a range, decimals there)
FORMATS: dict[str, tuple[Number, float, int]] = {
    "proportion": (share, 100.0, 0),
    "risk_difference": (lambda v: f"{fixed(100 * v, 1, '+')} pp", 100.0, 0),
    "points": (lambda v: fixed(v, 2), 1.0, 2),
    "mean_difference": (lambda v: fixed(v, 2, "+"), 1.0, 2),
    "log_hazard_ratio": (lambda v: f"HR {fixed(math.exp(v), 2)}", 1.0, 2),
}
