"""The axis for other simulators: SBML with a treated patient in it, Antimony, and a COMBINE archive with SED-ML."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .._version import __version__
from . import disease_table, identifiers, model, resting, treatment
from .omex import write_omex
from .sedml import sedml

NOTICE = "Research use only. Not for the care of a person."
FORMATS = ("sbml", "antimony", "omex")
Doses = Mapping[str, Sequence[tuple[float, float]]]  # state -> [(day, amount)]


def sbml(disease: str | disease_table.Disease, treatments: Sequence[str] = (), weeks: float = 52.0) -> str:
    """SBML Level 3 of the typical patient of a disease, from rest (time in days); doses are events.

    treatments: as `treatment.course` takes them. A dose on day 0 is part of the initial state. Every quantity and number
    has a unit; states carry names and identifiers. Raises InvalidValue or UnknownName for a treatment that cannot be read.
    """
    values, doses = treatment.prepare(disease, treatments, weeks)
    drugs = tuple(d.name for d in (treatment.parse(t)[0] for t in treatments) if not d.background)
    code = disease if isinstance(disease, str) else disease.code
    return patient_sbml(values, resting.rest(disease), doses, code, drugs)


def patient_sbml(values: Any, state: Any, doses: Doses, disease: str, drugs: tuple[str, ...] = ()) -> str:
    """SBML Level 3 of one patient: parameters (P,), state at day 0 (N,) before doses, drugs by slot."""
    import libsbml

    from ..engine.units import declare_number_units

    start = np.array(state, float)
    names = model.system().states
    for name, given in doses.items():
        start[names.index(name)] += sum(amount for day, amount in given if day == 0)
    document = libsbml.readSBMLFromString(model.system().to_sbml(values, start))
    found = document.getModel()
    declare_number_units(found)
    identifiers.annotate(found, disease, drugs)
    for name, given in doses.items():
        for k, (day, amount) in enumerate(d for d in given if d[0] > 0):
            _dose(found, f"dose_{name}_{k + 1}", name, float(day), float(amount))
    return str(libsbml.writeSBMLToString(document))


def _dose(found: Any, key: str, state: str, day: float, amount: float) -> None:
    """One bolus as an event; its numbers carry the units of time and of the state."""
    import libsbml

    unit = found.getParameter(state).getUnits()
    event = found.createEvent()
    event.setId(key)
    event.setUseValuesFromTriggerTime(True)
    trigger = event.createTrigger()
    trigger.setInitialValue(False)
    trigger.setPersistent(True)
    trigger.setMath(libsbml.parseL3Formula(f"time >= {day!r} {found.getTimeUnits()}"))
    assignment = event.createEventAssignment()
    assignment.setVariable(state)
    assignment.setMath(libsbml.parseL3Formula(f"{state} + {amount!r} {unit}"))


def antimony(disease: str | disease_table.Disease, treatments: Sequence[str] = (), weeks: float = 52.0) -> str:
    """The same as Antimony text."""
    import antimony as writer

    writer.clearPreviousLoads()
    if writer.loadSBMLString(sbml(disease, treatments, weeks)) < 0:
        raise RuntimeError(writer.getLastError())
    return str(writer.getAntimonyString(None))


def read_outs() -> tuple[str, ...]:
    """Names in the model of everything that a clinic measures."""
    from .observables import outputs

    return tuple(dict.fromkeys(o.output for o in outputs().values()))


def export(
    disease: str | disease_table.Disease,
    kind: str,
    path: str | Path,
    treatments: Sequence[str] = (),
    weeks: float = 52.0,
) -> Path:
    """Write `kind` (sbml, antimony, omex) to a file, whole or not at all; returns its path."""
    from ..core.errors import InvalidValue, UnknownName

    if kind not in FORMATS:
        raise UnknownName("export format", kind, FORMATS)
    if not weeks > 0:
        raise InvalidValue("weeks", weeks, "a number above 0")
    target = Path(path)
    part = target.with_name(target.name + ".part")
    if kind == "omex":
        write_omex(part, archive_files(disease, treatments, weeks))
    else:
        part.write_text((sbml if kind == "sbml" else antimony)(disease, treatments, weeks), encoding="utf-8")
    part.replace(target)
    return target


def archive_files(
    disease: str | disease_table.Disease, treatments: Sequence[str], weeks: float
) -> dict[str, str | bytes]:
    """Model, SED-ML, the own course of every read-out (day by day, for comparison), and the recipe."""
    from ..engine import Options

    names = read_outs()
    code = disease if isinstance(disease, str) else disease.code
    recipe = {"baxis": __version__, "disease": code, "treatments": list(treatments), "weeks": weeks, "notice": NOTICE}
    own = treatment.course(disease, treatments, weeks, names, 1.0, Options(rtol=1e-7, atol=1e-10, threads=1))
    rows = [",".join(["time", *names])]
    rows += [",".join(f"{v:.9g}" for v in (day, *line)) for day, line in zip(own.days, own.values, strict=True)]
    return {
        "model.xml": sbml(disease, treatments, weeks),
        "simulation.sedml": sedml(names, weeks, {"axis": "model.xml"}),
        "results.csv": "\n".join(rows) + "\n",
        "recipe.json": json.dumps(recipe, indent=1),
    }
