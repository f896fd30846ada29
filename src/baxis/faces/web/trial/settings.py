"""Settings of the Trial page: every trial that can be simulated, and how each drug was given in the trials."""

from __future__ import annotations

from functools import lru_cache

from baxis import axis
from baxis.axis.dosing import drug_doses
from baxis.clinic.design.design import Arm, Design
from baxis.clinic.design.from_evidence import derive
from baxis.clinic.design.read import read_design
from baxis.core import library
from baxis.faces.web.frame import work

FIRST = {"SLE": "fenebrutinib-sle-ph2"}
MOST_ARMS, MOST_DRUGS = 4, 2


@lru_cache(maxsize=1)
def settings() -> dict[str, Design]:
    """Trial id -> design, of trials with a control and an arm of one or two drugs."""
    tables, out = work.tables(), {}
    shipped = library.names("designs")
    for trial_id in sorted({*tables.trials["trial_id"], *shipped}):
        design = read_design(trial_id) if trial_id in shipped else derive(trial_id, tables).design
        if design and len(design.arms) > 1 and arms(design):
            out[trial_id] = design
    return out


def arms(design: Design) -> list[Arm]:
    """Arms beside control that the form can hold."""
    rest = [a for a in design.arms if a.arm_id != design.control.arm_id]
    return [a for a in rest if 1 <= len(a.treatments) <= MOST_DRUGS][:MOST_ARMS]


def of_disease(disease: str) -> list[str]:
    """Trial ids of a disease, the one shown first first."""
    ids = [k for k, d in settings().items() if d.disease == disease]
    return sorted(ids, key=lambda k: (k != FIRST.get(disease), k))


@lru_cache(maxsize=8)
def usual(disease: str) -> dict[str, dict[str, str]]:
    """Dose, unit, route and schedule of each drug: of the first trial that gave it, one in this disease if there is; else
    of its file; else empty but for its own route, so that no other drug's regimen stands beside it."""
    out = {drug: _of_file(drug) for drug in axis.drugs()}
    given: set[str] = set()
    for design in sorted(settings().values(), key=lambda d: d.disease != disease):
        for arm in design.arms:
            for t in arm.treatments if len(arm.treatments) == 1 else ():
                row = {"dose": f"{t.dose:g}", "unit": t.dose_unit, "route": t.route, "schedule": t.schedule}
                if t.drug not in given:
                    out[t.drug] = row | {"from": f"as in {design.trial_id} ({design.disease})"}
                given.add(t.drug)
    return out


def _of_file(drug: str) -> dict[str, str]:
    """The usual dose that a drug's file prints, as fields of the form."""
    example = drug_doses.example(drug)
    if example:
        dose, unit, route, schedule = example.split(" ", 3)
        return {
            "dose": dose,
            "unit": unit,
            "route": route,
            "schedule": schedule,
            "from": "a usual dose in the drug's file",
        }
    route = next(iter(drug_doses.routes(drug)), "po")
    return {
        "dose": "",
        "unit": "mg",
        "route": route,
        "schedule": "",
        "from": "no trial and no file tells its dose: type one",
    }
