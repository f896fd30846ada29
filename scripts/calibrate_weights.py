"""Calibrate the disease-level weights of the tissue arms to the calibration trials; draws, not one vector.

    python scripts/calibrate_weights.py [RA SLE ...] [--patients 400] [--write]

The last rung, and the only one that reads drug effects. For each disease every calibration trial that can be simulated
is run once, in virtual patients whose weights are spread wide (half about the disease's own table, half flat). What a
disease with other mean weights would show is then a reweighting of the same patients by the ratio of densities, so
that the fit costs no further simulation. Likelihood: published differences with their sampling error and a
between-trial sd. Prior: the disease's own table (tissue evidence), log-normal. Posterior: random-walk Metropolis; 64
draws go to `library/posterior/weights.csv`. No trial and no drug has a parameter of its own. Validation trials are not
read: their ids never leave the first filter.
"""

from __future__ import annotations

import argparse
import csv
import time
from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

from baxis import axis, evidence
from baxis.clinic import population, posterior
from baxis.clinic.design import Design, Endpoint, read_design
from baxis.clinic.result import judge
from baxis.clinic.settings import Settings
from baxis.clinic.trial import Laboratory
from baxis.core import library, streams
from baxis.core.errors import BaxisError

BETWEEN_TRIALS = 0.05  # sd of a difference between like trials
PRIOR_SD = 0.7  # of the log of each mean weight
FLOOR = 0.01  # a weight that the table sets to 0 stays 0; others may fall to this share
DRAWS = 64


@dataclass(frozen=True)
class Contrast:
    """One published difference and the simulated patients of both arms with their weights (n, k)."""

    label: str
    value: float
    se: float
    active: np.ndarray
    control: np.ndarray
    weights: tuple[np.ndarray, np.ndarray]


def spread_wide(disease: str, ids: np.ndarray) -> np.ndarray:
    """(n, k) weights: even patients about the disease's table, odd ones flat over the arms that it has."""
    centre = axis.parameters(disease)[population.weight_columns()]
    n_own = population.number("weights.concentration")
    own, flat = n_own * centre, (centre > 0).astype(float)
    shape = np.where((ids % 2 == 0)[:, None], own, flat)
    from scipy.special import gammaincinv

    u = streams.uniform(7, "calibration weights", ids, centre.size)
    gamma = np.where(shape > 1e-9, gammaincinv(np.maximum(shape, 1e-9), u), 0.0)
    return np.maximum(gamma, 1e-12 * (centre > 0)) / gamma.sum(axis=1, keepdims=True)


def log_dirichlet(w: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Log density (n,) of weights under a Dirichlet with parameters alpha, over the arms with alpha > 0."""
    on = alpha > 0
    logs = np.log(np.maximum(w[:, on], 1e-300))
    return gammaln(alpha[on].sum()) - gammaln(alpha[on]).sum() + ((alpha[on] - 1) * logs).sum(axis=1)


def simulate(design: Design, endpoint: Endpoint, patients: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Endpoint (m,) and weights (m, k) of each arm's patients, screened from a pool with weights spread wide."""
    lab = Laboratory(design, Settings(patients=patients, seed=11))
    ids = np.arange(2 * patients)
    pool = population.draw(design, 11, ids, lab.options, spread_wide(design.disease, ids))
    people = pool.take(np.flatnonzero(lab.eligible(pool) & (pool.status == 0))[:patients])
    columns = population.weight_columns()
    out = {}
    for arm in design.arms:
        run = lab.run_arm(arm, people)
        y = judge(design, lab.tool, endpoint, run, lab.measure(people, run), people)
        out[arm.arm_id] = (y, people.parameters[run.status == 0][:, columns])
    return out


def contrasts(disease: str, patients: int) -> list[Contrast]:
    """Every binary primary contrast of the disease's calibration trials that can be simulated."""
    table = evidence.contrasts(evidence.load())
    table = table[(table.role == "calibration") & (table.disease == disease) & (table.scale == "risk_difference")]
    out = []
    for trial, rows in table.groupby("trial_id", sort=True):
        try:
            design = read_design(str(trial))
            week, name = float(rows.week.iloc[0]), str(rows.endpoint.iloc[0])
            chosen = next(e for e in design.endpoints if e.name == name and e.week == week)
            arms = simulate(design.replace(endpoints=[chosen.model_dump()]), chosen, patients)
        except (BaxisError, StopIteration) as e:
            print(f"  {trial}: left out: {str(e)[:120] or 'endpoint not simulated'}")
            continue
        for row in rows.itertuples():
            if row.arm_id in arms and row.versus in arms and row.se == row.se:
                (y1, w1), (y0, w0) = arms[row.arm_id], arms[row.versus]
                out.append(Contrast(f"{trial} {row.arm_id}", row.value, row.se, y1, y0, (w1, w0)))
    return out


class Posterior:
    """Log posterior of a disease's mean weights."""

    def __init__(self, disease: str, found: list[Contrast]) -> None:
        self.prior = axis.parameters(disease)[population.weight_columns()]
        self.on = self.prior > 0
        self.n_own = population.number("weights.concentration")
        self.found = found
        flat = self.on.astype(float)
        own = self.n_own * self.prior
        self.proposal = [
            tuple(np.logaddexp(log_dirichlet(w, own), log_dirichlet(w, flat)) - np.log(2) for w in c.weights)
            for c in found
        ]

    def weights(self, theta: np.ndarray) -> np.ndarray:
        """Mean weights of a vector of log ratios to the prior's."""
        w = np.zeros(self.prior.size)
        w[self.on] = np.maximum(self.prior[self.on], FLOOR) * np.exp(theta)
        return w / w.sum()

    def predict(self, mean: np.ndarray) -> np.ndarray:
        """Predicted differences and the standard error of each that reweighting leaves, (2, contrasts)."""
        out = []
        alpha = self.n_own * mean
        for c, (q1, q0) in zip(self.found, self.proposal, strict=True):
            m1, v1 = weighted(c.active, log_dirichlet(c.weights[0], alpha) - q1)
            m0, v0 = weighted(c.control, log_dirichlet(c.weights[1], alpha) - q0)
            out.append((m1 - m0, np.sqrt(v1 + v0)))
        return np.array(out).T

    def __call__(self, theta: np.ndarray) -> float:
        predicted, noise = self.predict(self.weights(theta))
        seen = np.array([(c.value, c.se) for c in self.found])
        var = seen[:, 1] ** 2 + BETWEEN_TRIALS**2 + noise**2
        fit = -0.5 * ((predicted - seen[:, 0]) ** 2 / var + np.log(var)).sum()
        return float(fit - 0.5 * ((theta - theta.mean()) ** 2).sum() / PRIOR_SD**2 - 0.5 * theta.mean() ** 2)


def weighted(y: np.ndarray, log_ratio: np.ndarray) -> tuple[float, float]:
    """Self-normalised importance mean of y and its variance."""
    w = np.exp(log_ratio - log_ratio.max())
    w /= w.sum()
    mean = float(w @ y)
    return mean, float((w**2) @ (y - mean) ** 2)


def metropolis(target: Posterior, steps: int, seed: int = 5) -> tuple[np.ndarray, float]:
    """Random-walk chain (steps, k) from the prior's centre and its acceptance share; the first third is burnt."""
    rng = np.random.default_rng(seed)
    k = int(target.on.sum())
    x, here = np.zeros(k), target(np.zeros(k))
    chain, taken = [], 0
    for _ in range(steps):
        y = x + 0.35 * rng.standard_normal(k)
        there = target(y)
        if np.log(rng.random()) < there - here:
            x, here, taken = y, there, taken + 1
        chain.append(x)
    return np.array(chain[steps // 3 :]), taken / steps


def write(all_draws: dict[str, np.ndarray]) -> None:
    """Put the draws of these diseases into the table, those of the others kept."""
    file = library.SHIPPED / f"{posterior.TABLE}.csv"
    file.parent.mkdir(exist_ok=True)
    names = axis.weight_names()
    kept = [r for r in library.read_table(posterior.TABLE) if r["disease"] not in all_draws] if file.exists() else []
    for disease, draws in all_draws.items():
        kept += [
            {"disease": disease, "draw": str(i), **{n: f"{v:.4f}" for n, v in zip(names, d, strict=True)}}
            for i, d in enumerate(draws)
        ]
    kept.sort(key=lambda r: (r["disease"], int(r["draw"])))
    with file.open("w", encoding="utf-8", newline="") as f:
        out = csv.DictWriter(f, ["disease", "draw", *names], lineterminator="\n")
        out.writeheader()
        out.writerows(kept)


def report(target: Posterior, chain: np.ndarray) -> None:
    """Prior and posterior of each weight, and every contrast: published, at the prior, at the posterior."""
    names = np.array(axis.weight_names())[target.on]
    means = np.array([target.weights(t) for t in chain[:: max(1, len(chain) // 400)]])
    for name, prior, m, s in zip(
        names, target.prior[target.on], means[:, target.on].mean(0), means[:, target.on].std(0), strict=True
    ):
        print(f"  {name:6s} prior {prior:.2f}  posterior {m:.2f} (sd {s:.2f})")
    before, after = target.predict(target.prior)[0], target.predict(means.mean(0))[0]
    for c, b, a in zip(target.found, before, after, strict=True):
        print(f"  {c.label:36s} published {c.value:+.3f} (se {c.se:.3f})  prior {b:+.3f}  posterior {a:+.3f}")
    seen = np.array([c.value for c in target.found])
    errors = [np.abs(x - seen).mean() for x in (0 * seen, before, after)]
    print("  mean absolute error: no effect {:.3f}, prior {:.3f}, posterior {:.3f}".format(*errors))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("diseases", nargs="*", default=["RA", "SLE"])
    parser.add_argument("--patients", type=int, default=400)
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--write", action="store_true")
    chosen = parser.parse_args()
    draws = {}
    for disease in chosen.diseases:
        start = time.perf_counter()
        target = Posterior(disease, contrasts(disease, chosen.patients))
        chain, share = metropolis(target, chosen.steps)
        picked = chain[np.linspace(0, len(chain) - 1, DRAWS).astype(int)]
        draws[disease] = np.array([target.weights(t) for t in picked])
        print(f"{disease}: {len(target.found)} contrasts, {time.perf_counter() - start:.0f} s, acceptance {share:.2f}")
        report(target, chain)
    if chosen.write:
        write(draws)


if __name__ == "__main__":
    main()
