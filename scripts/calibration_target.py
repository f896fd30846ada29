"""What `calibrate_posterior.py` fits: unknowns, likelihood, its maximum and draws (see there)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from calibration_response import BETWEEN_TRIALS, Contrast, trials, typical_effects

from baxis import axis
from baxis.clinic.people import posterior
from baxis.core import library

DISEASES = ("RA", "SLE", "LN", "SjD", "IgG4-RD", "AAV")
SHARED = (
    "w_mact", "w_mactnf", "w_macj", "w_macfc", "w_tnfb", "w_tnft", "w_6t", "w_6b", "w_te6", "w_tej", "w_tj", "w_btnf", "w_bfm",
    "w_tbb", "w_tbels", "w_tbh", "w_ific", "kappa_te", "kappa_mac", "kappa_i6", "kappa_tb", "kappa_tbb", "kappa_ific",
)  # fmt: skip
LAST = ("w_ltnf", "w_lil6")
PRIOR_SD = {"share": 0.4, "kappa": 0.3, "weight": 0.8, "last": 0.8}  # of a logit, a log, a log, a logit
FREEDOM = 6.0  # degrees of freedom of the errors
STEP = 0.15  # of the finite differences, in the coordinates
CANDIDATES, DRAWS = 400, 64
FLOOR = 0.01  # a weight that the table sets to 0 stays 0; others start at least here


class Coordinates:
    """Unbounded coordinates: logits of shares, logs of half-saturations and of weights, 0 at the tables' values."""

    def __init__(self) -> None:
        tables = {d: dict(zip(axis.system().parameters, axis.parameters(d), strict=True)) for d in DISEASES}
        self.centre = {("", n): tables["RA"][n] for n in SHARED}
        for d, table in tables.items():
            own = [n for n in axis.weight_names() if table[n] > 0] + [n for n in LAST if table[n] > 0]
            self.centre |= {(d, n): table[n] for n in own}
        self.keys = list(self.centre)
        self.sd = np.array([PRIOR_SD[self.kind(n)] for _, n in self.keys])

    @staticmethod
    def kind(name: str) -> str:
        """How a parameter is transformed."""
        if name in axis.weight_names():
            return "weight"
        return "last" if name in LAST else "kappa" if name.startswith("kappa") else "share"

    def of(self, disease: str) -> list[int]:
        """Positions of the coordinates that a disease has."""
        return [i for i, (d, _) in enumerate(self.keys) if d in ("", disease)]

    def values(self, disease: str, x: np.ndarray) -> tuple[list[str], np.ndarray]:
        """Names (m,) and values (n, m) of a disease's parameters at coordinates x (n, k)."""
        mine = self.of(disease)
        names, out = [self.keys[i][1] for i in mine], np.empty((len(x), len(mine)))
        for j, i in enumerate(mine):
            name, centre = names[j], self.centre[self.keys[i]]
            if self.kind(name) in ("share", "last"):
                out[:, j] = 1 / (1 + np.exp(-(np.log(centre / (1 - centre)) + x[:, i])))
            else:
                out[:, j] = (max(centre, FLOOR) if self.kind(name) == "weight" else centre) * np.exp(x[:, i])
        weight = [j for j, n in enumerate(names) if n in axis.weight_names()]
        out[:, weight] /= out[:, weight].sum(axis=1, keepdims=True)
        return names, out


class Target:
    """Log posterior of coordinates, from the contrasts of all diseases."""

    freedom = FREEDOM

    def __init__(self, patients: int, keep: Path | None = None) -> None:
        self.at = Coordinates()
        self.trials, self.left_out = trials(patients, keep)
        self.contrasts: dict[str, list[Contrast]] = {
            d: [c for t in self.trials if t.design.disease == d for c in t.contrasts] for d in DISEASES
        }
        start = posterior_mean(self.at)
        for d in DISEASES:
            effects = typical_effects(self.trials, d, *self.at.values(d, start[None]))[0]
            for c, e in zip(self.contrasts[d], effects, strict=True):
                c.typical = float(e)
        self.all = [c for d in DISEASES for c in self.contrasts[d]]
        self.value, self.error = np.array([c.value for c in self.all]), np.array([c.sd for c in self.all])
        self.proportion = np.array([c.scale == "risk_difference" for c in self.all])
        self.between = np.array(
            [BETWEEN_TRIALS[c.scale if c.scale in BETWEEN_TRIALS else c.endpoint] for c in self.all]
        )
        self.of_disease = np.array([d for d in DISEASES for _ in self.contrasts[d]])

    def predict(self, x: np.ndarray, diseases: tuple[str, ...] = DISEASES) -> np.ndarray:
        """Differences (n, contrasts of these diseases) at coordinates x (n, k)."""
        out = []
        for d in diseases:
            effects = typical_effects(self.trials, d, *self.at.values(d, x))
            out += [c.predict(effects[:, j]) for j, c in enumerate(self.contrasts[d])]
        return np.array(out).T

    def jacobian(self, x: np.ndarray) -> np.ndarray:
        """Slopes (contrasts, k) by central differences, a disease at a time over its own coordinates."""
        out = np.zeros((len(self.all), len(x)))
        row = 0
        for d in DISEASES:
            mine, count = self.at.of(d), len(self.contrasts[d])
            moved = np.concatenate([x + s * STEP * np.eye(len(x))[mine] for s in (1, -1)])
            up, down = np.split(self.predict(moved, (d,)), 2)
            out[row : row + count, mine] = ((up - down) / (2 * STEP)).T
            row += count
        return out

    def loss(self, x: np.ndarray, predicted: np.ndarray) -> np.ndarray:
        """Minus log posterior (n,) of coordinates (n, k) with these predictions."""
        r = (predicted - self.value) / self.error
        fit = 0.5 * ((FREEDOM + 1) * np.log1p(r**2 / FREEDOM)).sum(axis=1)
        return np.asarray(fit + 0.5 * ((x / self.at.sd) ** 2).sum(axis=1))

    def curvature(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Gauss-Newton Hessian (k, k) and gradient (k,) of the loss."""
        slope = self.jacobian(x) / self.error[:, None]
        r = (self.predict(x[None])[0] - self.value) / self.error
        weight = (FREEDOM + 1) / (FREEDOM + r**2)
        prior = 1 / self.at.sd**2
        return slope.T @ (weight[:, None] * slope) + np.diag(prior), slope.T @ (weight * r) + prior * x


def posterior_mean(at: Coordinates) -> np.ndarray:
    """Coordinates of the draws that the virtual patients carry now (their mean); 0 where there are none."""
    out = np.zeros(len(at.keys))
    for i, (d, name) in enumerate(at.keys):
        found = posterior.draws(d or "RA")
        if found is not None and name in found.names:
            mean, centre = found.values[:, found.names.index(name)].mean(), at.centre[d, name]
            odds = at.kind(name) in ("share", "last")
            out[i] = np.log(mean / centre * ((1 - centre) / (1 - mean) if odds else 1.0))
    return out


def maximum(target: Target, rounds: int = 12, keep: Path | None = None) -> np.ndarray:
    """Coordinates (k,) of the posterior's maximum; each round is kept in the folder `keep`, and taken up from there."""
    x, damping = np.zeros(len(target.at.keys)), 0.3
    file = None if keep is None else keep / f"maximum-{len(x)}-{library.digest()}.npy"
    if file is not None and file.is_file():
        x = np.load(file)
    here = target.loss(x[None], target.predict(x[None]))[0]
    for i in range(rounds):
        hessian, gradient = target.curvature(x)
        for _ in range(5):
            step = -np.linalg.solve(hessian + damping * np.diag(np.diag(hessian)), gradient).clip(-0.7, 0.7)
            there = target.loss((x + step)[None], target.predict((x + step)[None]))[0]
            if there < here:
                break
            damping *= 3
        else:
            return x
        x, gain, here, damping = x + step, here - there, there, damping / 3
        print(f"  round {i + 1}: loss {here:.2f}", flush=True)
        if file is not None:
            np.save(file, x)
        if gain < 0.02:
            return x
    return x


@dataclass(frozen=True)
class Drawn:
    """Draws (DRAWS, k) of the posterior, the Laplace covariance (k, k), effective share of the candidates, Pareto k."""

    draws: np.ndarray
    cov: np.ndarray
    share: float
    pareto: float


def sample(target: Target, x: np.ndarray) -> Drawn:
    """Draws from the Laplace approximation about the maximum x (k,), resampled by the exact posterior."""
    hessian, _ = target.curvature(x)
    cov = np.linalg.inv(hessian)
    z = np.random.default_rng(5).standard_normal((CANDIDATES, len(x)))
    candidates = x + z @ np.linalg.cholesky(cov).T
    predicted = target.predict(candidates)
    log = 0.5 * (z**2).sum(axis=1) - target.loss(candidates, predicted)
    weight = np.exp(log - log.max())
    tail = np.sort(weight)[-CANDIDATES // 5 :]
    k = float(np.mean(np.log(tail / tail[0])))  # Hill's estimate over the largest fifth
    weight /= weight.sum()
    share = 1 / float((weight**2).sum()) / CANDIDATES
    keys = np.log(np.random.default_rng(6).random(CANDIDATES)) / np.maximum(weight, 1e-300)
    picked = np.sort(np.argsort(keys)[-DRAWS:])  # weighted, without replacement
    return Drawn(candidates[picked], cov, share, k)
