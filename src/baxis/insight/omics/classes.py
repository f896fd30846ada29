"""A drug class in a disease: the effect that trials saw, the effect of the model in such a trial, and what escapes it.

The model runs in the setting of a calibration trial. Where a class has none in a disease, the setting is that disease's largest
calibration trial and only the regimen is from the class's own trials, so that no run is a look at a trial kept out of fitting.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from baxis import axis, evidence
from baxis.clinic.design.design import Design
from baxis.clinic.design.read import read_design
from baxis.core import library
from baxis.core.errors import BaxisError
from baxis.core.storing import files
from baxis.evidence.meta.classes import base_class
from baxis.evidence.meta.run import MetaResult, Query, run

if TYPE_CHECKING:
    from baxis.evidence import Evidence

OPEN = "calibration"  # trials whose setting may be run; context holds pools of validation trials
CACHE_VERSION = "3"
Tell = Callable[[int, int], None]


@dataclass(frozen=True)
class Observed:
    """Pooled placebo-controlled effect of a class on one endpoint; ratios as they are printed, differences as reported."""

    endpoint: str
    scale: str
    k: int
    patients: int
    estimate: float
    ci_low: float
    ci_high: float
    benefit_sign: int
    trials: tuple[str, ...]


@dataclass(frozen=True)
class Predicted:
    """The model's effect on `endpoint` (drug minus no drug; the observed one where it can be), and where the rest goes.

    taken_pct: of tissue inflammation, by the drug; independent_pct: left when all of the B-cell path is cut;
    route: the escape with the largest Shapley share, route_pct. why: empty, or why there is no run.
    """

    drug: str = ""
    regimen: str = ""
    origin: str = ""
    endpoint: str = ""
    week: float = float("nan")
    difference: float = float("nan")
    ci_low: float = float("nan")
    ci_high: float = float("nan")
    unit: str = ""
    taken_pct: float = float("nan")
    independent_pct: float = float("nan")
    route: str = ""
    route_pct: float = float("nan")
    lost_at: str = ""
    failures: int = 0
    why: str = ""


@dataclass(frozen=True)
class Cell:
    """One class in one disease."""

    drug_class: str
    disease: str
    observed: Observed
    predicted: Predicted


def matrix(
    tables: Evidence | None = None,
    patients: int = 100,
    cache: Path | None = None,
    tell: Tell | None = None,
    diseases: tuple[str, ...] = (),
) -> tuple[Cell, ...]:
    """Every class with a pooled placebo-controlled effect, by disease. `cache`: folder that keeps runs of the model.

    patients: virtual patients of each run (seed 1); diseases: only these (default: all).
    """
    tables = tables or evidence.load()
    seen = {k: v for k, v in observed(tables).items() if not diseases or k[1] in diseases}
    cells = []
    for i, ((name, disease), effect) in enumerate(seen.items()):
        if tell:
            tell(i, len(seen))
        cells.append(Cell(name, disease, effect, predicted(tables, (name, disease), effect, patients, cache)))
    return tuple(cells)


def observed(tables: Evidence) -> dict[tuple[str, str], Observed]:
    """Pooled effects by (class, disease), each on the primary endpoint that most comparisons of the class report."""
    primary = evidence.contrasts(tables)
    primary = primary[~primary["class"].str.contains("+", regex=False)]
    found: dict[tuple[str, str], Observed] = {}
    pooled: dict[tuple[str, str], MetaResult | None] = {}
    for (name, disease), rows in primary.groupby([primary["class"].map(base_class), "disease"], sort=True):
        for endpoint in sorted(set(rows["endpoint"])):
            if (endpoint, disease) not in pooled:
                pooled[endpoint, disease] = _pooled(tables, endpoint, disease)
            effect = _of_class(tables, pooled[endpoint, disease], name)
            best = found.get((name, disease))
            if effect and (best is None or (effect.k, effect.patients) > (best.k, best.patients)):
                found[name, disease] = effect
        alone = _alone(tables, rows) if (name, disease) not in found else None
        if alone:
            found[name, disease] = alone
    return found


def _alone(tables: Evidence, rows: pd.DataFrame) -> Observed | None:
    """The largest placebo-controlled contrast with an interval, as reported, where nothing can be pooled."""
    placebo = {(a["trial_id"], a["arm_id"]) for a in tables.rows("arms") if a["role"] == "placebo"}
    mine = [
        r for r in rows.to_dict("records") if (r["trial_id"], r["versus"]) in placebo and r["ci_low"] == r["ci_low"]
    ]
    if not mine:
        return None
    best = max(mine, key=lambda r: (r["n1"] if r["n1"] == r["n1"] else 0, r["arm_id"]))
    scale = {"risk_difference": "RD", "mean_difference": "MD", "log_hazard_ratio": "HR"}[best["scale"]]
    mean, low, high = (math.exp(best[k]) if scale == "HR" else float(best[k]) for k in ("value", "ci_low", "ci_high"))
    size = best["n1"] + best["n0"]
    people = int(size) if size == size else 0
    return Observed(
        endpoint=best["endpoint"],
        scale=scale,
        k=1,
        patients=people,
        estimate=mean,
        ci_low=low,
        ci_high=high,
        benefit_sign=int(best["benefit_sign"]),
        trials=(best["trial_id"],),
    )


def _pooled(tables: Evidence, endpoint: str, disease: str) -> MetaResult | None:
    try:
        return run(tables, Query(endpoint, (disease,)))
    except BaxisError:
        return None


def _of_class(tables: Evidence, result: MetaResult | None, name: str) -> Observed | None:
    """The class's comparisons pooled among themselves (REML)."""
    if result is None:
        return None
    from baxis.evidence.meta.pool import pool

    mine = [i for i, c in enumerate(result.comparisons) if base_class(c.drug_class) == name]
    if not mine:
        return None
    import numpy as np

    fit = pool(result.effects.take(np.array(mine)), result.overall.options).predict()
    used = [result.comparisons[i] for i in mine]
    people = sum(c.n1 + c.control.n for c in used)
    mean, low, high = (result.shown(v) for v in (fit.mean, fit.ci_low, fit.ci_high))
    names = tuple(dict.fromkeys(c.trial.trial_id for c in used))
    whole = int(people) if people == people else 0
    scale = "RD" if result.scale == "MD" and _is_fraction(tables, result.query.endpoint, names) else result.scale
    return Observed(
        endpoint=result.query.endpoint,
        scale=scale,
        k=len(mine),
        patients=whole,
        estimate=mean,
        ci_low=low,
        ci_high=high,
        benefit_sign=result.benefit,
        trials=names,
    )


def _is_fraction(tables: Evidence, endpoint: str, trials: tuple[str, ...]) -> bool:
    """Whether these trials report the endpoint as a fraction with its error: a mean difference is then one in proportions."""
    rows = tables.outcomes[(tables.outcomes["endpoint"] == endpoint) & tables.outcomes["trial_id"].isin(trials)]
    return set(rows.loc[rows["arm_id"] != "", "unit"]) == {"fraction"}


def setting(tables: Evidence, name: str, disease: str) -> tuple[str, str, str | None] | None:
    """Drug, trial and dose to run a class in a disease by; dose None: as in the trial. None where nothing can be run."""
    found = list(_arms(tables, lambda r: base_class(str(r["class"])) == name and r["disease"] == disease))
    for drug, design, may, _ in found:
        if may:
            return drug, design.trial_id, None
    home = reference(tables, disease)
    if not found or home is None:
        return None
    drug, _, _, dose = found[0]
    return drug, home, dose


def setting_of_drug(tables: Evidence, drug: str, disease: str) -> tuple[str, str | None] | None:
    """Trial and dose to run one drug in a disease by, as `setting` chooses them; None where no trial gives a regimen."""
    found = list(_arms(tables, lambda r: _is(str(r["drug"]), drug), disease))
    for _, design, may, _ in found:
        if may and design.disease == disease:
            return design.trial_id, None
    home = reference(tables, disease)
    return (home, found[0][3]) if found and home else None


def _arms(
    tables: Evidence, wanted: Callable[[dict[str, Any]], bool], first: str = ""
) -> list[tuple[str, Design, bool, str]]:
    """Arms with one simulable drug alone: drug, design, whether a calibration trial, dose in words; largest blinded trial first."""
    trials = tables.trials.set_index("trial_id")
    rows = tables.arms.merge(tables.trials[["trial_id", "disease", "blind", "n_randomised", "role"]], on="trial_id",
                             suffixes=("", "_trial"))  # fmt: skip
    rows["class"] = rows["drug"].map(evidence.meta.classes.drug_class)
    rows = rows[[r["role"] != "placebo" and wanted(r) for r in rows.to_dict("records")]]
    size = pd.to_numeric(rows["n_randomised"]).fillna(0)
    rows = rows.assign(here=rows["disease"].eq(first), size=size, blinded=rows["blind"].eq("double"))
    found = []
    for trial in dict.fromkeys(
        rows.sort_values(["here", "blinded", "size", "trial_id"], ascending=[False, False, False, True])["trial_id"]
    ):
        design = _design(trial)
        for arm in sorted(design.arms, key=lambda a: -max((t.dose for t in a.treatments), default=0)) if design else ():
            drugs = {t.drug for t in arm.treatments}
            one = next(iter(drugs), "")
            row = {"drug": one, "class": evidence.meta.classes.drug_class(one), "disease": trials.loc[trial, "disease"]}
            if design and len(drugs) == 1 and wanted(row):
                t = arm.treatments[0]
                dose = f"{t.dose:g} {t.dose_unit} {t.route} {t.schedule}"
                found.append((one, design, trials.loc[trial, "role"] == OPEN, dose))
                break
    return found


def reference(tables: Evidence, disease: str) -> str | None:
    """The disease's largest double-blind calibration trial that can be simulated."""
    rows = tables.trials[(tables.trials["disease"] == disease) & (tables.trials["role"] == OPEN)]
    rank = rows.assign(blinded=rows["blind"].eq("double"), size=pd.to_numeric(rows["n_randomised"]).fillna(0))
    order = rank.sort_values(["blinded", "size", "trial_id"], ascending=[False, False, True])["trial_id"]
    return next((t for t in order if _design(t) is not None), None)


def _design(trial: str) -> Design | None:
    try:
        return read_design(trial)
    except BaxisError:
        return None


def _is(name: str, drug: str) -> bool:
    try:
        return axis.drug(name).name == drug
    except BaxisError:
        return False


def predicted(
    tables: Evidence, cell: tuple[str, str], effect: Observed, patients: int, cache: Path | None
) -> Predicted:
    """The model's effect in one cell, on the endpoint that was pooled; from the cache where it was run before."""
    chosen = setting(tables, *cell)
    if chosen is None:
        return Predicted(why="no drug of the class can be simulated here")
    asked = [CACHE_VERSION, library.digest(), axis.system().digest, *chosen, cell[1], effect.endpoint, patients]
    file = cache / f"{sha256(json.dumps(asked).encode()).hexdigest()[:16]}.json" if cache else None
    if file and file.is_file():
        return Predicted(**json.loads(file.read_text(encoding="utf-8")))
    found = simulated(chosen, cell[1], effect.endpoint, patients)
    if file:
        file.parent.mkdir(parents=True, exist_ok=True)
        files.write_text(file, json.dumps(asdict(found)) + "\n")
    return found


def simulated(chosen: tuple[str, str, str | None], disease: str, endpoint: str, patients: int) -> Predicted:
    """One run of `explain`, on the setting's own endpoint where the one asked for is not judged in single patients."""
    from baxis.insight.bench.scenario import instrument
    from baxis.insight.explain import explain

    drug, trial, dose = chosen
    tool = instrument(disease)
    single = endpoint in tool.endpoints() and endpoint not in tool.hazard  # else the setting's own: its name is told
    try:
        e = explain(drug, disease, dose=dose, endpoint=endpoint if single else None, trial=trial, patients=patients)
    except BaxisError as error:
        return Predicted(drug=drug, why=str(error))
    route = e.routes[e.routes["route"] == e.main_route]["shapley_pct"]
    s = e.scenario
    difference, low, high = (float(e.effect[k]) for k in ("difference", "ci_low", "ci_high"))
    return Predicted(
        drug=drug, regimen=s.regimen, origin=s.origin, endpoint=s.endpoint.name, week=s.endpoint.week, difference=difference, ci_low=low, ci_high=high, unit=str(e.effect["unit"]),
        taken_pct=float(e.ladder["takes_pct"].iloc[0]), independent_pct=float(e.ladder["takes_pct"].iloc[-1]), route=e.main_route, route_pct=float(route.iloc[0]), lost_at=e.lost_at, failures=int(e.recipe["failures"]),
    )  # fmt: skip
