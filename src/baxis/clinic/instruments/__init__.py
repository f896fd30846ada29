"""Clinical instruments: what a visit records of a patient, and the responder definitions as the trials wrote them."""

from __future__ import annotations

from collections.abc import Mapping

from ...core.errors import UnknownName
from .base import Course, Instrument, Visits

CODES = ("RA", "SLE")

__all__ = ["CODES", "Course", "Instrument", "Visits", "instrument"]


def instrument(disease: str, numbers: Mapping[str, float] | None = None) -> Instrument:
    """Instrument of a disease code, some of its numbers replaced. UnknownName for a disease without one."""
    from .ra import RheumatoidArthritis
    from .sle import Lupus

    table: dict[str, type[Instrument]] = {"RA": RheumatoidArthritis, "SLE": Lupus}
    if disease not in table:
        raise UnknownName("disease with a clinical instrument", disease, table)
    return table[disease](numbers)
