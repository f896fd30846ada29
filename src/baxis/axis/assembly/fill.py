"""The parameters of the composed model by name, from a wider table of values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from baxis.axis.assembly import compose
from baxis.core.errors import UnknownName

SLOTS = (1, 2, 3)
_SLOT = re.compile(r"^P[123]_(.+)$")


# a slot without a drug: volumes and rates that keep the empty compartments well defined, everything else 0
EMPTY_SLOT = {"ka": 1.0, "F": 1.0, "CL": 1.0, "V1": 5.0, "V2": 5.0, "V3": 5.0, "km": 1.0}


@lru_cache(maxsize=1)
def names() -> tuple[str, ...]:
    """Parameter names of the composed model, sorted (the order of the parameter vector)."""
    return compose.free_names(compose.statements())


def fill(values: Mapping[str, float]) -> dict[str, float]:
    """Exactly the model's parameters from a wider table; empty slots get neutral kinetics."""
    out: dict[str, float] = {}
    missing: list[str] = []
    for name in names():
        slot = _SLOT.match(name)
        if name in values:
            out[name] = float(values[name])
        elif slot:
            out[name] = EMPTY_SLOT.get(slot[1], 0.0)
        else:
            missing.append(name)
    if missing:
        raise UnknownName("value for model parameter", ", ".join(missing), values)
    return out
