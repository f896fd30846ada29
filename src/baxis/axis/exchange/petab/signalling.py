"""The signalling rung as a PEtab problem: pathway experiments on one cell, responses relative to a reference cell.

A row of `checks/pathway` says that a response is some share of that of another cell. Both cells are experiments here; the
reference is measured as 1 and the other as the middle of the row's band, with one scale factor to estimate. Accumulators
give mean responses: they, and what a read-out was at rest, are held by the switch `petab_on`, 0 while the cell rests.
"""

from __future__ import annotations

import re
from typing import Any

from baxis.axis.assembly import model
from baxis.axis.exchange.petab.problem import Problem
from baxis.axis.pathway import isolated
from baxis.core import ledger, library
from baxis.engine.reading.export import to_sbml

WIDE = 10.0  # bounds of a constant: a tenth to ten times its value
Z90 = 1.6449
MEASURES = ("ratio", "residual")
SMALL = 0.5  # a share with only an upper end up to here is read as a band from 0
TRACK = 1000.0  # 1/day: how fast the memory of the rest follows it


def problem() -> Problem:
    """Every pathway row with a band that is a share of another cell's response."""
    rows = library.read_table("checks/pathway")
    kept = [r for r in rows if not why_not(r)]
    readouts = sorted({r["readout"] for r in kept})
    out = Problem("signalling", "B-cell signalling: pathway experiments", sbml(readouts))
    out.left_out = [{"row": r["id"], "what": r["what"], "why": why_not(r)} for r in rows if why_not(r)]
    out.notes = (
        "Cells rest in a period from -inf with their genotype and inhibitors, then meet the stimulus at time 0; time in days.",
        f"A band is read as a 90 % interval; a share with only an upper end of at most {SMALL:g} starts at 0.",
        "Constants marked calibrated in the library are estimated, within a tenth to ten times their value, and one scale for each comparison.",
        "Inputs of the resting cell and the reference levels ref_* are numbers: they belong to the nominal constants.",
    )
    for row in kept:
        _row(out, row)
    base = isolated.table({}, {})[0]
    for name, number in ledger.read("parameters/signalling").items():
        if number.kind == "calibrated" and name in base and base[name] > 0 and not _conditioned(out, name):
            out.parameter(name, base[name], base[name] / WIDE, base[name] * WIDE)
    return out


def _conditioned(out: Problem, name: str) -> bool:
    return any(r["targetId"] == name for r in out.conditions)


def why_not(row: dict[str, str]) -> str:
    """Why a row cannot be a measurement; empty when it can."""
    if row["out_of_scope"]:
        return row["out_of_scope"]
    if row["measure"] not in MEASURES:
        return f"measure {row['measure']} is no share of one response"
    if not re.fullmatch(r"(auc|at)\d+", row["stat"]):
        return f"statistic {row['stat']} is not read at one time"
    if not row["high"] or (not row["low"] and float(row["high"]) > SMALL):
        return "one end of the band only: a direction"
    return ""


def sbml(readouts: list[str]) -> str:
    """SBML of the signalling module with the resting cell's numbers, accumulators and memory of the rest."""
    import libsbml

    kernel = model.signalling()
    base = isolated.table({}, {})[0]
    document = libsbml.readSBMLFromString(to_sbml(kernel.system, {n: base[n] for n in kernel.system.parameters}))
    found = document.getModel()
    _add(found, "petab_on", 0.0, constant=True)
    for name in readouts:
        for key, rate in (
            (f"petab_auc_{name}", f"petab_on * {name}"),
            (f"petab_rest_{name}", f"{TRACK} * (1 - petab_on) * ({name} - petab_rest_{name})"),
        ):
            _add(found, key, 0.0, constant=False)
            rule = found.createRateRule()
            rule.setVariable(key)
            rule.setMath(libsbml.parseL3Formula(rate))
    return str(libsbml.writeSBMLToString(document))


def _add(found: Any, key: str, value: float, constant: bool) -> None:
    parameter = found.createParameter()
    parameter.setId(key)
    parameter.setValue(value)
    parameter.setConstant(constant)
    parameter.setUnits("dimensionless")


def _row(out: Problem, row: dict[str, str]) -> None:
    """Both cells of a row, their observable and scale."""
    key, readout, minutes = f"p{row['id']}", row["readout"], float(row["stat"].lstrip("auct"))
    days = minutes / 1440.0
    level = f"petab_auc_{readout} / {days!r}" if row["stat"].startswith("auc") else readout
    formula = f"{level} - petab_rest_{readout}" if row["measure"] == "residual" else level
    out.observable(f"y_{key}", row["what"], f"scale_{key} * ({formula})")
    low = float(row["low"]) if row["low"] else 0.0
    middle, sd = (low + float(row["high"])) / 2.0, (float(row["high"]) - low) / 2.0 / Z90
    reference = cell(out, row["versus"])
    out.measurement(reference, f"y_{key}", days, 1.0, sd)
    out.measurement(cell(out, row["condition"]), f"y_{key}", days, middle, sd)
    scale = 1.0 / nominal(row)
    out.parameter(f"scale_{key}", scale, scale / 100.0, scale * 100.0)
    out.sources.append(
        {
            "observableId": f"y_{key}",
            "row": f"checks/pathway {row['id']}",
            "source": row["source"],
            "expected": row["expected"],
        }
    )


def nominal(row: dict[str, str]) -> float:
    """The reference cell's response at the nominal constants, which the scale undoes."""
    minutes = float(row["stat"].lstrip("auct"))
    keep = row["versus"].split()
    rested = " ".join([*(p for p in keep if p.split("=")[0] not in isolated.STIMULI and p != "rest"), "rest"])
    grid = sorted({*isolated.MINUTES, minutes})
    courses = isolated.run([row["versus"], rested], minutes=grid)
    y, rest = courses.of(0, row["readout"]), courses.of(1, row["readout"])[-1]
    import numpy as np

    t = courses.minutes
    mean = float(np.trapezoid(y[t <= minutes], t[t <= minutes])) / minutes
    level = mean if row["stat"].startswith("auc") else float(np.interp(minutes, t, y))
    return level - float(rest) if row["measure"] == "residual" else level


def cell(out: Problem, text: str) -> str:
    """The experiment of a cell: its resting and its stimulated period."""
    key = "cell_" + (re.sub(r"[^0-9A-Za-z]+", "_", text).strip("_") or "antiIgM")
    base = isolated.table({}, {})[0]
    resting, given = isolated.table(isolated.parse(text), isolated.ANTI_IGM)
    before = {k: v for k, v in resting.items() if v != base.get(k)}
    after = {k: v for k, v in given.items() if v != resting.get(k)}
    out.condition(f"{key}_rest", before)
    out.condition(f"{key}_go", {**before, **after, "petab_on": 1.0})
    out.experiment(key, [(float("-inf"), f"{key}_rest" if before else ""), (0.0, f"{key}_go")])
    return key
