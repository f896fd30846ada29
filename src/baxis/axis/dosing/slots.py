"""Put a drug into a slot of the model: parameter values, where a dose goes, and inputs averaged outside."""

from __future__ import annotations

from collections.abc import Mapping

from baxis.axis.assembly.fill import EMPTY_SLOT, SLOTS
from baxis.axis.tables.drug_table import TARGETS, Drug, load
from baxis.core import units
from baxis.core.errors import InvalidValue, UnknownName

ROUTES = ("oral", "po", "sc", "iv", "infusion")
EXPOSED = ("prednisone", "prednisolone", "methotrexate", "mycophenolate", "azathioprine", "cyclophosphamide",
           "hydroxychloroquine")  # fmt: skip
_NAMES = (
    "ka",
    "F",
    "CL",
    "V1",
    "Q1",
    "V2",
    "Q2",
    "V3",
    "vmax",
    "km",
    "isab",
    "rate",
    "pb",
    "pf",
    "fx",
    "kb",
    "kt",
    "kc_btk",
    "sp",
)


def _checked(slot: int) -> int:
    if slot not in SLOTS:
        raise InvalidValue("slot", slot, "1, 2 or 3")
    return slot


def _as_drug(drug: str | Drug) -> Drug:
    return load(drug) if isinstance(drug, str) else drug


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
    out[f"P{s}_fx"] = k.get("pool_fcrn", 0.0)
    out[f"P{s}_pb"], out[f"P{s}_pf"] = k.get("pool_b", 0.0), k.get("pool_fcrn", 0.0)
    for target, action in d.actions.items():
        out[f"P{s}_kc_btk" if action.kind == "covalent" else f"P{s}_w_{target}"] = action.strength
        if action.kind == "deplete":
            out[f"P{s}_kb"] = action.effector
            out[f"P{s}_kt"] = action.penetration * action.effector**2
        if action.spared:
            out[f"P{s}_sp"] = action.spared
    return out


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
    return f"P{_checked(slot)}_{'depot' if way in ('oral', 'po', 'sc') else 'central'}"


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


def input_name(target: str, kind: str) -> str:
    """Input that carries a target's averaged inhibition: `uc_btk` for covalent block of BTK, else `u_<target>`."""
    if target not in TARGETS:
        raise UnknownName("target", target, TARGETS)
    return "uc_btk" if kind == "covalent" else f"u_{target}"


def background_input(drug: str | Drug, unit: str) -> tuple[str, float]:
    """Exposure input of a background drug and the factor from a dose in `unit` (`mg`, `mg/day`, `mg/week`, `g`)."""
    d = _as_drug(drug)
    if not d.background:
        raise InvalidValue(
            f"drug {d.name}", "background therapy", f"a drug with an exposure input: {', '.join(EXPOSED)}"
        )
    want, _, per = d.exposure_unit.partition("/")
    have, _, given = unit.strip().partition("/")
    days = {"day": 1.0, "d": 1.0, "week": 7.0, "wk": 7.0, "": 0.0}
    if given not in days:
        raise InvalidValue(f"dose unit of {d.name}", unit, f"{want}, {want}/day or {want}/week")
    stretch = days[per] / days[given] if given else 1.0
    return d.exposure, units.factor(have, want) * stretch


def weight_names() -> tuple[str, ...]:
    """Weights of the inflammation arms (they sum to 1)."""
    return ("w_0", "w_C", "w_T", "w_I", "w_B", "w_N")


def exposure_inputs() -> Mapping[str, str]:
    """Background exposure inputs: name -> unit."""
    return {"gc_dose": "mg/day", "mtx": "mg/week", "mmf": "g/day", "aza": "mg/day", "cyc": "mg/day", "hcq": "mg/day"}
