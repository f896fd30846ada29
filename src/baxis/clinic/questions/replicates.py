"""Many trials instead of one: how the estimate spreads at a given size, power, and assurance.

The patients of the trial are simulated once; each replicate draws its own people from them, with replacement, for each
arm apart, and tests the difference as a trial would. Power takes the predicted difference as the truth; assurance lets
the truth vary with the posterior draws (`posterior.between_draws`) before each replicate is drawn (O'Hagan 2005,
doi:10.1002/pst.175). Neither holds the model's own error as a rival would find it: the scoreboard shows that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Unpack

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from baxis.clinic.conduct.settings import Changes, Settings, settle
from baxis.clinic.conduct.simulate import simulate
from baxis.clinic.design.design import Arm, Design, Endpoint
from baxis.clinic.design.prescribed import remarks
from baxis.clinic.design.read import read_design
from baxis.clinic.instruments import instrument
from baxis.clinic.people.posterior import between_draws
from baxis.clinic.result.recipe import NOTICE, basis
from baxis.clinic.result.summarise import judge_arms
from baxis.core import streams
from baxis.core.errors import InvalidValue, UnknownName

Array = NDArray[np.float64]
MOST, MOST_SIZE = 100_000, 100_000


@dataclass(frozen=True)
class Replication:
    """What to replicate. sizes: patients in each arm (empty: the published sizes); alpha: two-sided level of the test."""

    replicates: int = 1000
    sizes: tuple[int, ...] = ()
    alpha: float = 0.05
    endpoint: str | None = None
    week: float | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.replicates <= MOST:
            raise InvalidValue("replicates", self.replicates, f"1 to {MOST}")
        if any(not 2 <= n <= MOST_SIZE for n in self.sizes):
            raise InvalidValue("sizes", self.sizes, f"at least 2 patients in each arm and at most {MOST_SIZE}")
        if not 0 < self.alpha < 0.5:
            raise InvalidValue("alpha", self.alpha, "a number between 0 and 0.5")


@dataclass(frozen=True, eq=False)
class Replicates:
    """Replicated trials. `table`: one row an arm and size; `trials`: one row a replicate (estimate, p_value)."""

    design: Design
    endpoint: Endpoint
    plan: Replication
    table: pd.DataFrame
    trials: pd.DataFrame = field(repr=False)
    recipe: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Plain data: trial_id, endpoint, week, alpha, rows, recipe."""
        rows = self.table.to_dict("records")
        head = {"trial_id": self.design.trial_id, "endpoint": self.endpoint.name, "week": self.endpoint.week}
        return {**head, "alpha": self.plan.alpha, "rows": rows, "recipe": self.recipe}


def replicate_trials(
    trial: str | Path | Design,
    plan: Replication | None = None,
    settings: Settings | None = None,
    **changes: Unpack[Changes],
) -> Replicates:
    """Replicate a trial `plan.replicates` times at each size. changes: fields of Settings.

    The table holds for each active arm and size: n_active, n_control, predicted, mean, sd and pi90 of the estimates,
    power, assurance (share significant in the predicted direction) and opposite (share significant against it).
    Raises UnknownName for an endpoint that the design lacks, InvalidValue for one that is a hazard ratio.
    """
    plan, chosen = plan or Replication(), settle(settings, changes)
    design = trial if isinstance(trial, Design) else read_design(trial, chosen.evidence)
    endpoint = _endpoint(design, plan)
    if endpoint.name in instrument(design.disease).hazard:
        raise InvalidValue(
            "endpoint", endpoint.name, "a responder or a score; replicates of hazard ratios are not built"
        )
    done = simulate(design, chosen)
    people, values = done.people, judge_arms(done, endpoint)
    rows, trials = [], []
    binary = endpoint.name not in done.tool.continuous
    for arm in (a for a in design.arms if a is not design.control):
        pair = values[arm.arm_id], values[design.control.arm_id]
        both = np.isfinite(pair[0]) & np.isfinite(pair[1])
        between = between_draws((pair[0] - pair[1])[both], people.ids[both], people.disease)
        question = _Question(arm.arm_id, pair[0][both], pair[1][both], binary, between, chosen.seed)
        for sizes in _sizes(plan, arm, design.control):
            row, estimates, p = _judge_size(question, sizes, plan)
            rows.append(row)
            kept = {"arm_id": arm.arm_id, "n_active": sizes[0], "n_control": sizes[1]}
            trials.append(pd.DataFrame({**kept, "replicate": np.arange(len(p)), "estimate": estimates, "p_value": p}))
    recipe = basis(design, chosen, remarks(design)) | {"patients": chosen.patients, "replicates": plan.replicates}
    recipe |= {"notice": NOTICE}
    return Replicates(design, endpoint, plan, pd.DataFrame(rows), pd.concat(trials, ignore_index=True), recipe)


def power(
    trial: str | Path | Design,
    sizes: int | Sequence[int] = (),
    *,
    replicates: int = 2000,
    alpha: float = 0.05,
    settings: Settings | None = None,
    **changes: Unpack[Changes],
) -> Replicates:
    """Chances of a trial's primary endpoint at given sizes, by `replicate_trials` (which takes another endpoint or week).

    sizes: patients in each arm (empty: the published sizes); alpha: two-sided level; changes: fields of Settings. In the
    result's table power, assurance and opposite are shares (0 to 1). Raises as `replicate_trials`.
    """
    wanted = (sizes,) if isinstance(sizes, int) else tuple(sizes)
    return replicate_trials(trial, Replication(replicates, wanted, alpha), settings, **changes)


def _endpoint(design: Design, plan: Replication) -> Endpoint:
    named = [e for e in design.endpoints if plan.endpoint in (None, e.name) and plan.week in (None, e.week)]
    if not named:
        asked = " at ".join(
            [*([plan.endpoint] if plan.endpoint else []), *([f"week {plan.week:g}"] if plan.week is not None else [])]
        )
        have = [f"{e.name} at week {e.week:g}" for e in design.endpoints]
        raise UnknownName(f"endpoint of {design.trial_id}", asked, have)
    return design.primary if design.primary in named else named[0]


def _sizes(plan: Replication, arm: Arm, control: Arm) -> list[tuple[int, int]]:
    return [(n, n) for n in plan.sizes] or [(arm.n, control.n)]


@dataclass(frozen=True, eq=False)
class _Question:
    arm_id: str
    active: Array
    control: Array
    binary: bool
    between: float
    seed: int

    @property
    def predicted(self) -> float:
        return float(self.active.mean() - self.control.mean())


def _judge_size(q: _Question, sizes: tuple[int, int], plan: Replication) -> tuple[dict[str, Any], Array, Array]:
    fixed = _replicates(q, sizes, plan.replicates, 0.0)
    estimates, p = _replicates(q, sizes, plan.replicates, q.between)
    sign = np.sign(q.predicted)
    share = [float(np.mean((k < plan.alpha) & (np.sign(e) == s))) for e, k, s in (
        (*fixed, sign), (estimates, p, sign), (estimates, p, -sign))]  # fmt: skip
    row = {
        "arm_id": q.arm_id,
        "n_active": sizes[0],
        "n_control": sizes[1],
        "scale": "risk_difference" if q.binary else "mean_difference",
        "predicted": q.predicted,
        "mean": float(estimates.mean()),
        "sd": float(estimates.std(ddof=1)) if len(estimates) > 1 else float("nan"),
        "pi90": [float(v) for v in np.quantile(estimates, [0.05, 0.95])],
        "power": share[0],
        "assurance": share[1],
        "opposite": share[2],
    }
    return row, estimates, p


def _replicates(q: _Question, sizes: tuple[int, int], count: int, between: float) -> tuple[Array, Array]:
    """Estimates and two-sided p values (count,) of independent trials."""
    what = f"replicates {q.arm_id} {sizes[0]} {sizes[1]} {'draws' if between else 'fixed'}"
    random = streams.generator(q.seed, what)
    shift = between * random.standard_normal(count)
    if q.binary:
        rates = np.clip(q.active.mean() + shift, 0.0, 1.0), np.full(count, q.control.mean())
        share = [random.binomial(n, r) / n for n, r in zip(sizes, rates, strict=True)]
        pooled = (sizes[0] * share[0] + sizes[1] * share[1]) / sum(sizes)
        error = np.sqrt(pooled * (1 - pooled) * (1 / sizes[0] + 1 / sizes[1]))
        estimates = share[0] - share[1]
        z = np.divide(estimates, error, out=np.zeros(count), where=error > 0)
        return estimates, 2 * stats.norm.sf(np.abs(z))
    means, errors = [], []
    for values, n in zip((q.active, q.control), sizes, strict=True):
        drawn = (values[random.integers(len(values), size=n)] for _ in range(count))  # one trial in memory at a time
        told = np.array([(d.mean(), d.var(ddof=1) / n) for d in drawn])
        means.append(told[:, 0])
        errors.append(told[:, 1])
    estimates, error = means[0] + shift - means[1], np.sqrt(errors[0] + errors[1])
    weights = errors[0] ** 2 / (sizes[0] - 1) + errors[1] ** 2 / (sizes[1] - 1)
    freedom = np.divide(error**4, weights, out=np.ones(count), where=weights > 0)
    t = np.divide(estimates, error, out=np.zeros(count), where=error > 0)
    return estimates, 2 * stats.t.sf(np.abs(t), freedom)
