"""Observables of the model and their measured units (the border between healthy = 1 and the laboratory)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from baxis.core import library
from baxis.core.errors import UnknownName


@dataclass(frozen=True, slots=True)
class Observable:
    """A model state or rule: `output` is its name in the model, `healthy` its value in a healthy adult in `unit`."""

    key: str
    output: str
    label: str
    healthy: float
    unit: str
    source: str
    aliases: tuple[str, ...]

    def measured(self, values: Any) -> np.ndarray:
        """Model values (multiples of health) in `unit`."""
        return np.asarray(values, float) * self.healthy


@lru_cache(maxsize=1)
def glossary() -> dict[str, Observable]:
    """Every observable by key."""
    raw = library.parse_toml(library.path("glossary.toml"))
    return {k: _observable(k, v) for k, v in raw.items()}


def _observable(key: str, row: dict[str, Any]) -> Observable:
    names = tuple(row.get("aliases", ()))
    return Observable(
        key=key,
        output=row["state"],
        label=row["name"],
        healthy=float(row["healthy"]),
        unit=row["unit"],
        source=row.get("source", ""),
        aliases=names,
    )


def outputs() -> dict[str, Observable]:
    """Every observable by its name in the model."""
    return {o.output: o for o in glossary().values()}


def find(name: str) -> Observable:
    """Observable by key, model name or alias."""
    for o in glossary().values():
        if name.casefold() in {o.key.casefold(), o.output.casefold(), *(a.casefold() for a in o.aliases)}:
            return o
    raise UnknownName("observable", name, [*glossary(), *(o.output for o in glossary().values())])


def to_units(name: str, values: Any) -> np.ndarray:
    """Model values (multiples of health) in the measured unit of the observable."""
    return find(name).measured(values)
