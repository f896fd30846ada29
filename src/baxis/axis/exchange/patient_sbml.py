"""A typical patient under treatment as SBML: numbers written in, doses as events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from baxis.axis.assembly import model, resting
from baxis.axis.dosing import treatment
from baxis.axis.exchange import identifiers
from baxis.axis.exchange.species import as_species
from baxis.axis.tables import disease_table
from baxis.engine.reading.export import to_sbml

NOTHING = 1e-30  # a state below it is 0: libRoadRunner scales its tolerance by the start and fails on such numbers


def sbml(disease: str | disease_table.Disease, treatments: Sequence[str] = (), weeks: float = 52.0) -> str:
    """SBML Level 3 of the typical patient of a disease, from rest (time in days); doses are events.

    treatments: as `treatment.course` takes them. A dose on day 0 is part of the initial state. Every quantity and number
    has a unit; states carry names and identifiers. Raises InvalidValue or UnknownName for a treatment that cannot be read.
    """
    from baxis.engine import ADD

    values, doses = treatment.prepare(disease, treatments, weeks)
    drugs = tuple(d.name for d in (treatment.parse(t)[0] for t in treatments) if not d.background)
    code = disease if isinstance(disease, str) else disease.code
    changes = sorted((day, ADD, name, amount) for name, given in doses.items() for day, amount in given)
    return patient_sbml(values, resting.rest(disease), changes, code, drugs)


def _event(found: Any, key: str, day: float, given: dict[str, tuple[int, float]]) -> None:
    """What happens on one day, as an event; its numbers carry the units of time and of what they change."""
    import libsbml

    from baxis.engine import SET

    event = found.createEvent()
    event.setId(key)
    event.setUseValuesFromTriggerTime(True)
    trigger = event.createTrigger()
    trigger.setInitialValue(False)
    trigger.setPersistent(True)
    trigger.setMath(libsbml.parseL3Formula(f"time >= {day!r} {found.getTimeUnits()}"))
    for name, (kind, amount) in given.items():
        parameter, species = found.getParameter(name), found.getSpecies(name)
        if parameter is not None:
            parameter.setConstant(False)
        number = f"{amount!r} {species.getSubstanceUnits() if parameter is None else parameter.getUnits()}"
        assignment = event.createEventAssignment()
        assignment.setVariable(name)
        assignment.setMath(libsbml.parseL3Formula(number if kind == SET else f"{name} + {number}"))


Changes = Sequence[tuple[float, int, str, float]]  # day, kind, state or parameter, amount


def patient_sbml(values: Any, state: Any, changes: Changes, disease: str, drugs: tuple[str, ...] = ()) -> str:
    """SBML Level 3 of one patient: parameters (P,), state at day 0 (N,), drugs by slot.

    changes: in order of time, (day, engine.ADD or engine.SET, state or parameter, amount). Those of day 0 are written
    into the start; several on one day are one event, the amounts of a state added up.
    """
    import libsbml

    from baxis.engine import SET
    from baxis.engine.reading.units import declare_number_units

    system = model.system()
    start, constants = np.array(state, float), np.array(values, float)
    later: dict[float, dict[str, tuple[int, float]]] = {}
    for day, kind, name, amount in changes:
        if day <= 0 and kind == SET:
            constants[system.parameter_index(name)] = amount
        elif day <= 0:
            start[system.state_index(name)] += amount
        else:
            at = later.setdefault(day, {})
            at[name] = (kind, amount if kind == SET else at.get(name, (kind, 0.0))[1] + amount)
    start[np.abs(start) < NOTHING] = 0.0
    document = libsbml.readSBMLFromString(to_sbml(system, constants, start))
    found = document.getModel()
    declare_number_units(found)
    as_species(found, system.states)
    identifiers.annotate(found, disease, drugs)
    for k, (day, given) in enumerate(sorted(later.items())):
        _event(found, f"change_{k + 1}", day, given)
    return str(libsbml.writeSBMLToString(document))


def read_outs() -> tuple[str, ...]:
    """Names in the model of everything that a clinic measures."""
    from baxis.axis.tables.observables import outputs

    return tuple(dict.fromkeys(o.output for o in outputs().values()))
