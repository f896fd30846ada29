"""Posterior by nested Laplace approximation, then importance weights against the exact binomial posterior.

Given the groups' standard deviations, the linear predictors f = A b are Gaussian a priori with covariance
K = A S2 A'. Their posterior is approximated by a Gaussian at its mode (Rasmussen & Williams 2006, algorithms 3.1
and 5.1); the standard deviations are sampled from the resulting marginal likelihood by NUTS (13 dimensions).
Draws of b follow from draws of f, and each pair is weighted by exact over approximate density.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from baxis.evidence.rival.model import Model

Vector = NDArray[np.floating[Any]]


@dataclass(eq=False)
class Marginal:
    """Log posterior of the groups' log standard deviations (log half-normal priors, Laplace likelihood)."""

    model: Model
    kernels: Vector = field(init=False)
    fixed: Vector = field(init=False)
    mean: Vector = field(init=False)
    start: Vector = field(init=False)

    def __post_init__(self) -> None:
        m, a = self.model, self.model.matrix
        own = m.group_of < 0
        self.fixed = (a[:, own] * m.prior_sd[own] ** 2) @ a[:, own].T
        parts = [a[:, m.group_of == g] for g in range(len(m.groups))]
        self.kernels = np.array([part @ part.T for part in parts])
        self.mean = a @ m.prior_mean
        self.start = np.zeros(len(self.mean))  # last mode, as a = K^-1 f

    def kernel(self, log_sigma: Vector) -> Vector:
        """Prior covariance of the linear predictors, (rows, rows)."""
        return self.fixed + np.tensordot(np.exp(2 * log_sigma), self.kernels, axes=1)

    def __call__(self, log_sigma: Vector) -> tuple[float, Vector]:
        """Log density and gradient; minus infinity outside of (e^-12, e^4)."""
        if np.any(log_sigma < -12) or np.any(log_sigma > 4):
            return -np.inf, np.zeros_like(log_sigma)
        mode = find_mode(self, log_sigma)
        ratio = np.exp(2 * log_sigma) / self.model.half_normal**2
        prior = float(np.sum(log_sigma - 0.5 * ratio))
        return mode.log_evidence + prior, self._gradient(log_sigma, mode) + 1 - ratio

    def _gradient(self, log_sigma: Vector, mode: Mode) -> Vector:
        from scipy.linalg import solve_triangular

        root = np.sqrt(mode.w)
        half = solve_triangular(mode.chol, np.diag(root), lower=True)
        r, c = half.T @ half, half @ mode.kernel
        s2 = 0.5 * (np.diag(mode.kernel) - np.sum(c * c, axis=0)) * mode.third
        scale = 2 * np.exp(2 * log_sigma)
        da = scale[:, None] * (self.kernels @ mode.a)
        trace = scale * (self.kernels.reshape(len(scale), -1) @ r.ravel())
        s3 = da - (da @ r) @ mode.kernel
        return 0.5 * (da @ mode.a) - 0.5 * trace + s3 @ s2


@dataclass(frozen=True, eq=False)
class Mode:
    """Gaussian approximation at the mode f of the linear predictors (without their prior mean)."""

    f: Vector
    a: Vector
    w: Vector
    third: Vector
    kernel: Vector
    b: Vector
    chol: Vector
    log_evidence: float


def find_mode(marginal: Marginal, log_sigma: Vector) -> Mode:
    """Newton's method with halved steps, from the last mode found; run until it no longer moves (1e-10)."""
    from scipy.linalg import cho_factor, cho_solve

    m, kernel = marginal.model, marginal.kernel(log_sigma)
    a = marginal.start.copy()
    f = kernel @ a
    value, first, w, third = m.likelihood(marginal.mean + f)
    psi = value - 0.5 * float(a @ f)
    for _ in range(100):
        root = np.sqrt(w)
        b = np.eye(len(f)) + root[:, None] * kernel * root[None, :]
        rhs = w * f + first
        a_new = rhs - root * cho_solve(cho_factor(b, lower=True), root * (kernel @ rhs))
        step, gain = 1.0, -np.inf
        while step > 1e-6:
            a_try = a + step * (a_new - a)
            f_try = kernel @ a_try
            value, first, w, third = m.likelihood(marginal.mean + f_try)
            gain = value - 0.5 * float(a_try @ f_try)
            if gain >= psi - 1e-12 * (1 + abs(psi)):
                break
            step /= 2
        moved = np.max(np.abs(f_try - f))
        f, a, psi = f_try, a_try, gain
        if moved < 1e-10:
            break
    marginal.start = a
    root = np.sqrt(w)
    b = np.eye(len(f)) + root[:, None] * kernel * root[None, :]
    chol = np.linalg.cholesky(b)
    return Mode(
        f=f,
        a=a,
        w=w,
        third=third,
        kernel=kernel,
        b=b,
        chol=chol,
        log_evidence=psi - float(np.sum(np.log(np.diag(chol)))),
    )


def draw_coefficients(
    marginal: Marginal, log_sigma: Vector, mode: Mode, normals: tuple[Vector, Vector]
) -> tuple[Vector, float]:
    """One draw of all coefficients given the standard deviations and their mode, and its log importance weight.

    A Gaussian draw of b from the prior is conditioned on the pseudo-observations of the mode (Matheron's rule):
    exact draws of the Gaussian approximation. `normals`: standard normals (coefficients,), (rows,).
    """
    from scipy.linalg import cho_solve

    m = marginal.model
    spread = m.spread(log_sigma)
    prior = spread * normals[0]
    root = np.sqrt(mode.w)
    # pseudo-observation z = f + W^-1 gradient with variance W^-1; residual of the prior draw against it
    target = mode.f + mode.a / mode.w
    gap = target - (m.matrix @ prior + normals[1] / root)
    solve = root * cho_solve((mode.chol, True), root * gap)
    b = prior + spread**2 * (m.matrix.T @ solve)
    f = m.matrix @ b
    exact = m.likelihood(marginal.mean + f)[0]
    delta = f - mode.f
    at_mode = m.likelihood(marginal.mean + mode.f)[0]
    approximate = at_mode + float(mode.a @ delta) - 0.5 * float(delta @ (mode.w * delta))
    return m.prior_mean + b, exact - approximate
