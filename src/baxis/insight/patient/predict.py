"""What candidate drugs are predicted to do in a patient, and which further measurement would narrow it most."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ... import axis
from ...clinic.design import Arm
from ...clinic.population import Population
from ...clinic.settings import Settings
from ...clinic.trial import Laboratory
from ...core import streams
from ..combine import setting
from .posterior import Posterior, infer
from .visits import Visits, measures, noise, read

Array = NDArray[np.float64]
DRAWS, WEEKS = 200, 24.0
DEFAULT = ("rituximab", "belimumab")
NOTICE = "FOR RESEARCH ONLY: NOT FOR DECISIONS ABOUT A PATIENT."


@dataclass(frozen=True)
class PatientResult:
    """state, endotypes, courses (drug x week), next_measurement: pandas tables; warnings and recipe beside them."""

    disease: str
    state: pd.DataFrame
    endotypes: pd.DataFrame
    courses: pd.DataFrame
    next_measurement: pd.DataFrame
    warnings: tuple[str, ...]
    recipe: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        names = ("state", "endotypes", "courses", "next_measurement")
        tables = {n: getattr(self, n).to_dict("records") for n in names}
        return {"disease": self.disease, **tables, "warnings": list(self.warnings), "recipe": self.recipe}


def patient(
    file: str | Path | Visits, disease: str, candidates: tuple[str, ...] = DEFAULT, settings: Settings | None = None
) -> PatientResult:
    """Posterior and predictions for the patient of a CSV file, or of visits read from one (see `visits`). Research use only.

    candidates: drugs, as `combine` takes them. Raises BaxisError for bad input before anything is simulated.
    """
    chosen = settings or Settings()
    code = setting.known_disease(disease)
    visits = file if isinstance(file, Visits) else read(file)
    regimens = {c: setting.regimen(c, code) for c in candidates}
    found = infer(visits, code, chosen)
    people = found.people.take(found.resample(DRAWS))
    arms = [Arm(arm_id=n, n=1, role="active", treatments=r) for n, r in regimens.items()]
    design = found.design.replace(
        weeks=WEEKS,
        arms=[a.model_dump() for a in arms],
        endpoints=[found.design.primary.model_dump() | {"week": WEEKS}],
    )
    lab = Laboratory(design, replace(chosen, progress=None))
    rows, last = [], {}
    for arm in arms:
        run = lab.run_arm(arm, people)
        ratio = np.where((run.status == 0)[:, None], run.outputs["infl"] / run.outputs["infl"][:, :1], np.nan)
        last[arm.arm_id] = ratio[:, -1]
        rows += [_course(arm.arm_id, day / 7.0, ratio[:, k]) for k, day in enumerate(lab.days) if k]
    recipe = {
        "setting": design.trial_id,
        "regimens": {n: setting.words(r) for n, r in regimens.items()},
        "seed": chosen.seed,
        "population": len(found.people.ids),
        "effective": found.ess,
        "draws": DRAWS,
        "failures": int(sum(np.isnan(v).sum() for v in last.values())),
        "notice": NOTICE,
    }
    kinds = [{"endotype": k, "population": a, "patient": b} for k, (a, b) in found.endotypes().items()]
    further = next_measurement(visits, people, last)
    return PatientResult(
        code, _state(visits, found), pd.DataFrame(kinds), pd.DataFrame(rows), further, found.warnings, recipe
    )


def _course(drug: str, week: float, ratio: Array) -> dict[str, Any]:
    low, middle, high = np.nanquantile(ratio, (0.05, 0.5, 0.95))
    return {"drug": drug, "week": week, "inflammation": float(middle), "low": float(low), "high": float(high)}


def _state(visits: Visits, found: Posterior) -> pd.DataFrame:
    """Each laboratory measure: what was seen (geometric mean), the posterior, and the tail in the population."""
    rows = []
    for key, name in measures().items():
        o = axis.outputs()[name]
        own = [v for n, v in zip(visits.names, visits.values, strict=True) if n == name]
        seen = float(np.exp(np.mean(np.log(own))) * o.healthy) if own else None
        middle, low, high = (v * o.healthy for v in found.summary(name))
        tail = found.tail.get(name)
        row = {"measure": key, "unit": o.unit, "seen": seen, "posterior": middle, "low": low, "high": high}
        rows.append(row | {"tail": tail})
    return pd.DataFrame(rows)


def next_measurement(visits: Visits, people: Population, outcome: dict[str, Array]) -> pd.DataFrame:
    """Expected share of the variance of log inflammation under each drug that one more measurement takes away.

    Averaged over the drugs, by pre-posterior analysis on the posterior's own draws; null: the same with the measure's
    values dealt out at random, which a finite sample gives by chance.
    """
    rows = []
    for key, name in measures().items():
        x = np.log(np.maximum(people.outputs[name], 1e-9))
        dealt = x[streams.generator(people.seed, f"dealt {key}").permutation(x.size)]
        e = streams.normal(people.seed, f"further {key}", np.arange(x.size))[:, 0]
        share, null = (float(np.mean([reduction(v, e, noise(name), y) for y in outcome.values()])) for v in (x, dealt))
        rows.append({"measure": key, "repeat": name in visits.names, "variance removed": share, "null": null})
    return pd.DataFrame(rows).sort_values("variance removed", ascending=False, ignore_index=True)


def reduction(x: Array, e: Array, sd: float, outcome: Array) -> float:
    """Expected share of the variance of log outcome (n,) removed by measuring x (n,) with noise sd; e (n,) normal."""
    ok = np.isfinite(outcome)
    x, e, y = x[ok], e[ok], np.log(np.maximum(outcome[ok], 1e-6))
    z = (x[:, None] + sd * e[:, None] - x[None, :]) / sd
    w = np.exp(-0.5 * z * z)
    np.fill_diagonal(w, 0.0)  # the measured draw itself is not known to the one who measures
    total = w.sum(axis=1)
    known = total > 1e-12
    w = w[known] / total[known, None]
    mean = w @ y
    return float(1.0 - np.mean((y[known] - mean) ** 2) / max(float(np.var(y)), 1e-12))
