"""What a design says of who takes what: all that the checks of a prescription read of it."""

from __future__ import annotations

from typing import Protocol

from baxis.clinic.design.blocks import Arm, Background, Entry, Exposure, Rescue


class Prescription(Protocol):
    """A trial as its prescriptions see it (see `design.Design` for each field)."""

    @property
    def disease(self) -> str: ...

    @property
    def weeks(self) -> float: ...

    @property
    def population(self) -> str: ...

    @property
    def prior_treatment(self) -> str: ...

    @property
    def arms(self) -> tuple[Arm, ...]: ...

    @property
    def rescue(self) -> Rescue | None: ...

    @property
    def background_therapy(self) -> tuple[Background, ...]: ...

    @property
    def entry(self) -> tuple[Entry, ...]: ...

    @property
    def exposure(self) -> Exposure: ...

    @property
    def readings(self) -> tuple[str, ...]: ...
