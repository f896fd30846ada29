"""A drug is kinetics plus what it does to targets; how it is given belongs to a regimen."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from baxis.axis.tables import circumstances
from baxis.axis.tables.ledger import Parameter, from_toml
from baxis.axis.tables.potency import Action, covalent, solve
from baxis.core import library, units
from baxis.core.errors import Faults, InvalidValue, UnknownName
from baxis.core.names import bare

if TYPE_CHECKING:
    import numpy as np

# kinetic names of the slot with the unit that the model uses
KINETIC_UNITS = {"ka": "1/day", "lag": "day", "F": "1", "CL": "L/day", "V1": "L", "Q1": "L/day", "V2": "L",
                 "Q2": "L/day", "V3": "L", "vmax": "mg/day", "km": "mg/L", "fu": "1", "thalf": "day",
                 "pool_b": "1", "pool_fcrn": "1", "kexp": "1/day", "contraction": "1/day"}  # fmt: skip
TARGETS = ("btk", "syk", "pi3k", "jak1", "jak2", "jak3", "tyk2", "tlr", "gc", "cd22", "cd19fc", "baff", "april", "baffr",
           "cd40", "cd40l", "b7", "ifnar", "tnf", "il6r", "c5ar", "fcrn", "cd20", "cd19", "cd38", "bcma", "psm", "cn")  # fmt: skip
KINDS = ("reversible", "covalent", "neutralise", "block", "agonise", "co-engage", "inhibit", "deplete", "deplete-plasma",
         "kill")  # fmt: skip
SPARED = ("baff",)  # targets of which a drug may leave a share untouched
_ALL = frozenset((*TARGETS, "car"))


@dataclass(frozen=True, slots=True)
class Drug:
    """Kinetics in model units (mg, L, day; `iiv` is the between-patient CV as a fraction), actions by target, and sources."""

    name: str
    aliases: tuple[str, ...]
    class_: str
    modality: str
    genes: tuple[str, ...]
    route: str
    grade: str
    fc: bool
    molar_mass: float | None
    dose_unit: str
    dose_factor: float
    kinetics: Mapping[str, float]
    iiv: Mapping[str, float]
    numbers: Mapping[str, Parameter]
    actions: Mapping[str, Action]
    covariates: tuple[Mapping[str, str], ...]
    size: tuple[Mapping[str, Any], ...]
    circumstances: tuple[circumstances.Circumstance, ...]
    exposure: str
    exposure_unit: str
    flags: tuple[str, ...]
    usual_doses: str
    risks: str

    @property
    def oral(self) -> bool:
        """Given by mouth."""
        return self.route == "oral"

    @property
    def background(self) -> bool:
        """Enters as an exposure input (glucocorticoid, methotrexate, ...) instead of a slot."""
        return bool(self.exposure)

    @property
    def cell_therapy(self) -> bool:
        """Given as cells into the CAR-T state."""
        return "car" in self.actions

    def kinetics_values(self) -> dict[str, float]:
        """Kinetic parameters in model units by name."""
        return dict(self.kinetics)

    def size_factors(self, people: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Factor on each kinetic parameter from published covariates of body size, sex and renal function, each (n,).

        people: `weight_kg`, `bsa_m2`, `crcl_ml_min`, `female` (0 or 1), each (n,); one that is absent has no effect.
        """
        import numpy as np

        out: dict[str, np.ndarray] = {}
        for row in self.size:
            sex = row["covariate"] in ("female", "male")
            values = people.get("female" if sex else row["covariate"])
            if values is None:
                continue
            given = np.asarray(values, float)
            if sex:
                factor = np.where((given > 0) == (row["covariate"] == "female"), float(row["factor"]), 1.0)
            elif "share" in row:  # this share of clearance goes with the covariate, the rest does not
                factor = 1.0 + float(row["share"]) * (given / float(row["reference"]) - 1.0)
            else:
                factor = (given / float(row["reference"])) ** float(row["exponent"])
            out[row["parameter"]] = out.get(row["parameter"], np.ones_like(given)) * factor
        return out

    def circumstance_factors(
        self, people: Mapping[str, np.ndarray], late: bool = False
    ) -> list[tuple[float, str, np.ndarray]]:
        """(day, slot parameter, factor (n,)) of what patients take, carry or develop; `late`: what begins after day 0."""
        found = [(c, c.factor(self.name, people)) for c in self.circumstances]
        return [(c.from_day, c.key, f) for c, f in found if f is not None and (c.from_day > 0) == late]

    @property
    def doubtful(self) -> tuple[str, ...]:
        """Names of numbers that are assumed or recalled, not seen at their source."""
        drawn = {f"circumstance.{c.name}": c.number or c.share for c in self.circumstances}
        every = {**self.numbers, **{n: p for n, p in drawn.items() if p}}
        weak = [n for n, p in every.items() if p.kind == "assumed" or p.provenance == "recalled"]
        weak += [
            f"action.{t}" for t, a in self.actions.items() if a.potency_kind == "assumed" or a.provenance == "recalled"
        ]
        return tuple(weak)


def _slug(name: str) -> str:
    return bare(name)


@lru_cache(maxsize=8)
def _written(roots: tuple[Path, ...]) -> dict[str, dict[str, Any]]:
    """File of each drug as it is written."""
    return {file: library.read_toml("drugs", file) for file in library.names("drugs")}


def _aliases() -> dict[str, str]:
    return _alias_table(library.roots())


@lru_cache(maxsize=8)
def _alias_table(roots: tuple[Path, ...]) -> dict[str, str]:
    out: dict[str, str] = {}
    for file, raw in _written(roots).items():
        for name in (file, raw.get("inn", file), *raw.get("aliases", ())):
            out.setdefault(_slug(name), file)
    return out


def names() -> tuple[str, ...]:
    """International names of the drugs that can be simulated."""
    return tuple(sorted(raw.get("inn", file) for file, raw in _written(library.roots()).items()))


def file_of(name: str) -> str | None:
    """Name of the file of a drug by international name or alias, None where there is none; its numbers are not read."""
    return _aliases().get(_slug(name))


def sheet(file: str) -> dict[str, Any]:
    """A drug's file as it is written: what stands there before units are read and numbers derived. Not to be changed."""
    return _written(library.roots())[file]


def unavailable() -> dict[str, str]:
    """Drugs of the evidence tables that cannot be simulated, with the reason."""
    return {r["drug"]: r["why"] for r in library.read_table("drugs/unavailable")}


def status(name: str) -> str:
    """`available`, or why the listed drug cannot be simulated. UnknownName when it is not listed at all."""
    if _slug(name) in _aliases():
        return "available"
    listed = {_slug(k): v for k, v in unavailable().items()}
    if _slug(name) in listed:
        return listed[_slug(name)]
    raise UnknownName("drug", name, [*names(), *unavailable()])


def load(name: str) -> Drug:
    """Drug by international name or alias. UnknownName with the nearest; InvalidValue when listed but not simulated."""
    file = _aliases().get(_slug(name))
    if file is None:
        raise InvalidValue(f"drug {name}", "no model", "a drug with published kinetics or occupancy", status(name))
    return _load(file, library.roots())


@lru_cache(maxsize=128)
def _load(file: str, roots: tuple[Path, ...]) -> Drug:
    raw = _written(roots)[file]
    where = f"drugs/{file}.toml"
    numbers, kinetics, wrong = _numbers(raw)
    if wrong:
        raise Faults(where, wrong)
    kinetics = _completed(kinetics, where) if kinetics else {}
    mass = float(raw.get("molar_mass", {}).get("value", 0)) or None
    actions = {a["target"]: _action(a, where, kinetics, mass) for a in raw.get("action", ())}
    return _drug(raw, file, (numbers, kinetics, actions, mass))


def _numbers(raw: dict[str, Any]) -> tuple[dict[str, Parameter], dict[str, float], list[str]]:
    """Kinetic numbers as printed by their source, the same in model units, and faults."""
    numbers: dict[str, Parameter] = {}
    kinetics: dict[str, float] = {}
    wrong: list[str] = []
    for k, row in raw.get("kinetics", {}).items():
        if k not in KINETIC_UNITS:
            wrong.append(str(UnknownName("kinetic parameter", k, KINETIC_UNITS)))
            continue
        try:
            numbers[k] = from_toml(k, {n: v for n, v in row.items() if n not in ("cv", "note")})
            kinetics[k] = units.convert(numbers[k].value, numbers[k].unit, KINETIC_UNITS[k])
        except (ValueError, InvalidValue) as e:
            wrong.append(f"kinetics.{k}: {e}")
    return numbers, kinetics, wrong


def _drug(raw: dict[str, Any], file: str, parts: tuple[Any, ...]) -> Drug:
    numbers, kinetics, actions, mass = parts
    cv = {k: float(v["cv"]) / 100 for k, v in raw.get("kinetics", {}).items() if "cv" in v}
    cell = next((float(a["value"]) for a in raw.get("action", ()) if a["target"] == "car"), 1.0)
    exposure = raw.get("exposure", {})
    return Drug(
        name=raw.get("inn", file), aliases=tuple(raw.get("aliases", ())), class_=raw["class"], modality=raw["modality"], genes=tuple(raw.get("genes", ())),
        route=raw["route"], grade=raw["grade"], fc=bool(raw.get("fc", False)), molar_mass=mass, dose_unit=raw.get("dose_unit", "mg"), dose_factor=cell, kinetics=kinetics, iiv=cv,
        numbers=numbers, actions=actions, covariates=tuple(raw.get("covariates", ())),
        size=tuple(raw.get("size", ())), circumstances=tuple(circumstances.read(c, f"drugs/{file}.toml", kinetics) for c in raw.get("circumstance", ())),
        exposure=exposure.get("input", ""), exposure_unit=exposure.get("unit", ""),
        flags=tuple(raw.get("flags", ())), usual_doses=raw.get("usual_doses", ""), risks=raw.get("risks", ""),
    )  # fmt: skip


def _completed(kinetics: dict[str, float], where: str) -> dict[str, float]:
    """Clearance or volume from a half-life where only that is published."""
    k = dict(kinetics)
    if "kexp" in k:
        return k
    if "CL" not in k and {"thalf", "V1"} <= k.keys():
        k["CL"] = math.log(2) / k["thalf"] * k["V1"]
    if "V1" not in k and {"thalf", "CL"} <= k.keys():
        k["V1"] = k["CL"] * k["thalf"] / math.log(2)
    missing = {"CL", "V1"} - k.keys()
    if missing:
        raise InvalidValue(
            where, f"kinetics without {', '.join(sorted(missing))}", "CL and V1, or one of them with thalf"
        )
    k.setdefault("F", 1.0)
    k.setdefault("lag", 0.0)
    return k


def _action(row: dict[str, Any], where: str, kinetics: dict[str, float], mass: float | None) -> Action:
    if row["target"] not in _ALL:
        raise UnknownName(f"target in {where}", row["target"], _ALL)
    if row["kind"] not in KINDS:
        raise UnknownName(f"kind of action in {where}", row["kind"], KINDS)
    source, provenance, kind, note = (str(row.get(k, "")) for k in ("source", "provenance", "potency_kind", "note"))
    if row["target"] == "car":
        return Action(
            target="car",
            kind=row["kind"],
            potency=float(row["value"]),
            kinact=0.0,
            effector=1.0,
            penetration=0.0,
            source=source,
            provenance=provenance,
            potency_kind=kind,
            note=note,
        )
    per = solve(row, where, kinetics, mass)
    potency, kinact = covalent(per * _resynthesis()) if row["kind"] == "covalent" else (1.0 / per, 0.0)
    effector, penetration = float(row.get("effector", 1.0)), float(row.get("penetration", 0.0))
    spared = float(row.get("spared", 0.0))
    if not 0 <= spared < 1 or (spared and row["target"] not in SPARED):
        raise InvalidValue(f"{where}: spared share of {row['target']}", spared, f"from 0 to below 1, of {SPARED[0]}")
    return Action(
        target=row["target"],
        kind=row["kind"],
        potency=potency,
        kinact=kinact,
        effector=effector,
        penetration=penetration,
        source=source,
        provenance=provenance,
        potency_kind=kind,
        note=note,
        spared=spared,
    )


def _resynthesis() -> float:
    from baxis.axis.tables.ledger import find

    return find("k_btk").value
