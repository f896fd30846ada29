"""Simulate a dose surface: virtual patients of the disease's setting under every combination of dose levels."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Unpack

import numpy as np
from numpy.typing import NDArray

from baxis import axis
from baxis.clinic.conduct.arms import run_arm
from baxis.clinic.conduct.laboratory import Laboratory
from baxis.clinic.conduct.settings import Changes, Settings, settle, unread
from baxis.clinic.design.design import Treatment
from baxis.clinic.people.population import Population, run_in
from baxis.clinic.therapy.regimen import SLOTS, averages
from baxis.core.errors import InvalidValue, UnknownName, Unsupported
from baxis.insight.combine import setting
from baxis.insight.combine.asked import Ask, Shown
from baxis.insight.combine.assemble import assemble, enough
from baxis.insight.combine.combination import Combination
from baxis.insight.combine.harm import cost

Array = NDArray[np.float64]
GRID = (0.0, 0.25, 0.5, 1.0)
SINGLE = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0)  # every sum of two grid doses, so that a sham pair lies on it
INFLAMMATION = "inflammation"
MOST = 5  # drugs together
STRUCTURES = {"additive": 0.0, "product": 1.0}  # w_mul: how arms of inflammation combine


def combine(
    drugs: list[str],
    disease: str,
    endpoint: str = INFLAMMATION,
    weeks: float = 24.0,
    gap_weeks: float = 0.0,
    settings: Settings | None = None,
    **changes: Unpack[Changes],
) -> Combination:
    """Two to five drugs together in a disease. Research use only.

    drugs: names, or `DRUG AMOUNT UNIT ROUTE SCHEDULE`; endpoint: `inflammation` (share of it taken off) or a responder
    endpoint of the disease, at `weeks`; gap_weeks: each drug begins this long after the one before it. changes:
    fields of Settings (200 patients by default). Raises UnknownName, InvalidValue or Unsupported before anything is simulated.
    """
    chosen = settle(settings or Settings(patients=200), changes)
    unread(chosen, "combine", {"evidence": setting.SHIPPED})
    enough(chosen.patients)
    question = ask(drugs, disease, endpoint, weeks, gap_weeks)
    doses = points(len(drugs))
    lab = Laboratory(question.design, replace(chosen, progress=None))
    people, screened = lab.screen()
    values: dict[str, list[Shown]] = {}
    for s, (name, w_mul) in enumerate(STRUCTURES.items()):
        own = people if w_mul == 0 else rival(people, w_mul, chosen)
        values[name] = []
        for i, d in enumerate(doses):
            values[name].append(measure(question, lab, own, d))
            if chosen.progress:
                chosen.progress(s * len(doses) + i + 1, len(STRUCTURES) * len(doses))
    return assemble(question, doses, values, screened, chosen)


def ask(drugs: list[str], disease: str, endpoint: str, weeks: float, gap_weeks: float) -> Ask:
    """Check every name and number."""
    if not 2 <= len(drugs) <= MOST:
        raise InvalidValue("drugs to combine", len(drugs), f"two to {MOST} drugs")
    if not 2 <= weeks <= 104:
        raise InvalidValue("weeks", weeks, "2 to 104")
    if not 0 <= gap_weeks * (len(drugs) - 1) < weeks:
        raise InvalidValue(
            "gap between drugs, weeks", gap_weeks, f"0 or more; the last drug begins before week {weeks:g}"
        )
    code = setting.known_disease(disease)
    regimens = tuple(setting.regimen(d, code) for d in drugs)
    refuse(regimens)
    base = setting.home(code)
    from baxis.clinic.instruments import instrument

    tool = instrument(code)
    usable = {n for n in tool.endpoints() if n not in tool.continuous | tool.counted}
    if endpoint != INFLAMMATION and endpoint not in usable:
        raise UnknownName(f"responder endpoint in {code}", endpoint, {INFLAMMATION, *usable})
    name = endpoint if endpoint != INFLAMMATION else sorted(usable)[0]
    design = base.replace(
        weeks=weeks,
        endpoints=[{"name": name, "week": weeks, "primary": True}],
        arms=[{"arm_id": "none", "n": 100, "role": "placebo"}],
    )
    return Ask(code, regimens, design, endpoint, tuple(7.0 * gap_weeks * i for i in range(len(drugs))))


def refuse(regimens: tuple[tuple[Treatment, ...], ...]) -> None:
    """Combinations that the model has no ground for: cells in a body under another drug, too many dosed drugs."""
    names = [r[0].drug for r in regimens]
    cells = [n for n in names if axis.drug(n).cell_therapy]
    if cells and len(set(names)) > 1:
        raise Unsupported(
            f"{' + '.join(names)}: how another drug changes the expansion of {cells[0]} is not known to the model; "
            "combine drugs that are not cell therapies"
        )
    given = setting.merged([t for r in regimens for t in r])
    slow = [t.drug for t in given if not (axis.drug(t.drug).background or averages(t, "auto"))]
    if len(slow) > SLOTS:
        raise Unsupported(
            f"{' + '.join(slow)}: the model follows at most {SLOTS} drugs dose by dose; of more, some must be daily oral ones"
        )


def points(k: int) -> list[tuple[float, ...]]:
    """Every combination on the grid, and the single drugs at the further levels; more than two: each given or not."""
    grid = GRID if k == 2 else (0.0, 1.0)
    out = list(product(grid, repeat=k))
    for i in range(k):
        out += [tuple(level if j == i else 0.0 for j in range(k)) for level in SINGLE]
    return list(dict.fromkeys(out))


def rival(people: Population, w_mul: float, settings: Settings) -> Population:
    """The same patients when arms of inflammation multiply, at the rest that they then have."""
    parameters = people.parameters.copy()
    parameters[:, axis.index("w_mul")] = w_mul
    ran = run_in(parameters, people.rest, settings.options())
    outputs = {name: ran.values[:, -1, i] for i, name in enumerate(axis.outputs())}
    return replace(people, parameters=parameters, rest=ran.final, status=ran.status, outputs=outputs)


def measure(question: Ask, lab: Laboratory, people: Population, doses: tuple[float, ...]) -> Shown:
    """Simulate one arm."""
    run = run_arm(lab, question.arm(doses), people)
    out = {name: run.outputs[name][:, -1].copy() for name in ("infl", "igg", "bcount")}
    days = run.days[1:]
    out["mean_infl"] = np.trapezoid(run.outputs["infl"][:, 1:], days, axis=1) / (days[-1] - days[0])
    out["low_igg"] = run.outputs["igg"][:, 1:].min(axis=1)
    if question.endpoint != INFLAMMATION:
        visits = lab.measure(people, run)
        out["response"] = lab.tool.endpoint(question.endpoint)(visits, visits.days.size - 1)
    failed = (run.status != 0) | (people.status != 0)
    return Shown({k: np.where(failed, np.nan, v) for k, v in out.items()}, cost(question.design, people, run))
