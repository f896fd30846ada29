"""What candidate drugs are predicted to do in a patient, and which further measurement would narrow it most."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Unpack

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from baxis.clinic.conduct.settings import Changes, Settings, settle, unread
from baxis.clinic.design import prescribed
from baxis.clinic.design.design import Treatment
from baxis.clinic.people.labs import measures, noise
from baxis.clinic.result.recipe import basis
from baxis.core import streams
from baxis.core.errors import InvalidValue
from baxis.insight.combine import setting
from baxis.insight.patient import beside, scores
from baxis.insight.patient.file import read
from baxis.insight.patient.future import WEEKS, Future
from baxis.insight.patient.infer import infer
from baxis.insight.patient.inference.own_levels import OwnLevels
from baxis.insight.patient.inference.posterior import MOST, Posterior
from baxis.insight.patient.patient_result import PatientResult
from baxis.insight.patient.visits import Measurements

Array = NDArray[np.float64]
DRAWS = 200
DEFAULT = ("rituximab", "belimumab")
AS_NOW = "as now"
WHOLE_COURSE = 520.0  # weeks, longer than any course of a trial
LEAST_REMOVED = 0.005  # share of the variance below which a further measurement is not worth a row
NONE_REMOVES = f"none removes as much as {100 * LEAST_REMOVED:g} % of the variance of the predicted effect."
PRIOR = "the patient is looked for among the virtual patients of the disease"
NOTICE = "FOR RESEARCH ONLY: NOT FOR DECISIONS ABOUT A PATIENT."


def patient(
    file: str | Path | Measurements,
    disease: str,
    candidates: tuple[str, ...] = DEFAULT,
    settings: Settings | None = None,
    most: int = MOST,
    **changes: Unpack[Changes],
) -> PatientResult:
    """Posterior and predictions for the patient of a CSV file, or of visits read from one (see `file`). Research use only.

    candidates: drugs, as `combine` takes them. most: largest population drawn before the sample is refined.
    changes: fields of Settings (`seed`, `threads`). Raises BaxisError for bad input before anything is simulated.
    """
    chosen = settle(settings, changes)
    unread(chosen, "patient", {"evidence": setting.SHIPPED} | dict.fromkeys(("population", "match"), PRIOR))
    code = setting.known_disease(disease)
    visits = file if isinstance(file, Measurements) else read(file, code)
    regimens = _regimens(candidates, code)
    found = infer(visits, code, chosen, most)
    at = found.resample(DRAWS)
    future = Future(found, visits, at, replace(chosen, progress=None))
    for regimen in regimens.values():
        future.check(regimen)
    rows, last = [], {}
    for name, regimen in {AS_NOW: (), **regimens}.items():
        outputs, shown, ok = future.run(regimen)
        ratio = np.where(ok[:, None], outputs["infl"] / outputs["infl"][:, :1], np.nan)
        score = np.where(ok[:, None], shown[future.score.measure], np.nan)
        rows += [_course(name, week, ratio[:, k], score[:, k]) for k, week in enumerate(future.weeks)]
        if name != AS_NOW:
            last[name] = ratio[:, -1]
    kinds = [{"endotype": k, "population": a, "patient": b} for k, (a, b) in found.endotypes().items()]
    further = next_measurement(visits, future, last)
    columns = ["endotype", "population", "patient"]
    return PatientResult(
        disease=code, state=beside.state(visits, found), endotypes=pd.DataFrame(kinds, columns=columns), courses=pd.DataFrame(rows), past=beside.past(visits, future),
        next_measurement=further, warnings=found.warnings, recipe=_recipe(found, future, regimens, (chosen, last)),
    )  # fmt: skip


def _regimens(candidates: tuple[str, ...], code: str) -> dict[str, tuple[Treatment, ...]]:
    """Treatments of each candidate, by the user's words; one that is given twice in other words stands once."""
    if not candidates:
        raise InvalidValue("candidates", "none", f"at least one drug, as {','.join(DEFAULT)}")
    out: dict[str, tuple[Treatment, ...]] = {}
    for words in candidates:
        found = setting.regimen(words, code)
        if found not in out.values():
            out[words] = found
    return out


def _remarks(regimens: dict[str, tuple[Treatment, ...]]) -> list[str]:
    """What a reader must know of the candidates. A trial's own course may go on behind the prediction: that is no remark."""
    typed = [r for n, r in regimens.items() if not setting.is_drug(n)]
    own = [r for n, r in regimens.items() if setting.is_drug(n)]
    return [*prescribed.of_regimens(typed, WEEKS), *prescribed.of_regimens(own, WHOLE_COURSE)]


def _recipe(
    found: Posterior,
    future: Future,
    regimens: dict[str, tuple[Treatment, ...]],
    more: tuple[Settings, dict[str, Array]],
) -> dict[str, Any]:
    chosen, last = more
    return basis(future.design, chosen, _remarks(regimens)) | {
        "setting": future.home.trial_id,
        "score": future.score.measure,
        "regimens": {n: setting.words(r) for n, r in regimens.items()},
        "population": int(found.moves.get("population", len(found.people.ids))),
        "effective": found.ess,
        "refinement": found.moves,
        "draws": DRAWS,
        "failures": int(sum(np.isnan(v).sum() for v in last.values())),
        "read": list(future.visits.notes),
        "notice": NOTICE,
    }


def _course(drug: str, week: float, ratio: Array, score: Array) -> dict[str, Any]:
    low, middle, high = (float(x) for x in np.nanquantile(ratio, (0.05, 0.5, 0.95)))
    below, above = (float(x) for x in np.nanquantile(score, (0.05, 0.95)))
    mean = float(np.nanmean(score))  # a stepped score's median jumps
    row = {"drug": drug, "week": float(week), "inflammation": middle, "low": low, "high": high}
    return row | {"score": mean, "score_low": below, "score_high": above}


def next_measurement(visits: Measurements, future: Future, outcome: dict[str, Array]) -> pd.DataFrame:
    """Expected share of the variance of log inflammation under each drug that one more measurement takes away.

    Laboratory measures and scores at the last visit, averaged over the drugs, by pre-posterior analysis on the
    posterior's own draws; null: the same with the measure's values dealt out at random, which a finite sample gives by
    chance.
    """
    mean, left = OwnLevels(visits).known(future.seen.outputs)
    asked = {k: (np.log(np.maximum(future.seen.outputs[n][:, -1], 1e-9)) + mean[n], float(np.hypot(left[n], noise(n))),
                 n in visits.names) for k, n in measures().items()}  # fmt: skip
    times, who = np.array(visits.times), np.arange(len(future.people.ids))
    shown = future.ratings.observe(future.seen.outputs, times, future.people, who, future.tools)
    rated = {r.measure for r in visits.ratings}
    for name, score in scores.scores(future.home.disease).items():
        x = shown[name][:, -1]
        asked[name] = (np.log(np.maximum(x, 1e-6)) if score.log else x, score.sd, name in rated)
    rows, seed = [], future.people.seed
    for key, (x, sd, repeat) in asked.items() if outcome else ():
        dealt = x[streams.generator(seed, f"dealt {key}").permutation(x.size)]
        e = streams.normal(seed, f"further {key}", np.arange(x.size))[:, 0]
        share, null = (float(np.mean([reduction(v, e, sd, y) for y in outcome.values()])) for v in (x, dealt))
        rows.append({"measure": key, "repeat": repeat, "variance removed": share, "null": null})
    table = pd.DataFrame(rows, columns=["measure", "repeat", "variance removed", "null"])
    return table.sort_values("variance removed", ascending=False, ignore_index=True)


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
