"""`stimulate`: the BCR pathway by itself, minutes to days; stimuli, cells, genes and inhibitors by name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from baxis.axis.pathway import isolated
from baxis.axis.tables import drug_table, potency
from baxis.core import ledger, library, names, units
from baxis.core.errors import InvalidValue, UnknownName
from baxis.core.reading import numbers

READOUTS = {"pSYK": "syk", "pCD79": "itam", "pCD19": "cd19p", "PIP3": "pip3", "pBTK": "btkA", "pPLCG2": "plc", "Ca2+": "ca",
            "pERK": "erk", "pAKT": "akt", "IKK": "ikk", "NF-kB": "nfkb", "NFAT": "nfat", "p52": "p52", "TLR": "tlr",
            "pCD22": "cd22p", "FOXO1": "foxo", "mTORC1": "mtor", "CD69": "cd69", "survival": "surv",
            "proliferation": "prol", "plasma-cell drive": "pcd"}  # fmt: skip
GENES = {"LYN": "lyn_e", "CSK": "csk_e", "PTPN22": "ptpn22_e", "SYK": "syk_e", "BTK": "btk_e", "PIK3CD": "pi3k_e",
         "CD22": "cd22_e", "PTPN6": "shp1_e", "SHP1": "shp1_e", "FCGR2B": "fcgr2b_e", "INPP5D": "ship_e",
         "SHIP1": "ship_e", "PTEN": "pten_e", "CD19": "cd19_e", "PRKCB": "pkc_e", "CARD11": "card_e",
         "MAP3K7": "tak1_e", "TAK1": "tak1_e", "TNFAIP3": "a20_e", "A20": "a20_e", "PLCG2": "plc_e",
         "BLNK": "blnk_e", "RASGRP3": "rasgrp_e", "TNFRSF13C": "baffr_e", "TLR7": "tlr7_e"}  # fmt: skip
CELLS = ("naive", "memory", "age-associated", "autoreactive")
ANTIGENS = ("antigen", "monovalent-antigen")
FREE = {"btk": "btk_free", "syk": "syk_free", "pi3k": "pi3k_free", "tlr": "tlr_free"}
_INCUBATION = 60.0 / 1440.0  # covalent inhibitors act for an hour before the stimulus
_DOSE = re.compile(r"^(?P<name>.+?)\s+(?P<value>[-+]?[.,]?\d[\d.,_]*(?:[eE][+-]?\d+)?)\s*(?P<unit>\S*)$", re.ASCII)


@dataclass(frozen=True, eq=False)
class Stimulation:
    """Course of one cell: `values[name]` (T,) at `minutes` (T,), and what was done to it."""

    minutes: np.ndarray
    values: Mapping[str, np.ndarray]
    condition: str

    def summary(self) -> list[dict[str, float | str]]:
        """One row a read-out: baseline, peak, its time, and the area over baseline in the first hour."""
        rows: list[dict[str, float | str]] = []
        for name, y in self.values.items():
            top, hour = int(np.argmax(np.abs(y - y[0]))), self.minutes <= 60
            area = float(np.trapezoid(y[hour] - y[0], self.minutes[hour]))
            row = {"baseline": float(y[0]), "extreme": float(y[top]), "at_min": float(self.minutes[top])}
            rows.append({"readout": name, **row, "area_1h": area})
        return rows

    def as_dict(self) -> dict[str, Any]:
        """Plain dict for JSON."""
        courses = {k: [float(v) for v in y] for k, y in self.values.items()}
        return {
            "condition": self.condition,
            "minutes": list(map(float, self.minutes)),
            "courses": courses,
            "summary": self.summary(),
        }


@dataclass(frozen=True, eq=False)
class DoseResponse:
    """Response of one read-out over doses: half-maximal dose (`ec50`, also the IC50 of an inhibitor), `emax`, steepness."""

    agent: str
    unit: str
    readout: str
    doses: np.ndarray
    response: np.ndarray
    ec50: float
    emax: float
    hill: float


def stimulate(
    stimuli: Sequence[str], cell: str = "naive", *, disease: str = "healthy", genes: Mapping[str, float] | None = None,
    inhibitors: Sequence[str] = (), minutes: Sequence[float] = isolated.MINUTES,
) -> Stimulation:  # fmt: skip
    """Stimulate one cell. stimuli and inhibitors: `anti-IgM 10 ug/mL`, `antigen 10 nM KD 30 nM`,
    `fenebrutinib 100 nM`; cell: one of CELLS; genes: activity, 0 = knock-out.

    Raises UnknownName for an unknown stimulus, gene, cell, drug or disease, InvalidValue for a missing or wrong unit.
    """
    for text in stimuli:
        name, value, _ = _split(text.partition(" KD ")[0], "stimulus")
        if value == 0:  # it would take away the cell's own antigen
            raise InvalidValue(f"concentration of {name}", "0", "above 0", "leave the stimulus out for a cell at rest")
    changes = _condition(stimuli, cell, disease, genes or {}, inhibitors)
    run = isolated.run([changes], {}, minutes)
    return Stimulation(run.minutes, {k: run.of(0, v) for k, v in READOUTS.items()}, _words(changes))


def dose_response(
    agent: str, doses: Sequence[float], unit: str, *, readout: str = "NF-kB", at_min: float = 60.0, **context: Any
) -> DoseResponse:
    """Dose-response of a stimulus or an inhibitor (`context` as in `stimulate`; an inhibitor needs stimuli in it)."""
    if readout not in READOUTS:
        raise UnknownName("read-out", readout, READOUTS)
    if not at_min >= 0:
        raise InvalidValue("time of the read-out", at_min, "minutes from 0 on")
    grid = np.asarray(doses, float)
    if grid.size < 3 or (grid < 0).any() or (np.diff(grid) <= 0).any():
        raise InvalidValue("doses", doses, "at least three rising doses of 0 or more")
    cells = [_dosed(agent, d, unit, context) for d in (0.0, *grid)]
    run = isolated.run(cells, {}, sorted({*isolated.MINUTES, at_min}))
    y = np.array([np.interp(at_min, run.minutes, run.of(i, READOUTS[readout])) for i in range(len(cells))])
    effect = y[1:] - y[0]
    emax = float(effect[np.argmax(np.abs(effect))])
    share = np.maximum.accumulate(effect / emax)
    low, half, high = (float(np.exp(np.interp(q, share, np.log(np.maximum(grid, 1e-12))))) for q in (0.1, 0.5, 0.9))
    return DoseResponse(
        agent=agent,
        unit=unit,
        readout=readout,
        doses=grid,
        response=y[1:],
        ec50=half,
        emax=emax,
        hill=float(np.log(81) / np.log(high / low)),
    )


def _dosed(agent: str, dose: float, unit: str, context: Mapping[str, Any]) -> dict[str, float | str]:
    stimuli, drugs = list(context.get("stimuli", ())), list(context.get("inhibitors", ()))
    (stimuli if agent in table() else drugs).append(f"{agent} {dose:.9g} {unit}")
    rest = (context.get("cell", "naive"), context.get("disease", "healthy"), context.get("genes") or {})
    return _condition(stimuli, *rest, drugs)


def table() -> dict[str, dict[str, str]]:
    """Stimuli of the library by name."""
    return {r["name"]: r for r in library.read_table("parameters/stimuli")}


def _condition(
    stimuli: Sequence[str], cell: str, disease: str, genes: Mapping[str, float], inhibitors: Sequence[str]
) -> dict[str, float | str]:
    if cell not in CELLS:
        raise UnknownName("cell", cell, CELLS)
    out: dict[str, float | str] = {"disease": disease}  # what no stimulus names stays as in the resting cell
    if cell == "autoreactive":
        from baxis.axis.tables.disease_table import base, load

        values = {**base(), **load(disease).values()}
        out.update(ag=values["agA"], tag=values["tagA"], fcg_lig=values["fcg0"], tlr_in=values["tl_A"])
    own = _own(cell)
    feels = own.pop("cd40_in", 1.0)
    out.update(own if disease == "healthy" else {k: v for k, v in own.items() if k not in isolated.regulators(disease)})
    _refuse_twice("stimulus", [_add_stimulus(out, text) for text in stimuli])
    if "cd40_in" in out:
        basal = float(table()["CD40L"]["basal"])
        out["cd40_in"] = basal + feels * (float(out["cd40_in"]) - basal)
    for gene, activity in genes.items():
        if gene.upper() not in GENES:
            raise UnknownName("gene", gene, GENES, "only these are in the signalling module")
        if not activity >= 0:
            raise InvalidValue(f"activity of {gene}", activity, "0 (knock-out) or more; 1 is healthy")
        out[GENES[gene.upper()]] = float(activity)
    _refuse_twice("inhibitor", [_add_inhibitor(out, text) for text in inhibitors])
    return out


def _refuse_twice(what: str, given: Sequence[str]) -> None:
    for name in given:
        if given.count(name) > 1:
            raise InvalidValue(what, f"{name}, {given.count(name)} times", "each once, with its whole concentration")


def _own(cell: str) -> dict[str, float]:
    """What a cell has that a naive one has not, relative to it (`library/parameters/cells.csv`)."""
    rows = ledger.read("parameters/cells")
    return {n.partition(".")[2]: p.value for n, p in rows.items() if n.partition(".")[0] == cell}


def _split(text: str, what: str) -> tuple[str, float, str]:
    m = _DOSE.match(text.strip())
    if not m or not m["unit"]:
        raise InvalidValue(
            what, text, "NAME CONCENTRATION UNIT, e.g. 'anti-IgM 10 ug/mL' (a concentration needs its unit)"
        )
    value = numbers.number(f"concentration of {m['name']}", m["value"])
    if value < 0:
        raise InvalidValue(f"concentration of {m['name']}", value, "0 or more")
    return m["name"], value, m["unit"]


def _add_stimulus(out: dict[str, float | str], text: str) -> str:
    """Add a stimulus to the inputs of a cell; its name, with its affinity (antigens of several add up)."""
    known = table()
    text, _, affinity = text.partition(" KD ")
    name, value, unit = _split(text, "stimulus")
    match = names.known("stimulus", name, known)
    row = known[match]
    per = 1.0 / _affinity(match, affinity, unit) if affinity else float(row["value"]) * _per(match, row["unit"], unit)
    at = row["input"]
    basal = float(row["basal"])
    out[at] = float(out.get(at, basal)) + value * per
    if match == "monovalent-antigen":
        out["val"] = 0.0
    return f"{match} KD {affinity}" if affinity else match


def _per(name: str, own: str, unit: str) -> float:
    """Factor from an effect per `own` unit to one per unit of the concentration given; InvalidValue says what it takes."""
    top, _, bottom = own.partition("/")
    takes = own if not bottom else bottom if top == "1" else f"{bottom}/{top}"
    try:
        return float(units.factor(own, f"1/({units.normal_form(unit)})" if unit != "1" else "1"))
    except InvalidValue:
        what = "a plain number, written with the unit 1" if takes == "1" else f"a concentration in {takes} or the like"
        raise InvalidValue(f"stimulus {name}", unit, what, f"{name} takes {takes}") from None


def _affinity(name: str, text: str, unit: str) -> float:
    """Dissociation constant `5 nM` in the unit of the concentration: the dose that ligates half of the receptors."""
    if name not in ANTIGENS:
        raise InvalidValue(f"affinity of {name}", text, f"KD of {' or '.join(ANTIGENS)}")
    m = _DOSE.match(f"KD {text.strip()}")
    value = numbers.number(f"affinity of {name}", m["value"]) if m else 0.0
    if not m or not m["unit"] or not value > 0:
        raise InvalidValue(
            f"affinity of {name}", text, "a dissociation constant above 0 with unit, e.g. 'antigen 10 nM KD 30 nM'"
        )
    return float(units.convert(value, m["unit"], unit))


def _add_inhibitor(out: dict[str, float | str], text: str) -> str:
    """Lower what a drug holds in a cell; its name."""
    name, value, unit = _split(text, "inhibitor")
    drug = drug_table.load(name)
    try:
        conc = potency.mass_concentration(value, unit, drug.molar_mass, drug.name)
    except InvalidValue:
        takes = "mg/L, ng/mL" + (
            " or nM" if drug.molar_mass else "; its molar mass is not held, so that nM cannot be turned"
        )
        raise InvalidValue(f"inhibitor {drug.name}", unit, f"a concentration in {takes}") from None
    hit = False
    for target, action in drug.actions.items():
        strength = conc * action.strength
        if target in FREE:
            free = float(np.exp(-strength * _INCUBATION)) if action.kind == "covalent" else 1.0 / (1.0 + strength)
            out[FREE[target]] = float(out.get(FREE[target], 1.0)) * free
            hit = True
        elif target in ("jak1", "jak3", "tyk2"):
            for signal in ("il21_in", "ifn_in"):
                if (signal == "il21_in") != (target == "tyk2"):
                    out[signal] = float(out.get(signal, 1.0)) / (1.0 + strength)
            hit = True
    if not hit:
        raise InvalidValue(
            f"inhibitor {drug.name}", ", ".join(drug.actions), f"a drug on {', '.join(FREE)} or a JAK kinase"
        )
    return str(drug.name)


def _words(changes: Mapping[str, float | str]) -> str:
    return " ".join(f"{k}={v:g}" if isinstance(v, float) else f"{k}={v}" for k, v in changes.items())
