"""Observables of the model and their measured units (the border between healthy = 1 and the laboratory)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from ..core import library
from ..core.errors import UnknownName


@dataclass(frozen=True, slots=True)
class Observable:
    """A model state or rule with its name, the value in a healthy adult and the unit."""

    key: str
    state: str
    name: str
    healthy: float
    unit: str
    source: str
    aliases: tuple[str, ...]


@lru_cache(maxsize=1)
def glossary() -> dict[str, Observable]:
    """Every observable by key."""
    raw = library.parse_toml(library.path("glossary.toml"))
    return {k: _observable(k, v) for k, v in raw.items()}


def _observable(key: str, row: dict[str, Any]) -> Observable:
    names = tuple(row.get("aliases", ()))
    return Observable(key, row["state"], row["name"], float(row["healthy"]), row["unit"], row.get("source", ""), names)


def outputs() -> dict[str, str]:
    """Model name of each observable -> unit after `to_units`."""
    return {o.state: o.unit for o in glossary().values()}


def find(name: str) -> Observable:
    """Observable by key, model name or alias."""
    for o in glossary().values():
        if name.casefold() in {o.key.casefold(), o.state.casefold(), *(a.casefold() for a in o.aliases)}:
            return o
    raise UnknownName("observable", name, [*glossary(), *(o.state for o in glossary().values())])


def to_units(name: str, values: Any) -> np.ndarray:
    """Model values (multiples of health) in the measured unit of the observable."""
    return np.asarray(values, float) * find(name).healthy
