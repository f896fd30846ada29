"""From tables to the parameter vector of the composed model."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from baxis.axis.assembly import references
from baxis.axis.assembly.fill import fill, names
from baxis.axis.tables import disease_table
from baxis.axis.tables.disease_table import Disease
from baxis.core.errors import InvalidValue, UnknownName


def table(d: str | Disease, overrides: Mapping[str, float] | None = None) -> dict[str, float]:
    """Value of every model parameter for a typical patient. UnknownName for an override the model lacks."""
    case = disease_table.load(d) if isinstance(d, str) else d
    values = {**disease_table.base(), **references.instances(), **references.scales(case), **case.values()}
    wanted = set(names())
    for name, value in (overrides or {}).items():
        if name not in wanted:
            raise UnknownName("model parameter", name, wanted)
        if not np.isfinite(value):
            raise InvalidValue(f"parameter {name}", value, "a finite number")
    return fill({**values, **(overrides or {})})


def vector(d: str | Disease, overrides: Mapping[str, float] | None = None) -> np.ndarray:
    """Typical parameter vector (P,) of a disease in `system().parameters` order."""
    from baxis.axis.assembly import model

    values = table(d, overrides)
    return np.array([values[n] for n in model.system().parameters])


def index(name: str) -> list[int]:
    """Indices of the parameters called `name`: one for a global, three for a per-instance or per-slot name."""
    from baxis.axis.assembly import model

    order = model.system().parameters
    hits = [i for i, n in enumerate(order) if n == name]
    hits = hits or [i for i, n in enumerate(order) if re.sub(r"^(P[123]|[ARN])_", "", n) == name]
    if not hits:
        raise UnknownName("model parameter", name, order)
    return hits


def as_dict(values: np.ndarray) -> dict[str, Any]:
    """Parameter vector (P,) as a dict by name."""
    from baxis.axis.assembly import model

    return dict(zip(model.system().parameters, (float(v) for v in values), strict=True))
