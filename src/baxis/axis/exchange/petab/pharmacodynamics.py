"""The pharmacodynamics rung as PEtab problems, one a disease: biomarkers of treated people against the whole axis.

The SBML holds the typical patient of the disease at rest, the doses of every treatment as events of zero size, and each
treatment's condition sets its own drug and doses. Rows of `checks/pharmacology` that are read at one time are measurements.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from baxis.axis.assembly import model, vector
from baxis.axis.dosing import treatment
from baxis.axis.exchange import patient_sbml
from baxis.axis.exchange.petab.problem import Problem
from baxis.axis.tables import observables
from baxis.core import ledger, library

Z90, WIDE = 1.6449, 3.0
MEASURES = ("percent", "fold", "level", "change")
MOST_DOSES = 60  # of one treatment; tablets twice a day for a year would be 730 events
MODULES = ("bcells", "immune", "targets", "tissue")


def diseases() -> list[str]:
    """Diseases that have a row."""
    return sorted({r["disease"] for r in library.read_table("checks/pharmacology") if not why_not(r)})


def problem(disease: str) -> Problem:
    """All pharmacology rows of a disease that are read at one time and have both ends of a band."""
    rows = [r for r in library.read_table("checks/pharmacology") if r["disease"] == disease]
    kept = [r for r in rows if not why_not(r)]
    plans = {t: _plan(disease, t) for t in dict.fromkeys(r["treatment"] for r in kept)}
    base = vector.vector(disease)
    out = Problem(
        f"pharmacodynamics-{disease}",
        f"Pharmacodynamics in {disease}: biomarkers under treatment",
        _sbml(disease, kept, plans),
    )
    out.left_out = [{"row": r["id"], "what": r["what"], "why": why_not(r)} for r in rows if why_not(r)]
    out.notes = (
        "Time in days. The patient starts at the rest that belongs to the nominal constants; whoever moves constants that move the rest "
        "puts a period from -inf in front of each experiment and replaces the numbers petab_start_*.",
        "A band is read as a 90 % interval. Constants marked calibrated in the library are estimated, within a third to three times their value.",
    )
    names = model.system().parameters
    for k, (text, (values, doses)) in enumerate(plans.items()):
        key = f"t{k + 1}_{text.split()[0].replace('-', '_')}"
        changed = {n: float(v) for n, v, b in zip(names, values, base, strict=True) if v != b}
        start = {s: a for s, given in doses.items() for d, a in given if d == 0}
        later = {_size(s, d): a for s, given in doses.items() for d, a in given if d > 0}
        out.condition(key, {**changed, **later, **start})
        out.experiment(key, [(0.0, key)])
        for row in (r for r in kept if r["treatment"] == text):
            _row(out, row, key)
    for module in MODULES:
        for name, number in ledger.read(f"parameters/{module}").items():
            if number.kind == "calibrated" and name in names and number.value > 0:
                value = float(base[names.index(name)])
                out.parameter(name, value, value / WIDE, value * WIDE)
    return out


def why_not(row: dict[str, str]) -> str:
    """Why a row cannot be a measurement; empty when it can."""
    if row["out_of_scope"]:
        return row["out_of_scope"]
    if row["measure"] not in MEASURES:
        return f"measure {row['measure']} is not read at one time"
    if not (row["low"] and row["high"]):
        return "one end of the band only"
    doses = treatment.prepare(row["disease"], [row["treatment"]], float(row["week"]))[1]
    if sum(len(d) for d in doses.values()) > MOST_DOSES:
        return f"more than {MOST_DOSES} doses"
    return "" if doses else "no doses: a background exposure"


def _plan(disease: str, text: str) -> tuple[np.ndarray, dict[str, list[tuple[float, float]]]]:
    rows = [r for r in library.read_table("checks/pharmacology") if (r["disease"], r["treatment"]) == (disease, text)]
    weeks = max(float(r["week"]) for r in rows if not why_not(r))
    return treatment.prepare(disease, [text], weeks)


def _size(state: str, day: float) -> str:
    return f"size_{state}_{f'{day:g}'.replace('.', '_')}"


def _sbml(disease: str, rows: list[dict[str, str]], plans: dict[str, Any]) -> str:
    """The resting typical patient with dose events whose sizes are parameters, and the rest of each read-out as a number."""
    import libsbml

    document = libsbml.readSBMLFromString(patient_sbml.sbml(disease))
    found = document.getModel()
    rest = _rest(disease, sorted({r["readout"] for r in rows}))
    for name, value in rest.items():
        _number(found, f"petab_start_{name}", value)
    marks = sorted({(s, d) for _, doses in plans.values() for s, given in doses.items() for d, _ in given if d > 0})
    for state, day in marks:
        _number(found, _size(state, day), 0.0, found.getSpecies(state).getSubstanceUnits())
        event = found.createEvent()
        event.setId(f"at_{_size(state, day)}")
        event.setUseValuesFromTriggerTime(True)
        trigger = event.createTrigger()
        trigger.setInitialValue(False)
        trigger.setPersistent(True)
        trigger.setMath(libsbml.parseL3Formula(f"time >= {day!r}"))
        assignment = event.createEventAssignment()
        assignment.setVariable(state)
        assignment.setMath(libsbml.parseL3Formula(f"{state} + {_size(state, day)}"))
    return str(libsbml.writeSBMLToString(document))


def _number(found: Any, key: str, value: float, unit: str = "dimensionless") -> None:
    parameter = found.createParameter()
    parameter.setId(key)
    parameter.setValue(value)
    parameter.setConstant(True)
    parameter.setUnits(unit or "dimensionless")


def _rest(disease: str, names: list[str]) -> dict[str, float]:
    """Each read-out in the untreated typical patient."""
    course = treatment.course(disease, [], 1.0, names, 7.0)
    return {n: float(course.of(n)[0]) for n in names}


def _row(out: Problem, row: dict[str, str], experiment: str) -> None:
    name, measure = row["readout"], row["measure"]
    scale = float(observables.find(name).measured(1.0)) if measure in ("level", "change") else 1.0
    formula = {
        "percent": f"100 * ({name} / petab_start_{name} - 1)", "fold": f"{name} / petab_start_{name}", "level": f"{scale!r} * {name}",
        "change": f"{scale!r} * ({name} - petab_start_{name})",
    }[measure]  # fmt: skip
    low, high = float(row["low"]), float(row["high"])
    out.observable(f"{measure}_{name}", f"{name}, {measure}", formula)
    out.measurement(
        experiment, f"{measure}_{name}", 7.0 * float(row["week"]), (low + high) / 2.0, (high - low) / 2.0 / Z90
    )
    out.sources.append(
        {
            "observableId": f"{measure}_{name}",
            "row": f"checks/pharmacology {row['id']}",
            "source": row["source"],
            "expected": row["expected"],
        }
    )
