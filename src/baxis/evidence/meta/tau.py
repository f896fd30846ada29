"""Between-study variance tau2 of the model y ~ N(X beta, diag(v) + tau2 I).

DerSimonian & Laird 1986 (method of moments, with moderators: Raudenbush 2009), Paule & Mandel 1982
(generalised Q equal to its degrees of freedom), restricted and full maximum likelihood (Fisher scoring,
Raudenbush 2009), Q-profile interval (Viechtbauer 2007).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from baxis.core.errors import UnknownName

Vector = NDArray[np.floating[Any]]
MODELS = ("REML", "DL", "PM", "ML", "FE")


def projection(v: Vector, x: Vector) -> Vector:
    """P = W - W X (X'W X)^-1 X'W with W = diag(1 / v); v (k,), x (k, p) -> (k, k)."""
    wx = x / v[:, None]
    return np.diag(1 / v) - wx @ np.linalg.solve(x.T @ wx, wx.T)


def generalised_q(tau2: float, y: Vector, v: Vector, x: Vector) -> float:
    """Residual weighted sum of squares at weights 1 / (v + tau2)."""
    w = 1 / (v + tau2)
    root = np.sqrt(w)
    beta, *_ = np.linalg.lstsq(x * root[:, None], y * root, rcond=None)
    return float(np.sum(w * (y - x @ beta) ** 2))


def tau2_of(model: str, y: Vector, v: Vector, x: Vector) -> float:
    """Estimate of tau2, never negative; 0 for FE and when k = p."""
    if model not in MODELS:
        raise UnknownName("meta-analysis model", model, MODELS)
    df = len(y) - x.shape[1]
    if model == "FE" or df <= 0:
        return 0.0
    if model == "DL":
        return max(0.0, (generalised_q(0.0, y, v, x) - df) / float(np.trace(projection(v, x))))
    if model == "PM":
        return root_of_q(df, y, v, x)
    return _likelihood(model == "REML", y, v, x)


def root_of_q(target: float, y: Vector, v: Vector, x: Vector) -> float:
    """tau2 at which the generalised Q equals `target`; 0 when Q(0) is already below it."""
    from scipy.optimize import brentq

    if generalised_q(0.0, y, v, x) <= target:
        return 0.0
    high = max(float(np.var(y)), float(np.mean(v)), 1e-8)
    while generalised_q(high, y, v, x) > target:
        high *= 4
    return float(brentq(lambda t: generalised_q(t, y, v, x) - target, 0.0, high, xtol=1e-14, rtol=1e-13))


def log_likelihood(tau2: float, y: Vector, v: Vector, x: Vector, restricted: bool = True) -> float:
    """(Restricted) log-likelihood without its constant."""
    s = v + tau2
    value = -0.5 * (np.sum(np.log(s)) + generalised_q(tau2, y, v, x))
    if restricted:
        value -= 0.5 * np.linalg.slogdet(x.T @ (x / s[:, None]))[1]
    return float(value)


def _score(tau2: float, y: Vector, v: Vector, x: Vector, restricted: bool) -> tuple[float, float]:
    """Derivative of the log-likelihood in tau2 and its expected information."""
    p = projection(v + tau2, x)
    py = p @ y
    if restricted:
        return 0.5 * float(py @ py - np.trace(p)), 0.5 * float(np.sum(p * p))
    w = 1 / (v + tau2)
    return 0.5 * float(py @ py - np.sum(w)), 0.5 * float(np.sum(w * w))


def _likelihood(restricted: bool, y: Vector, v: Vector, x: Vector) -> float:
    """Highest of the stationary points found from several starts, and of tau2 = 0."""
    dl = max(0.0, (generalised_q(0.0, y, v, x) - (len(y) - x.shape[1])) / float(np.trace(projection(v, x))))
    starts = (dl, float(np.var(y)), 0.0)
    found = [0.0] + [_scoring(t, y, v, x, restricted) for t in starts]
    return max(found, key=lambda t: (log_likelihood(t, y, v, x, restricted), -t))


def _scoring(tau2: float, y: Vector, v: Vector, x: Vector, restricted: bool) -> float:
    best = log_likelihood(tau2, y, v, x, restricted)
    for _ in range(200):
        slope, info = _score(tau2, y, v, x, restricted)
        step = slope / info
        while step != 0.0:
            new = max(0.0, tau2 + step)
            value = log_likelihood(new, y, v, x, restricted)
            if value >= best - 1e-13:
                break
            step = step / 2 if abs(step) > 1e-16 else 0.0
        moved = abs(new - tau2) if step != 0.0 else 0.0
        if moved <= 1e-13 * (1 + tau2):
            return new if step != 0.0 else tau2
        tau2, best = new, max(best, value)
    return tau2


def q_profile(y: Vector, v: Vector, x: Vector, level: float = 0.95) -> tuple[float, float]:
    """Q-profile interval of tau2 at `level`; (nan, nan) without residual degrees of freedom."""
    from scipy.special import chdtri

    df = len(y) - x.shape[1]
    if df <= 0:
        return (float("nan"), float("nan"))
    tail = (1 - level) / 2
    low = root_of_q(float(chdtri(df, tail)), y, v, x)
    high = root_of_q(float(chdtri(df, 1 - tail)), y, v, x)
    return low, high


def typical_variance(v: Vector, x: Vector) -> float:
    """Typical sampling variance of Higgins & Thompson 2002, with moderators: (k - p) / trace(P)."""
    return (len(v) - x.shape[1]) / float(np.trace(projection(v, x)))
