"""Small-study effects: regression test of funnel asymmetry (Egger 1997; Sterne & Egger 2005)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from baxis.core.errors import InvalidValue, UnknownName
from baxis.evidence.meta.effects import Effects
from baxis.evidence.meta.pool import Pooling, critical, pool, two_sided


@dataclass(frozen=True)
class Egger:
    """Slope of the effect on its standard error, its test, and the effect at standard error 0."""

    model: str
    k: int
    slope: float
    se: float
    statistic: float
    df: float
    p_value: float
    limit: float
    limit_ci: tuple[float, float]
    level: float = 0.95


def egger(effects: Effects, model: str = "lm", options: Pooling | None = None) -> Egger:
    """Funnel asymmetry test. "lm": classic Egger (weighted regression, multiplicative dispersion, t test);
    "rma": mixed-effects meta-regression on the standard error (z test, or t with `knha`)."""
    if len(effects) < 3:
        raise InvalidValue("Egger test", f"{len(effects)} studies", "at least 3")
    if np.ptp(effects.se) <= 1e-12 * effects.se.max():
        raise InvalidValue("Egger test", "one standard error for all studies", "studies of different precision")
    options = options or Pooling()
    if model == "rma":
        fit = pool(effects, options, moderators={"se": effects.se})
        limit = (float(fit.ci_low[0]), float(fit.ci_high[0]))
        test = (float(fit.beta[1]), float(fit.se[1]), float(fit.statistic[1]), float(fit.df), float(fit.p_value[1]))
        return Egger(model, len(effects), *test, float(fit.beta[0]), limit, options.level)
    if model != "lm":
        raise UnknownName("Egger model", model, ("lm", "rma"))
    x = np.column_stack([np.ones(len(effects)), effects.se])
    w = 1 / effects.v
    inv = np.linalg.inv(x.T @ (x * w[:, None]))
    beta = inv @ (x.T @ (w * effects.y))
    df = len(effects) - 2
    se = np.sqrt(np.diag(inv) * float(np.sum(w * (effects.y - x @ beta) ** 2)) / df)
    t = beta / se
    crit = critical(df, options.level)
    p = two_sided(t, df)
    limit = (float(beta[0] - crit * se[0]), float(beta[0] + crit * se[0]))
    test = (float(beta[1]), float(se[1]), float(t[1]), float(df), float(p[1]))
    return Egger(model, len(effects), *test, float(beta[0]), limit, options.level)
