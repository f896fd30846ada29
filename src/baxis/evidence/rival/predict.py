"""Predictive distributions of the rival for any design."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from baxis.core import library, streams
from baxis.core.errors import InvalidValue, UnknownName, Unsupported
from baxis.evidence.rival.data import GUMBEL_SD, LOGISTIC_SD, TrialInfo, apart, classes_of, features
from baxis.evidence.rival.fit import Fitted, read
from baxis.evidence.rival.model import effect_terms, group, placebo_terms

Vector = NDArray[np.floating[Any]]
MOST_PATIENTS = 1_000_000  # of an arm


@dataclass(frozen=True)
class TwoArms:
    """A two-arm comparison to predict. `versus` is the control's class ("placebo" or an active class);
    `population` and `background` are free text as in the trials table; `year` nan stands for 2014."""

    disease: str
    endpoint: str
    week: float
    drug_class: str
    n_active: int
    n_control: int
    background: str = ""
    population: str = ""
    year: float = float("nan")
    drug: str = ""
    versus: str = "placebo"

    def __post_init__(self) -> None:
        known = {r["disease"] for r in library.read_table("evidence/diseases")}
        if self.disease not in known:
            raise UnknownName("disease", self.disease, known)
        if self.endpoint not in endpoint_table():
            raise UnknownName("endpoint", self.endpoint, endpoint_table())
        for name in ("n_active", "n_control"):
            if not 0 < getattr(self, name) <= MOST_PATIENTS:
                allowed = f"a positive number of patients, at most {MOST_PATIENTS}"
                raise InvalidValue(name, getattr(self, name), allowed)
        if not 0 < self.week <= longest_week():
            allowed = (
                f"a number of weeks above 0 and at most {longest_week():g}, the longest of the trials it learned from"
            )
            raise InvalidValue("week", self.week, allowed)


@lru_cache(maxsize=2)
def _longest(roots: tuple[object, ...]) -> float:
    from baxis import evidence

    return float(evidence.contrasts(evidence.load())["week"].max())


def longest_week() -> float:
    """The latest week of a trial's contrast in the library."""
    return _longest(library.roots())


@lru_cache(maxsize=2)
def _endpoints(roots: tuple[object, ...]) -> dict[str, dict[str, str]]:
    return {r["endpoint"]: r for r in library.read_table("evidence/endpoints")}


def endpoint_table() -> Mapping[str, dict[str, str]]:
    """Endpoint -> row of the endpoints table (kind, direction of benefit)."""
    return _endpoints(library.roots())


@dataclass(frozen=True)
class Rival:
    """The fitted rival: draws (d, columns) by name."""

    fitted: Fitted

    @property
    def record(self) -> Mapping[str, Any]:
        """How the draws were made: command, seed, evidence digest, diagnostics, trials used."""
        return self.fitted.record

    @property
    def draws(self) -> int:
        return len(self.fitted.values)

    def predict(self, design: TwoArms) -> dict[str, Any]:
        """Distribution of the contrast a trial of this design would report (active minus control).

        Keys: mean, pi50, pi90, draws (d,), scale (risk_difference, mean_difference, log_hazard_ratio,
        standardised_difference), benefit_sign, expected (draws of the true contrast, without sampling error), and for
        proportions control and active (draws of the expected rates).
        """
        row = endpoint_table()[design.endpoint]
        sign = int(row["benefit_sign"] or 0)
        if row["category"] != "efficacy" or sign == 0:
            raise Unsupported(f"the rival predicts efficacy endpoints; {design.endpoint} is {row['category']}")
        info = TrialInfo(
            "new", design.disease, design.endpoint, design.week,
            features(design.population, design.background, design.year),
        )  # fmt: skip
        key = _key(design)
        one, zero = apart(classes_of(design.drug_class), classes_of(design.versus))
        effect = self._arm_effect(one, design.drug, info, key + "active")
        effect = effect - self._arm_effect(zero, "", info, key + "control")
        if row["kind"] == "proportion":
            return self._proportion(design, info, sign * effect, sign, key)
        return self._continuous(design, row["kind"], effect, sign, key)

    def _arm_effect(self, classes: tuple[str, ...], drug: str, info: TrialInfo, key: str) -> Vector:
        if not classes:
            return np.zeros(self.draws)
        value = self._linear(effect_terms(classes, drug, info), key)
        spread = np.hypot(self._sd("trial1"), self._sd("arm1"))
        return value + spread * self._normal(key + "trial")

    def _proportion(self, design: TwoArms, info: TrialInfo, shift: Vector, sign: int, key: str) -> dict[str, Any]:
        base = self._linear(placebo_terms(info), key)
        base = base + np.hypot(self._sd("trial0"), self._sd("trial_endpoint0")) * self._normal(key + "placebo")
        p0, p1 = 1 / (1 + np.exp(-base)), 1 / (1 + np.exp(-(base + shift)))
        seen1 = _binomial(self._uniform(key + "n1"), design.n_active, p1)
        seen0 = _binomial(self._uniform(key + "n0"), design.n_control, p0)
        draws = seen1 / design.n_active - seen0 / design.n_control
        return summary(draws, "risk_difference", sign, p1 - p0) | {"control": p0, "active": p1}

    def _continuous(self, design: TwoArms, kind: str, effect: Vector, sign: int, key: str) -> dict[str, Any]:
        total = 1 / design.n_active + 1 / design.n_control
        if kind == "hazard_ratio":
            expected = sign * effect * GUMBEL_SD / LOGISTIC_SD
            # events are unknown before the trial: half of the patients are taken to have one
            noise = np.sqrt(2 * total) * self._normal(key + "noise")
            return summary(expected + noise, "log_hazard_ratio", sign, expected)
        sd = self.record.get("sd", {}).get(design.endpoint)
        expected = sign * effect / LOGISTIC_SD
        draws = expected + np.sqrt(total) * self._normal(key + "noise")
        if sd is None:
            return summary(draws, "standardised_difference", sign, expected)
        return summary(sd * draws, "mean_difference", sign, sd * expected)

    def _linear(self, terms: Mapping[str, float], key: str) -> Vector:
        """Sum of coefficients; one that the fit has not seen is drawn from its group (nil without a group)."""
        at = {n: i for i, n in enumerate(self.fitted.names)}
        value = np.zeros(self.draws)
        for name, x in terms.items():
            if name in at:
                value = value + x * self.fitted.values[:, at[name]]
            elif (g := group(name)) is not None:
                value = value + x * self._sd(g) * self._normal(key + name)
        return value

    def _sd(self, name: str) -> Vector:
        names = self.fitted.names
        return self.fitted.values[:, names.index(f"sd:{name}")] if f"sd:{name}" in names else np.zeros(self.draws)

    def _normal(self, purpose: str) -> Vector:
        return streams.normal(0, "rival " + purpose, np.arange(self.draws), 1)[:, 0]

    def _uniform(self, purpose: str) -> Vector:
        return streams.uniform(0, "rival " + purpose, np.arange(self.draws), 1)[:, 0]


def _key(design: TwoArms) -> str:
    """Random numbers depend on the design alone; sizes do not enter, so that a larger trial is the same trial."""
    parts = (design.disease, design.endpoint, f"{design.week:g}", design.drug_class, design.drug, design.versus)
    return hashlib.blake2b("|".join(parts).encode(), digest_size=8).hexdigest()


def _binomial(u: Vector, n: int, p: Vector) -> Vector:
    """Binomial draws by inversion of uniforms."""
    from scipy.special import bdtr, bdtrik

    p = np.clip(p, 1e-12, 1 - 1e-12)
    k = np.ceil(np.nan_to_num(bdtrik(u, n, p), nan=0.0))
    lower = np.maximum(k - 1, 0)
    return np.clip(np.where(bdtr(lower, n, p) >= u, lower, k), 0, n)


def summary(draws: Vector, scale: str, sign: int, expected: Vector) -> dict[str, Any]:
    """Mean and 50 % and 90 % predictive intervals of draws."""
    q = np.quantile(draws, [0.05, 0.25, 0.75, 0.95])
    return {
        "mean": float(expected.mean()), "pi50": (float(q[1]), float(q[2])), "pi90": (float(q[0]), float(q[3])),
        "scale": scale, "benefit_sign": sign, "draws": draws, "expected": expected,
    }  # fmt: skip


@lru_cache(maxsize=2)
def _load(file: str) -> Rival:
    from pathlib import Path

    return Rival(read(Path(file)))


def load() -> Rival:
    """The shipped rival."""
    return _load(str(library.path("posterior/rival.parquet")))
