"""How each calibration contrast answers to a drug's effect on inflammation, for `calibrate_posterior.py`.

A contrast is run once in virtual patients as its trial enrolled them. The active arm's inflammation is then moved by a
common factor, as if the drug did more or less, and the trial's own endpoint is judged again: a curve from effect to
difference. What a model with other numbers would show is read from that curve at the effect that it gives the typical
patient. The virtual patients' mean fall and the typical patient's agree within a few hundredths (printed).
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar, cast

import calibration_settings as chosen_by_hand
import numpy as np
import pandas as pd
from scipy.special import expit, logit

from baxis import axis, evidence
from baxis.clinic.conduct.arm_run import ArmRun
from baxis.clinic.conduct.arms import run_arm
from baxis.clinic.conduct.laboratory import Laboratory
from baxis.clinic.conduct.settings import Settings
from baxis.clinic.design.design import Design, Endpoint
from baxis.clinic.design.read import read_design
from baxis.clinic.instruments import instrument
from baxis.clinic.people import population
from baxis.clinic.result.summarise import judge
from baxis.clinic.scoreboard.simulate import needed
from baxis.core import library
from baxis.core.errors import BaxisError

T = TypeVar("T")

MOVES = np.array([-2.0, -1.4, -1.0, -0.7, -0.45, -0.25, -0.1, 0.0, 0.1, 0.25, 0.45, 0.8])  # of log inflammation
ONSET = 30.0  # days in which the move comes on
WINDOW = 35.0  # days before the endpoint over which the effect is averaged
BETWEEN_TRIALS = {"risk_difference": 0.05, "ESSDAI_change": 0.8, "ESSPRI_change": 0.4, "DAS28_change": 0.25}


@dataclass
class Contrast:
    """One published difference with its sd (sampling and between like trials), and the curve from effect to difference."""

    label: str
    arms: tuple[str, str]
    week: float
    value: float
    sd: float
    curve: np.ndarray
    fall: float
    trial: str
    endpoint: str
    scale: str
    typical: float = 0.0

    def predict(self, effect: np.ndarray) -> np.ndarray:
        """Difference at the typical patient's log ratio of inflammation between the arms."""
        return np.interp(effect - self.typical, MOVES, self.curve)


@dataclass(frozen=True)
class Control:
    """A control arm's share of responders: published, simulated, and the 90 % interval of a trial of its size."""

    label: str
    disease: str
    endpoint: str
    week: float
    published: float
    simulated: float
    low: float
    high: float

    @property
    def inside(self) -> bool:
        """The published share lies in the interval."""
        return self.low <= self.published <= self.high


@dataclass
class Trial:
    """A calibration trial that can be simulated."""

    design: Design
    contrasts: list[Contrast]
    controls: list[Control]


def effect(control: ArmRun, active: ArmRun, week: float) -> np.ndarray:
    """Log ratio (n,) of inflammation, active over control, mean of the visits of the last weeks."""
    late = (active.days > max(7 * week - WINDOW, 0.0)) & (active.days <= 7 * week + 1e-9)
    return np.asarray(np.log(active.outputs["infl"][:, late] / control.outputs["infl"][:, late]).mean(axis=1))


def wanted(table: pd.DataFrame) -> pd.DataFrame:
    """Contrasts that calibration may read: of role calibration, on the scales that are fitted."""
    fitted = table.scale.isin(["risk_difference", "mean_difference"])
    return table[(table.role == "calibration") & table.primary & fitted]


def trials(patients: int, keep: Path | None = None) -> tuple[list[Trial], list[str]]:
    """Trials of role calibration with differences that can be simulated, and a line for each that cannot.

    keep: folder where each trial is kept once simulated, for this library and number of patients.
    """
    found, left_out = [], []
    for name, rows in wanted(evidence.contrasts(evidence.load())).groupby("trial_id", sort=True):
        try:
            trial = kept(keep, f"{name}-{patients}", partial(_trial, read_design(str(name)), rows, patients))
        except BaxisError as e:
            left_out.append(f"{name}: {str(e)[:100]}")
            continue
        if trial.contrasts:
            found.append(trial)
        else:
            left_out.append(f"{name}: no endpoint that is simulated with a standard error")
    return found, left_out


def kept(folder: Path | None, name: str, compute: Callable[[], T]) -> T:
    """What `compute` gives, from `folder` if it was computed before with the same library."""
    if folder is None:
        return compute()
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}-{library.digest()}.pickle"
    if file.is_file():
        return cast(T, pickle.loads(file.read_bytes()))
    value = compute()
    part = file.with_suffix(".part")
    part.write_bytes(pickle.dumps(value))
    part.replace(file)
    return value


def _trial(design: Design, rows: pd.DataFrame, patients: int) -> Trial:
    tool = instrument(design.disease)
    asked = {(r.endpoint, r.week) for r in rows.itertuples() if r.endpoint in tool.endpoints() and r.se == r.se}
    if not asked:
        return Trial(design, [], [])
    small = needed(design, set(rows.arm_id) | set(rows.versus), sorted(asked), tool)
    lab = Laboratory(small, Settings(patients=patients, seed=11))
    people, _ = lab.screen()
    runs = {arm.arm_id: run_arm(lab, arm, people) for arm in small.arms}
    out: list[Contrast] = []
    controls: dict[tuple[str, str, float], Control] = {}
    for r in rows.itertuples():
        if (r.endpoint, r.week) not in asked or not {r.arm_id, r.versus} <= set(runs) or r.se != r.se:
            continue
        between = BETWEEN_TRIALS["risk_difference" if r.scale == "risk_difference" else r.endpoint]
        pair = (runs[r.versus], runs[r.arm_id])
        endpoint = Endpoint(name=r.endpoint, week=r.week)
        curve = _curve(lab, people, endpoint, pair)
        if r.scale == "risk_difference":
            controls[r.versus, r.endpoint, r.week] = _control(lab, people, endpoint, pair[0], float(r.p0))
        fall = float(effect(*pair, r.week).mean())
        sd = float(np.hypot(r.se, between))
        label, arms = f"{design.trial_id} {r.arm_id}", (r.versus, r.arm_id)
        named = (design.trial_id, str(r.endpoint), str(r.scale))
        out.append(Contrast(label, arms, r.week, r.value, sd, curve, fall, *named))
    return Trial(small, out, list(controls.values()))


def _control(
    lab: Laboratory, people: population.Population, endpoint: Endpoint, run: ArmRun, published: float
) -> Control:
    """A control arm as simulated; its interval holds sampling of the published size and the spread between trials."""
    mean = float(judge(lab.design, lab.tool, endpoint, run, lab.measure(people, run), people).mean())
    rng = np.random.default_rng(9)
    share = expit(logit(np.clip(mean, 0.005, 0.995)) + chosen_by_hand.BETWEEN_LOG_ODDS * rng.standard_normal(4000))
    low, high = np.quantile(rng.binomial(run.arm.n, share) / run.arm.n, (0.05, 0.95))
    label = f"{lab.design.trial_id} {run.arm.arm_id}"
    return Control(label, lab.design.disease, endpoint.name, endpoint.week, published, mean, float(low), float(high))


def _curve(
    lab: Laboratory, people: population.Population, endpoint: Endpoint, pair: tuple[ArmRun, ArmRun]
) -> np.ndarray:
    """Difference of the endpoint when the active arm's log inflammation is moved by each of MOVES."""
    control, active = pair

    def mean(run: ArmRun) -> float:
        return float(judge(lab.design, lab.tool, endpoint, run, lab.measure(people, run), people).mean())

    onset = 1 - np.exp(-np.maximum(active.days, 0.0) / ONSET)
    base = mean(control)
    moved = ({**active.outputs, "infl": active.outputs["infl"] * np.exp(move * onset)} for move in MOVES)
    return np.array([mean(replace(active, outputs=outputs)) - base for outputs in moved])


def typical_effects(found: list[Trial], disease: str, names: list[str], values: np.ndarray) -> np.ndarray:
    """Effect of every contrast of a disease in the typical patient under each row of values (n, m): (n, contrasts)."""
    parameters, rest = axis.variants(disease, names, values)
    out = []
    for trial in found:
        if trial.design.disease != disease:
            continue
        lab = Laboratory(trial.design, Settings(patients=8, seed=1))
        people = population.typical_patients(trial.design, parameters, rest, lab.options)
        asked = {a for c in trial.contrasts for a in c.arms}
        runs = {arm.arm_id: run_arm(lab, arm, people) for arm in trial.design.arms if arm.arm_id in asked}
        out += [effect(runs[c.arms[0]], runs[c.arms[1]], c.week) for c in trial.contrasts]
    return np.array(out).T if out else np.zeros((len(values), 0))
