"""What a quantity of a person can be at all, and the unit that was probably meant where a value cannot be."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from baxis.core import library, units
from baxis.core.errors import InvalidValue

TABLE = "instruments/possible"
# Units that people take for one another; the dimension picks among them.
CONFUSED = (
    "g/L", "mg/dL", "mg/L", "g/dL", "ug/mL", "ug/dL", "ng/mL", "ng/L", "pg/mL", "cells/uL", "cells/mL", "cells/L",
    "10^9/L", "IU/mL", "IU/L", "kIU/L", "kg", "g", "lb", "m", "cm", "mm", "inch", "ft", "year", "month", "day",
    "mg", "ug", "mg/kg", "mg/day", "g/day", "mg/week", "g/g", "mg/g", "mg/mg",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Range:
    """`least` to `most` is possible, in `unit`; `usual` is where most people are; below `detection` nothing is measured."""

    name: str
    unit: str
    least: float
    most: float
    usual: float = math.nan
    detection: float = math.nan

    def check(self, value: float, unit: str, where: str) -> float:
        """The value in the range's own unit. InvalidValue, with the unit probably meant, where it is impossible."""
        try:
            own = value * units.factor(unit, self.unit)
        except InvalidValue:
            raise InvalidValue(where, unit, f"a unit that converts to {self.unit}") from None
        if not self.least <= own <= self.most:
            span = f"a possible value, {self.least:g} to {self.most:g} {self.unit}"
            raise InvalidValue(where, f"{value:g} {unit}", span, check_unit(value, unit, self))
        return own


@lru_cache(maxsize=1)
def _rows() -> dict[str, dict[str, str]]:
    return {r["measure"]: r for r in library.read_table(TABLE)}


library.on_change(_rows.cache_clear)


def measure(key: str, usual: float) -> Range:
    """Range of a laboratory measure. `usual`: its value in health, in the measure's unit."""
    r = _rows()[key]
    least, most, detection = (float(r[k]) for k in ("least", "most", "detection"))
    return Range(key, r["unit"], least, most, usual, detection)


def check_unit(value: float, unit: str, allowed: Range) -> str:
    """What to do about an impossible value: the unit that was probably meant, where there is one."""
    hint = meant(value, unit, allowed)
    return f"check the unit: {hint}" if hint else "check the unit"


def meant(value: float, unit: str, allowed: Range) -> str:
    """`did you mean 62 mg/dL (0.62 g/L)?` where the same number in another unit is possible; empty where none is."""
    middle = allowed.usual
    if not middle > 0:
        middle = math.sqrt(max(allowed.least, 1e-3) * allowed.most)
    best: tuple[float, str, float] | None = None
    for other in (allowed.unit, *CONFUSED):
        if value <= 0 or not _alike(other, allowed.unit) or units.factor(other, unit) == 1.0:
            continue
        own = value * units.factor(other, allowed.unit)
        if allowed.least <= own <= allowed.most:
            distance = abs(math.log(own / middle))
            if best is None or distance < best[0] - 1e-9:
                best = distance, other, own
    if best is None:
        return ""
    own_text = "" if units.factor(best[1], allowed.unit) == 1.0 else f" ({best[2]:.3g} {allowed.unit})"
    return f"did you mean {value:g} {best[1]}{own_text}?"


def _alike(unit: str, other: str) -> bool:
    return bool(units.parse(unit).dimensionality == units.parse(other).dimensionality)
