"""Pooling: fixed-effect, random-effects and mixed-effects (meta-regression) models, subgroups.

Weighted least squares at 1 / (v + tau2). Standard errors are Wald or, with `knha`, those of Hartung &
Knapp 2001 / Sidik & Jonkman 2002 with a t distribution on k - p degrees of freedom.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from baxis.core import names
from baxis.core.errors import InvalidValue, UnknownName
from baxis.evidence.meta.effects import Effects
from baxis.evidence.meta.tau import MODELS, generalised_q, q_profile, tau2_of, typical_variance

Vector = NDArray[np.floating[Any]]


KINDS = "fixed effect: FE; random effects: REML, DL, PM or ML"
FIXED = dict.fromkeys(("fixed", "fixed effect", "fixed effects", "common effect"), "FE")


@dataclass(frozen=True)
class Pooling:
    """How to pool. `prediction`: "t" uses k - p - 1 degrees of freedom (Higgins 2009), "same" the
    distribution of the test (as metafor does by default)."""

    model: str = "REML"
    knha: bool = False
    level: float = 0.95
    prediction: str = "t"

    def __post_init__(self) -> None:
        object.__setattr__(self, "model", names.known("meta-analysis model", self.model, MODELS, FIXED, KINDS))
        if self.prediction not in ("t", "same"):
            raise UnknownName("prediction interval", self.prediction, ("t", "same"))
        check_level(self.level)
        if self.knha and self.model == "FE":
            raise InvalidValue(
                "knha (Hartung-Knapp)", "the model FE", "a random-effects model", "choose REML, DL, PM or ML"
            )


@dataclass(frozen=True, eq=False)
class Pooled:
    """A fitted model; arrays have one entry per coefficient (p,), `weights` one per study (k,), in per cent."""

    scale: str
    options: Pooling
    names: tuple[str, ...]
    k: int
    beta: Vector
    se: Vector
    cov: Vector
    ci_low: Vector
    ci_high: Vector
    statistic: Vector
    p_value: Vector
    tau2: float
    tau2_ci: tuple[float, float]
    q: float
    q_df: int
    q_p: float
    i2: float
    h2: float
    qm: float
    qm_df: int
    qm_p: float
    weights: Vector
    typical_v: float

    @property
    def df(self) -> float:
        """Degrees of freedom of the tests of coefficients; infinite for Wald tests."""
        return self.k - len(self.beta) if self.options.knha else np.inf

    @property
    def i2_ci(self) -> tuple[float, float]:
        """I2 in per cent at the ends of the tau2 interval."""
        low, high = (100 * t / (t + self.typical_v) for t in self.tau2_ci)
        return (low, high)

    def predict(self, at: ArrayLike | None = None) -> PredictedEffect:
        """Mean, its interval and the interval of a new study's true effect at moderators `at` (p,)."""
        x = np.ones(1) if at is None and len(self.beta) == 1 else np.asarray(at, dtype=float)
        if x.shape != self.beta.shape:
            raise InvalidValue("moderators", x.shape, f"{len(self.beta)} values: {', '.join(self.names)}")
        mean, se = float(x @ self.beta), float(np.sqrt(x @ self.cov @ x))
        spread = np.sqrt(se**2 + self.tau2)
        crit = critical(self.df, self.options.level)
        df_new = max(self.k - len(self.beta) - 1, 0) if self.options.prediction == "t" else self.df
        wide = critical(df_new, self.options.level) if df_new > 0 else np.nan
        if self.options.model == "FE":
            wide = np.nan
        return PredictedEffect(mean, se, mean - crit * se, mean + crit * se, mean - wide * spread, mean + wide * spread)


@dataclass(frozen=True)
class PredictedEffect:
    """Mean effect at given moderators, its interval, and the prediction interval of a new study."""

    mean: float
    se: float
    ci_low: float
    ci_high: float
    pi_low: float
    pi_high: float


def check_level(level: float) -> float:
    """The level of an interval, a share between 0 and 1; `InvalidValue` for any other number."""
    if not 0 < level < 1:
        hint = f"write {level / 100:g} for {level:g} %" if 1 < level < 100 else ""
        raise InvalidValue("--level", level, "a share between 0 and 1", hint)
    return level


def critical(df: float, level: float) -> float:
    """Two-sided critical value: normal for infinite df, Student's t otherwise."""
    from scipy.special import ndtri, stdtrit

    check_level(level)
    tail = 0.5 + level / 2
    return float(ndtri(tail)) if not np.isfinite(df) else float(stdtrit(df, tail))


def two_sided(statistic: Vector, df: float) -> Vector:
    """Two-sided p values."""
    from scipy.special import ndtr, stdtr

    stat = -np.abs(statistic)
    return 2 * (ndtr(stat) if not np.isfinite(df) else stdtr(df, stat))


def pool(
    effects: Effects,
    options: Pooling | None = None,
    *,
    moderators: Mapping[str, ArrayLike] | None = None,
    intercept: bool = True,
    tau2: float | None = None,
) -> Pooled:
    """Fit the model of `options` to `effects`, with optional moderators (name -> (k,)).

    Raises `InvalidValue` without studies, with fewer studies than coefficients or with collinear moderators.
    """
    options = options or Pooling()
    names, x = design(len(effects), moderators or {}, intercept)
    y, v, (k, p) = effects.y, effects.v, x.shape
    if k == 0:
        raise InvalidValue("studies", 0, "at least one", _why_left_out(effects))
    if k < p or np.linalg.matrix_rank(x) < p:
        raise InvalidValue("moderators", f"{p} coefficients for {k} studies", "fewer, not collinear")
    fitted = tau2_of(options.model, y, v, x) if tau2 is None else float(tau2)
    w = 1 / (v + fitted)
    cov = np.linalg.inv(x.T @ (x * w[:, None]))
    beta = cov @ (x.T @ (w * y))
    if options.knha and k > p:
        cov = cov * (float(np.sum(w * (y - x @ beta) ** 2)) / (k - p))
    return _summary(effects, options, _Fit(names, x, beta, cov, w, fitted))


@dataclass(frozen=True, eq=False)
class _Fit:
    names: tuple[str, ...]
    x: Vector
    beta: Vector
    cov: Vector
    w: Vector
    tau2: float


def _summary(effects: Effects, options: Pooling, fit: _Fit) -> Pooled:
    from scipy.special import chdtrc, fdtrc

    y, v, (k, p) = effects.y, effects.v, fit.x.shape
    df = k - p if options.knha else np.inf
    se = np.sqrt(np.diag(fit.cov))
    if options.knha and k == p:
        se = np.full(p, np.nan)
    crit = critical(df, options.level) if df > 0 else np.nan
    q, q_df = generalised_q(0.0, y, v, fit.x), k - p
    vt = typical_variance(v, fit.x) if q_df > 0 else np.nan
    if options.model == "FE":
        i2, h2 = (max(0.0, 100 * (q - q_df) / q) if q > 0 else 0.0), (q / q_df if q_df else np.nan)
    else:
        i2, h2 = (100 * fit.tau2 / (vt + fit.tau2), fit.tau2 / vt + 1) if q_df > 0 else (np.nan, np.nan)
    tested = [i for i, n in enumerate(fit.names) if n != "intercept"] or [0]
    qm = float(fit.beta[tested] @ np.linalg.solve(fit.cov[np.ix_(tested, tested)], fit.beta[tested]))
    m = len(tested)
    qm_p = float(fdtrc(m, df, qm / m)) if options.knha and df > 0 else float(chdtrc(m, qm))
    return Pooled(
        scale=effects.scale, options=options, names=fit.names, k=k, beta=fit.beta, se=se, cov=fit.cov,
        ci_low=fit.beta - crit * se, ci_high=fit.beta + crit * se, statistic=fit.beta / se, p_value=two_sided(fit.beta / se, df),
        tau2=fit.tau2, tau2_ci=(np.nan, np.nan) if options.model == "FE" else q_profile(y, v, fit.x, options.level), q=q, q_df=q_df,
        q_p=float(chdtrc(q_df, q)) if q_df > 0 else np.nan, i2=i2, h2=h2, qm=qm, qm_df=m, qm_p=qm_p, weights=100 * fit.w / fit.w.sum(), typical_v=vt,
    )  # fmt: skip


def design(k: int, moderators: Mapping[str, ArrayLike], intercept: bool) -> tuple[tuple[str, ...], Vector]:
    """Design matrix (k, p): intercept first, a text moderator as indicators against its first level."""
    columns: list[tuple[str, Vector]] = [("intercept", np.ones(k))] if intercept else []
    for name, values in moderators.items():
        column = np.asarray(values)
        if column.shape != (k,):
            raise InvalidValue(f"moderator {name}", column.shape, f"one value for each of {k} studies")
        if column.dtype.kind in "OUS":
            levels = sorted({str(c) for c in column})
            start = 1 if columns else 0
            columns += [(f"{name}={u}", (column.astype(str) == u).astype(float)) for u in levels[start:]]
        elif not np.all(np.isfinite(column.astype(float))):
            raise InvalidValue(f"moderator {name}", "a missing value", "a number for every study")
        else:
            columns.append((name, column.astype(float)))
    if not columns:
        raise InvalidValue("design", "no coefficient", "an intercept or a moderator")
    return tuple(n for n, _ in columns), np.column_stack([c for _, c in columns])


@dataclass(frozen=True)
class Subgroups:
    """Pooled results by group and the test that the groups differ (Q between, chi-squared)."""

    groups: Mapping[str, Pooled]
    overall: Pooled
    q_between: float
    df: int
    p_value: float
    shared_tau2: bool


def subgroups(
    effects: Effects, groups: Sequence[str], options: Pooling | None = None, *, shared_tau2: bool = False
) -> Subgroups:
    """Pool within each group (own tau2, or one shared over groups) and test the difference between groups."""
    from scipy.special import chdtrc

    options = options or Pooling()
    if len(groups) != len(effects):
        raise InvalidValue("groups", len(groups), f"one for each of {len(effects)} studies")
    overall = pool(effects, options)
    labels = np.asarray([str(g) for g in groups])
    common: float | None = None
    if shared_tau2 and len(set(groups)) > 1:
        common = pool(effects, replace(options, knha=False), moderators={"group": labels}).tau2
    names = list(dict.fromkeys(labels.tolist()))
    fits = {g: pool(effects.take(labels == g), options, tau2=common) for g in names}
    mean = np.array([f.beta[0] for f in fits.values()])
    w = np.array([1 / f.se[0] ** 2 if np.isfinite(f.se[0]) and f.se[0] > 0 else 0.0 for f in fits.values()])
    df = int(np.sum(w > 0)) - 1
    centre = float(np.sum(w * mean) / np.sum(w)) if df >= 0 else np.nan
    between = float(np.sum(w * (mean - centre) ** 2)) if df > 0 else 0.0
    return Subgroups(fits, overall, between, df, float(chdtrc(df, between)) if df > 0 else np.nan, shared_tau2)


def variance_explained(without: Pooled, with_moderators: Pooled) -> float:
    """R2 in per cent: share of tau2 that moderators explain, never negative; nan when there is none."""
    if without.tau2 <= 0:
        return float("nan")
    return max(0.0, 100 * (without.tau2 - with_moderators.tau2) / without.tau2)


def _why_left_out(effects: Effects) -> str:
    return "; ".join(f"{x.label}: {x.reason}" for x in effects.left_out[:6])
