"""Potency of a drug on a target in model units, from a published constant or an occupancy reached at a dose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from baxis.core import units
from baxis.core.errors import InvalidValue

_FAR = 1e6  # KI in mg/L far above any concentration: inactivation stays proportional to concentration


@dataclass(frozen=True, slots=True)
class Action:
    """What a drug does to one target.

    potency: concentration of half effect, mg/L (for covalent block KI); kinact: maximal inactivation, 1/day (covalent
    only); effector and penetration: relative blood killing and its tissue share (depleting antibodies only); spared: share
    of the target that the drug cannot reach (BAFF on membranes and in 60-mers).
    """

    target: str
    kind: str
    potency: float
    kinact: float = 0.0
    effector: float = 1.0
    penetration: float = 0.0
    source: str = ""
    provenance: str = ""
    potency_kind: str = ""
    note: str = ""
    spared: float = 0.0

    @property
    def strength(self) -> float:
        """Effect per concentration: 1/IC50 in L/mg, or the inactivation rate in L/mg/day for covalent block."""
        return self.kinact / self.potency if self.kind == "covalent" else 1.0 / self.potency


def solve(row: Mapping[str, object], drug: str, kinetics: Mapping[str, float], molar_mass: float | None) -> float:
    """1/IC50 in L/mg (covalent: still to be multiplied by the target's resynthesis rate).

    A potency of `basis = "free"` is turned to total concentration by the unbound fraction. An occupancy anchor is met
    by the mean concentration at its daily dose: C/IC50 = occupancy/(1 - occupancy).
    """
    target = row["target"]
    if "occupancy" in row:
        share = float(str(row["occupancy"]))
        if not 0 < share < 1:
            raise InvalidValue(f"{drug}: occupancy of {target}", share, "a fraction between 0 and 1")
        if "at_dose" not in row:
            raise InvalidValue(f"{drug}: {target}", "an occupancy without at_dose", "at_dose in mg/day")
        return share / (1 - share) / mean_concentration(kinetics, float(str(row["at_dose"])))
    value = float(str(row.get("value", 0)))
    if value <= 0:
        raise InvalidValue(f"{drug}: {target}", value, "a potency above 0, or an occupancy at a dose")
    bound = kinetics.get("fu", 1.0) if row.get("basis") == "free" else 1.0
    return bound / mass_concentration(value, str(row.get("unit", "")), molar_mass, drug)


def covalent(rate: float) -> tuple[float, float]:
    """(KI, kinact) of a block whose rate per concentration is `rate` (L/mg/day), linear over clinical concentrations."""
    return _FAR, rate * _FAR


def mean_concentration(kinetics: Mapping[str, float], dose_per_day: float) -> float:
    """Mean concentration (mg/L) at a daily dose (mg/day), linear kinetics."""
    return dose_per_day * kinetics.get("F", 1.0) / kinetics["CL"]


def mass_concentration(value: float, unit: str, molar_mass: float | None, what: str) -> float:
    """Concentration in mg/L; a molar unit needs the molar mass (g/mol)."""
    try:
        return units.convert(value, unit, "mg/L")
    except InvalidValue:
        if molar_mass is None:
            raise InvalidValue(what, f"{value} {unit}", "a mass unit, or a molar mass beside a molar unit") from None
        return units.convert(value, unit, "mol/L") * molar_mass * 1000
