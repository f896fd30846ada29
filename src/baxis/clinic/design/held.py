"""A virtual inhibitor: a target held at an occupancy, or at an exposure in multiples of its IC50, for as long as wanted.

It answers what a drug that reaches 70 % occupancy would do, before there is such a drug. It needs no kinetics, has no
action beside its target, and adds to the arm's drugs on one target as they add to each other.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator, model_validator

from baxis import axis
from baxis.clinic.design.fields import Block
from baxis.core.errors import InvalidValue, UnknownName
from baxis.core.reading import numbers

if TYPE_CHECKING:
    pass

Array = NDArray[np.float64]
LEAST_PERCENT = 5.0  # an occupancy from which on per cent are meant


class Held(Block):
    """A target held from `start_day` to `stop_day` (None: to the end). Give one of occupancy (0 to below 1) and exposure
    (concentration over IC50, 0 or more)."""

    target: str
    occupancy: float | None = Field(default=None, ge=0)
    exposure: float | None = Field(default=None, ge=0, le=1e4)
    start_day: float = Field(default=0.0, ge=0)
    stop_day: float | None = Field(default=None, gt=0)

    @field_validator("occupancy")
    @classmethod
    def _share(cls, value: float | None) -> float | None:
        if value is not None and value >= 1:
            raise ValueError(f"got {value:g}; allowed: 0 to less than 1; {_as_share(value)}")
        return value

    @field_validator("target")
    @classmethod
    def _known(cls, text: str) -> str:
        try:
            axis.virtual(text.casefold(), 0.0)
        except UnknownName as e:  # pydantic then adds the place of the field
            raise ValueError(str(e)) from None
        return text.casefold()

    @model_validator(mode="after")
    def _one_size(self) -> Held:
        if (self.occupancy is None) == (self.exposure is None):
            raise ValueError("give occupancy or exposure, one of them")
        if self.stop_day is not None and self.stop_day <= self.start_day:
            raise ValueError(f"stop_day {self.stop_day:g} is not after start_day {self.start_day:g}")
        return self

    def input(self) -> tuple[str, float]:
        """Model input and its value while the target is held."""
        [(name, value)] = axis.virtual(self.target, self.occupancy or 0.0).items()
        return name, value if self.exposure is None else self.exposure


def inputs(held: tuple[Held, ...], n: int) -> list[tuple[str, Array, Array]]:
    """(input, days (k,), values (n, k) from each day on) of an arm's held targets."""
    out = []
    for h in held:
        name, value = h.input()
        days, values = [h.start_day], [value]
        if h.stop_day is not None:
            days, values = [*days, h.stop_day], [*values, 0.0]
        out.append((name, np.array(days), np.tile(values, (n, 1))))
    return out


def occupancy(where: str, text: str, value: str) -> float:
    """Occupancy of a text, 0 to below 1; InvalidValue that says what a share in per cent is as a fraction."""
    plain = value.strip().removesuffix("%").strip()
    if not re.fullmatch(r"\d+\.?\d*|\.\d+", plain, re.ASCII):
        raise InvalidValue(where, text, "TARGET=OCCUPANCY, e.g. btk=0.7", numbers.instead(plain))
    share, in_percent = float(plain), plain != value.strip()
    if share >= 1 or in_percent:
        raise InvalidValue(where, text, "an occupancy from 0 to below 1", _as_share(share, in_percent))
    return share


def _as_share(value: float, in_percent: bool = False) -> str:
    """A share in per cent as the fraction that it is; a number just above 1 is no share in per cent unless it says so."""
    if 0 <= value < 100 and (in_percent or value >= LEAST_PERCENT):
        return f"{value:g} % is {value / 100:g}"
    if 1 < value < LEAST_PERCENT:
        return "a share of the target: 0.7 for 70 %"
    return "no drug holds a target in full; 0.999 is near it"
