"""Put a drug into a slot of the model: parameter values, where a dose goes, and inputs averaged outside."""

from __future__ import annotations

from collections.abc import Mapping

from ..core import units
from ..core.errors import InvalidValue, UnknownName
from .drug_table import TARGETS, Action, Drug, load
from .vector import EMPTY_SLOT, SLOTS

ROUTES = ("oral", "sc", "iv", "infusion")
_NAMES = ("ka", "F", "CL", "V1", "Q1", "V2", "Q2", "V3", "vmax", "km", "isab", "rate", "pb", "pf", "kb", "kt", "kc_btk")


def _checked(slot: int) -> int:
    if slot not in SLOTS:
        raise InvalidValue("slot", slot, "1, 2 or 3")
    return slot


def _as_drug(drug: str | Drug) -> Drug:
    return load(drug) if isinstance(drug, str) else drug


def mean_concentration(drug: Drug, dose_per_day: float) -> float:
    """Mean concentration (mg/L) at a daily dose (mg/day), linear kinetics."""
    return dose_per_day * drug.kinetics.get("F", 1.0) / drug.kinetics["CL"]


def potency(drug: Drug, action: Action, resynthesis: float) -> float:
    """1/IC50 in L/mg, or for covalent block the inactivation rate per concentration in L/mg/day.

    A potency `basis = "free"` is turned to total concentration by the unbound fraction; an occupancy anchor is met
    by the mean concentration at its dose (covalent: rate x concentration = resynthesis x occupancy/(1 - occupancy)).
    """
    if action.occupancy is not None:
        if action.at_dose is None:
            raise InvalidValue(f"{drug.name} {action.target}", "occupancy without at_dose", "at_dose in mg/day")
        odds = action.occupancy / (1 - action.occupancy) / mean_concentration(drug, action.at_dose)
        return odds * resynthesis if action.kind == "covalent" else odds
    if action.value is None or action.value <= 0:
        raise InvalidValue(f"{drug.name} {action.target}", action.value, "a potency above 0 or an occupancy at a dose")
    bound = drug.kinetics.get("fu", 1.0) if action.basis == "free" else 1.0
    return bound / mass_concentration(action.value, action.unit, drug.molar_mass, drug.name)


def mass_concentration(value: float, unit: str, molar_mass: float | None, what: str) -> float:
    """Concentration in mg/L; a molar unit needs the molar mass (g/mol)."""
    try:
        return units.convert(value, unit, "mg/L")
    except InvalidValue:
        if molar_mass is None:
            raise InvalidValue(f"{what}", f"{value} {unit}", "a mass unit, or a molar mass beside a molar unit") from None
        return units.convert(value, unit, "mol/L") * molar_mass * 1000


def slot_parameters(drug: str | Drug, slot: int) -> dict[str, float]:
    """Values of every `P{slot}_` parameter for a drug, in model units (mg, L, day). Background drugs have no slot."""
    d, s = _as_drug(drug), _checked(slot)
    if d.background:
        raise InvalidValue(f"drug {d.name}", f"slot {slot}", f"the exposure input {d.exposure!r} ({d.exposure_unit})")
    out = empty_slot(s)
    if d.cell_therapy:
        return {**out, "car_on": 1.0}
    k = d.kinetics
    out.update({f"P{s}_{n}": k[n] for n in ("ka", "F", "CL", "V1", "Q1", "V2", "Q2", "V3", "vmax", "km") if n in k})
    out[f"P{s}_isab"] = float(d.fc)
    out[f"P{s}_pb"], out[f"P{s}_pf"] = k.get("pool_b", 0.0), k.get("pool_fcrn", 0.0)
    for target, action in d.action.items():
        value = potency(d, action, _resynthesis())
        out[f"P{s}_kc_btk" if action.kind == "covalent" else f"P{s}_w_{target}"] = value
        if action.kind == "deplete":
            out[f"P{s}_kb"] = action.effector
            out[f"P{s}_kt"] = action.penetration * action.effector**2
    return out


def _resynthesis() -> float:
    from .disease_table import base

    return base()["k_btk"]


def empty_slot(slot: int) -> dict[str, float]:
    """Values of a slot that holds no drug."""
    names = (*_NAMES, *(f"w_{t}" for t in TARGETS))
    return {f"P{_checked(slot)}_{n}": EMPTY_SLOT.get(n, 0.0) for n in names}


def dose_state(drug: str | Drug, slot: int, route: str | None = None) -> str:
    """State that a bolus goes to: depot (oral, sc), central (iv), the CAR-T state for cells. Default: the drug's route."""
    d = _as_drug(drug)
    way = (route or d.route).casefold()
    if way not in ROUTES:
        raise UnknownName("route", route, ROUTES)
    if d.background:
        raise InvalidValue(f"drug {d.name}", "a dose event", f"the exposure input {d.exposure!r}, set piecewise")
    if d.cell_therapy:
        return "car"
    return f"P{_checked(slot)}_{'depot' if way in ('oral', 'sc') else 'central'}"


def infusion_parameter(slot: int) -> str:
    """Rate parameter (mg/day) of a slot's constant infusion."""
    return f"P{_checked(slot)}_rate"


def equivalent_inputs() -> dict[str, str]:
    """Inputs for inhibition averaged outside the model: name -> unit."""
    out = {f"u_{t}": "1" for t in TARGETS}
    return {**out, "u_ap": "1", "uc_btk": "1/day"}


def virtual(target: str, occupancy: float) -> dict[str, float]:
    """A virtual inhibitor: input values that hold a target at this mean occupancy (0 <= occupancy < 1)."""
    if target not in TARGETS:
        raise UnknownName("target", target, TARGETS)
    if not 0 <= occupancy < 1:
        raise InvalidValue(f"occupancy of {target}", occupancy, "a fraction from 0 to below 1")
    return {f"u_{target}": occupancy / (1 - occupancy)}


def exposure_inputs() -> Mapping[str, str]:
    """Background exposure inputs: name -> unit."""
    return {"gc_dose": "mg/day", "mtx": "mg/week", "mmf": "g/day", "aza": "mg/day", "cyc": "mg/day", "hcq": "mg/day"}
