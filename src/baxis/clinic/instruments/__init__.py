"""Clinical instruments: what a visit records of a patient, and the responder definitions as the trials wrote them."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from baxis.clinic.instruments.base import Course, Instrument, Visits
from baxis.core.reading import disease_names

_CLASSES = {
    "RA": ("ra", "RheumatoidArthritis"),
    "SLE": ("sle", "Lupus"),
    "LN": ("ln", "LupusNephritis"),
    "AAV": ("aav", "Vasculitis"),
    "IgG4-RD": ("igg4rd", "IgG4RelatedDisease"),
    "SjD": ("sjd", "Sjogren"),
}
CODES = tuple(_CLASSES)

__all__ = ["CODES", "Course", "Instrument", "Visits", "instrument"]


def instrument(disease: str, numbers: Mapping[str, float] | None = None) -> Instrument:
    """Instrument of a disease code, some of its numbers replaced. UnknownName for a disease without one."""
    module, name = _CLASSES[disease_names.code(disease, CODES, "disease with a clinical instrument")]
    tool: type[Instrument] = getattr(import_module(f".{module}", __name__), name)
    return tool(numbers)
