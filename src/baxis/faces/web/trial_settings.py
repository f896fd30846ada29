"""Settings of the Trial page: every trial that can be simulated, and how each drug was given in the trials."""

from __future__ import annotations

from functools import lru_cache

from ...clinic.default_design import derive
from ...clinic.design import Arm, Design, read_design
from ...core import library
from . import work

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
    """Dose, unit, route and schedule of each drug in the first trial that gave it, one in this disease if there is."""
    out: dict[str, dict[str, str]] = {}
    for design in sorted(settings().values(), key=lambda d: d.disease != disease):
        for arm in design.arms:
            for t in arm.treatments if len(arm.treatments) == 1 else ():
                row = {"dose": f"{t.dose:g}", "unit": t.dose_unit, "route": t.route, "schedule": t.schedule}
                out.setdefault(t.drug, row | {"from": f"as in {design.trial_id} ({design.disease})"})
    return out
