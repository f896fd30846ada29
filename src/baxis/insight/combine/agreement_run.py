"""One published comparison of a combination, run in the model under both ways of combining arms of inflammation."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from baxis import axis
from baxis.clinic.conduct.arm_run import ArmRun
from baxis.clinic.conduct.laboratory import Laboratory
from baxis.clinic.conduct.settings import Settings
from baxis.clinic.conduct.simulate import each_arm
from baxis.clinic.design.design import Arm, Design, Treatment
from baxis.clinic.design.read import read_design
from baxis.clinic.instruments import Visits, instrument
from baxis.clinic.people.population import Population
from baxis.clinic.people.posterior import between_draws
from baxis.clinic.result.safety import infections
from baxis.clinic.result.summarise import judge
from baxis.core.errors import InvalidValue, Unsupported
from baxis.insight.combine import setting
from baxis.insight.combine.surface import STRUCTURES, rival

Array = NDArray[np.float64]
Row = dict[str, str]


def modelled(row: Row, settings: Settings) -> dict[str, Any]:
    """Difference and standard error (patients and posterior draws) under each structure, and its unit.

    Raises BaxisError where the drugs, the regimen or the endpoint are not in the model.
    """
    design = planned(row)
    lab = Laboratory(design, settings)
    people, _ = lab.screen()
    out: dict[str, Any] = {"unit": "share"}
    name = row["model"].split("@")[0]
    if row["measure"] == "difference" and name in lab.tool.continuous:
        out["unit"] = "points"
    for structure, w_mul in STRUCTURES.items():
        own = people if w_mul == 0 else rival(people, w_mul, settings)
        arms = list(each_arm(lab, own))
        ok = np.all([r.status == 0 for r, _ in arms], axis=0) & (own.status == 0)
        gain = -_shown(row, lab, own, arms[0], ok) + _shown(row, lab, own, arms[1], ok)
        error = np.hypot(gain.std() / np.sqrt(gain.size), between_draws(gain, own.ids[ok], own.disease))
        out |= {structure: float(gain.mean()), f"{structure}_se": float(error)}
    return out


def _shown(row: Row, lab: Laboratory, people: Population, arm: tuple[ArmRun, Visits], ok: NDArray[np.bool_]) -> Array:
    """What is compared, of the patients `ok` (m,), smaller where they do better."""
    name, week = row["model"].split("@")
    run, visits = arm
    if row["measure"] == "harm":
        found = infections(lab.design, people, run)
        if found is None:
            raise Unsupported(f"no base rate of serious infection in {lab.design.disease}")
        return np.asarray(1.0 - np.exp(-found[1][ok]))
    if row["measure"] == "ratio":
        at = int(np.argmin(np.abs(run.days - 7.0 * float(week))))
        return np.asarray(np.log(np.maximum(run.outputs[name][ok, at], 1e-9)))
    values = np.full(len(people.ids), np.nan)
    values[run.status == 0] = judge(lab.design, lab.tool, lab.design.primary, run, visits, people)
    worse = name in lab.tool.continuous or "flare" in row["endpoint"]
    return values[ok] if worse else -values[ok]


def planned(row: Row) -> Design:
    """Two arms, the combination and its comparator: the trial's own, or the regimens of the row in the disease's setting."""
    name, week = row["model"].split("@")
    if not row["regimens"]:
        base = read_design(row["setting"] or row["trial_id"])
        by_id = {a.arm_id: a for a in base.arms}
        if not {row["arm"], row["versus"]} <= set(by_id):
            raise Unsupported(f"arms {row['arm']} and {row['versus']} of {row['trial_id']} cannot both be simulated")
        arms = [by_id[row["arm"]], by_id[row["versus"]]]
    else:
        base = read_design(row["setting"]) if row["setting"] else setting.home(row["disease"])
        texts = {row["arm"]: row["regimens"], row["versus"]: row["versus_regimens"]}
        arms = [Arm(arm_id=k, n=100, role="active", treatments=given(v, row["disease"])) for k, v in texts.items()]
    tool = instrument(row["disease"])
    weeks = float(week)
    judged = name if name in tool.endpoints() else next(e for e in tool.endpoints() if e not in tool.hazard)
    if name not in tool.endpoints() and name not in axis.outputs():
        raise InvalidValue(f"model of {row['finding']}", name, "an endpoint of the disease, or an output of the model")
    arms = [
        a.model_copy(update={"treatments": tuple(t for t in a.treatments if t.start_day < 7 * weeks)}) for a in arms
    ]
    return base.replace(
        weeks=weeks,
        arms=[a.model_dump() for a in arms],
        endpoints=[{"name": judged, "week": weeks, "primary": True}],
    )


def given(text: str, disease: str) -> tuple[Treatment, ...]:
    """Treatments of `DRUG AMOUNT UNIT ROUTE SCHEDULE @WEEK; ...`, each begun in its week."""
    out: list[Treatment] = []
    for part in text.split(";"):
        words, _, week = part.strip().partition(" @")
        out += setting.scaled(setting.regimen(words, disease), 1.0, 7.0 * float(week or 0))
    return tuple(out)
