"""The rival's model: a logistic mixed model of arms with partial pooling; its log density and gradient.

logit p(arm) = placebo response + sign * (effect of the arm's drug)
placebo response = m0 + endpoint family + endpoint + disease + week + population covariates + trial (+ trial x endpoint)
effect = b0 + disease + endpoint family + sum over classes (mechanism family + class + class x disease + drug)
         + trial (between-trial spread) + arm
A mean difference (in standard deviations) and a log hazard ratio are the same effect times a constant.
Every group of coefficients has a half-normal standard deviation of its own; `b` is standard normal times it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from baxis.evidence.rival.data import ArmRow, ContrastRow, Training, TrialInfo, class_family, endpoint_family

Vector = NDArray[np.floating[Any]]

# Group -> scale of the half-normal prior of its standard deviation (logit scale).
GROUPS = {
    "endpoint_family0": 0.7, "endpoint0": 0.7, "disease0": 0.5, "trial0": 0.4, "trial_endpoint0": 0.3,
    "family1": 0.4, "class1": 0.4, "disease1": 0.4, "class_disease1": 0.3, "endpoint_family1": 0.3,
    "drug1": 0.3, "trial1": 0.4, "arm1": 0.2,
}  # fmt: skip
# Coefficient -> (mean, standard deviation) of its normal prior.
FIXED = {"m0": (-0.5, 1.0), "b0": (0.0, 1.0), "week0": (0.0, 0.5)}
COVARIATE_SD = 0.5
# Coefficients that a prediction for a new trial never needs.
NUISANCE = ("trial0", "trial_endpoint0", "trial1", "arm1")

Terms = dict[str, float]


def week_term(week: float) -> float:
    """Covariate of the week: log of its ratio to 24."""
    return float(np.log(max(week, 1.0) / 24.0))


def placebo_terms(info: TrialInfo) -> Terms:
    """Coefficients of the placebo response of a new trial (no trial-level terms)."""
    terms = {
        "m0": 1.0,
        f"endpoint_family0:{endpoint_family(info.endpoint)}": 1.0,
        f"endpoint0:{info.endpoint}": 1.0,
        f"disease0:{info.disease}": 1.0,
        "week0": week_term(info.week),
    }
    return terms | {f"x:{k}": v for k, v in info.features.items() if v}


def effect_terms(classes: tuple[str, ...], drug: str, info: TrialInfo) -> Terms:
    """Coefficients of the effect of an arm (no trial-level terms); {} for placebo."""
    if not classes:
        return {}
    terms = {
        "b0": 1.0, f"disease1:{info.disease}": 1.0, f"endpoint_family1:{endpoint_family(info.endpoint)}": 1.0
    }  # fmt: skip
    for c in classes:
        family = f"family1:{class_family(c)}"
        terms[family] = terms.get(family, 0.0) + 1.0
        terms[f"class1:{c}"] = 1.0
        terms[f"class_disease1:{c}|{info.disease}"] = 1.0
    if drug:
        terms[f"drug1:{drug}"] = 1.0
    return terms


def _trial_effect(trial: str, key: str, classes: tuple[str, ...]) -> Terms:
    return {f"trial1:{trial}|{'+'.join(classes)}": 1.0, f"arm1:{trial}|{key}": 1.0} if classes else {}


def arm_terms(row: ArmRow, info: TrialInfo) -> Terms:
    """Linear predictor of one binomial row."""
    terms = placebo_terms(info)
    terms[f"trial0:{row.trial_id}"] = 1.0
    terms[f"trial_endpoint0:{row.trial_id}|{row.endpoint}"] = 1.0
    own = effect_terms(row.classes, row.drug, info) | _trial_effect(row.trial_id, row.key, row.classes)
    return terms | {k: row.sign * v for k, v in own.items()}


def contrast_terms(row: ContrastRow, info: TrialInfo) -> Terms:
    """Linear predictor of one normal row: gain * (active - control)."""
    terms: Terms = {}
    for (key, classes, drug), side in ((row.active, 1.0), (row.control, -1.0)):
        for k, v in (effect_terms(classes, drug, info) | _trial_effect(row.trial_id, key, classes)).items():
            terms[k] = terms.get(k, 0.0) + side * row.gain * v
    return terms


@dataclass(frozen=True, eq=False)
class Model:
    """Compiled model: `matrix` (rows, coefficients), `group_of` each coefficient (-1: a fixed prior), priors, data.

    The first rows are binomial (`events` of `n`), the others normal (`value` with `se`).
    """

    names: tuple[str, ...]
    groups: tuple[str, ...]
    matrix: Vector
    group_of: NDArray[np.intp]
    prior_mean: Vector
    prior_sd: Vector
    events: Vector
    n: Vector
    value: Vector
    se: Vector

    @property
    def half_normal(self) -> Vector:
        """Scale of the half-normal prior of each group's standard deviation."""
        return np.array([GROUPS[g] for g in self.groups])

    def spread(self, log_sigma: Vector) -> Vector:
        """Prior standard deviation of each coefficient."""
        sigma = np.append(np.exp(log_sigma), 1.0)
        return np.where(self.group_of >= 0, sigma[self.group_of], self.prior_sd)

    def likelihood(self, eta: Vector) -> tuple[float, Vector, Vector, Vector]:
        """Log likelihood of linear predictors, its first, negative second and third derivatives, all (rows,)."""
        from scipy.special import expit

        m = len(self.events)
        logit = eta[:m]
        p = expit(logit)
        resid = (self.value - eta[m:]) / self.se
        value = float(np.sum(self.events * logit - self.n * np.logaddexp(0, logit)) - 0.5 * resid @ resid)
        w = self.n * p * (1 - p)
        first = np.concatenate([self.events - self.n * p, resid / self.se])
        second = np.concatenate([w, self.se**-2.0])
        third = np.concatenate([-w * (1 - 2 * p), np.zeros(len(resid))])
        return value, first, second, third


def compile_model(data: Training) -> Model:
    """Design matrix and priors of a training set, in a stable order."""
    rows = [arm_terms(a, data.trials[a.trial_id, a.endpoint]) for a in data.arms]
    rows += [contrast_terms(c, data.trials[c.trial_id, c.endpoint]) for c in data.contrasts]
    names = tuple(sorted({k for r in rows for k in r}, key=lambda n: (group(n) is not None, n)))
    at = {n: i for i, n in enumerate(names)}
    matrix = np.zeros((len(rows), len(names)))
    for i, r in enumerate(rows):
        for k, v in r.items():
            matrix[i, at[k]] = v
    groups = tuple(g for g in GROUPS if any(group(n) == g for n in names))
    group_of = np.array([groups.index(g) if (g := group(n)) else -1 for n in names])
    prior = [FIXED.get(n, (0.0, COVARIATE_SD)) if group(n) is None else (0.0, 1.0) for n in names]
    return Model(
        names=names, groups=groups, matrix=matrix, group_of=group_of,
        prior_mean=np.array([p[0] for p in prior]), prior_sd=np.array([p[1] for p in prior]),
        events=np.array([a.events for a in data.arms]), n=np.array([a.n for a in data.arms]),
        value=np.array([c.value for c in data.contrasts]), se=np.array([c.se for c in data.contrasts]),
    )  # fmt: skip


def group(name: str) -> str | None:
    """Group of a coefficient; None for one with a fixed prior."""
    head = name.split(":", 1)[0]
    return head if head in GROUPS else None
