"""Tables of an explanation from its runs: falls by stage, the ladder, routes with Shapley shares, arms."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from math import factorial
from typing import Unpack

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from baxis import axis
from baxis.clinic.conduct.settings import Changes, Settings, settle
from baxis.clinic.people.population import Population
from baxis.clinic.people.posterior import between_draws
from baxis.clinic.result.recipe import NOTICE, basis
from baxis.core import streams
from baxis.core.errors import InvalidValue
from baxis.insight.bench.scenario import Scenario, scenario
from baxis.insight.explain.cuts import Node, arms_in_use, nodes, routes
from baxis.insight.explain.explanation import Explanation
from baxis.insight.explain.runs import Bench, Responses, Runs, run_all

Array = NDArray[np.float64]
LEAST = 20  # patients for intervals between patients
DRAWS = 400  # bootstrap samples of patients
LEVEL = 0.9


def explain(
    drug: str,
    disease: str,
    *,
    dose: str | None = None,
    endpoint: str | None = None,
    trial: str | None = None,
    settings: Settings | None = None,
    **changes: Unpack[Changes],
) -> Explanation:
    """Where a drug's effect is lost between target and endpoint, and which escapes carry what remains.

    dose: `AMOUNT UNIT [ROUTE SCHEDULE]` in place of a trial's; endpoint: `NAME` or `NAME@WEEK`; trial: whose setting to
    take; changes: fields of Settings (200 patients by default). Every figure is a difference between runs of the model
    on the same virtual patients. Raises BaxisError for unknown names and for fewer than 20 patients.
    """
    chosen = settle(settings or Settings(patients=200), changes)
    if chosen.patients < LEAST:
        raise InvalidValue("patients", chosen.patients, f"at least {LEAST}, for intervals between patients")
    asked = scenario(drug, disease, dose, endpoint, trial, chosen)
    bench = Bench(asked, chosen)
    used = arms_in_use(bench.people.parameters)
    read = tuple(nodes(axis.drug(asked.drug), used))
    runs = run_all(bench, read, used)
    if runs.ok.sum() < LEAST:
        raise InvalidValue("patients that the solver finished", int(runs.ok.sum()), f"at least {LEAST}; use more")
    return _tables(asked, runs, bench.people, read, chosen)


def _tables(asked: Scenario, runs: Runs, people: Population, read: tuple[Node, ...], settings: Settings) -> Explanation:
    m = int(runs.ok.sum())
    judge = Sampler(runs, people, settings.seed, asked.endpoint.name not in asked.tool.continuous)
    return Explanation(
        scenario=asked,
        stages=_stages(judge, read),
        ladder=_ladder(judge),
        routes=_routes(judge),
        arms=_arms(judge),
        effect=_effect(judge),
        null=_null(runs),
        recipe=basis(asked.design, settings, asked.remarks)
        | {
            "patients": m,
            "failures": int((~runs.ok).sum()),
            "intervals": "90 % for the mean (median for falls): bootstrap of patients, and the posterior draws; "
            "patients: 5th to 95th percentile between patients",
            "notice": NOTICE,
        },
    )


class Sampler:
    """Means over the finished patients relative to mean control inflammation, with their intervals.

    An interval holds the sampling of patients (bootstrap) and the disease's posterior draws: the truth is one draw, so
    their spread does not shrink with the number of patients.
    """

    def __init__(self, runs: Runs, people: Population, seed: int, binary: bool) -> None:
        self.runs, self.ids, self.disease = runs, people.ids[runs.ok], people.disease
        self.base = runs.control.infl[runs.ok]
        m = self.base.size
        u = streams.uniform(seed, "explain bootstrap", np.arange(DRAWS), m)
        self.sample = np.minimum((u * m).astype(np.int64), m - 1)
        self.truth = streams.normal(seed, "explain truth", np.arange(DRAWS))[:, 0]
        self.binary = binary
        self.factor = 100.0 if binary else 1.0  # shares of responders are told in percentage points

    def of(self, run: Responses) -> Array:
        """Inflammation (m,) of the finished patients."""
        return np.asarray(run.infl[self.runs.ok])

    def share(self, values: Array) -> tuple[float, float, float]:
        """Mean of values (m,) in % of the mean inflammation without the drug, and its interval."""
        ratio = float(values.mean() / self.base.mean())
        draws = 100 * values[self.sample].mean(axis=1) / self.base[self.sample].mean(axis=1)
        pull = 100 * (values - ratio * self.base) / self.base.mean()
        return 100 * ratio, *self._interval(draws, pull)

    def mean(self, values: Array, statistic: Callable[..., Array] = np.mean) -> tuple[float, float, float]:
        """Mean (or another statistic) of values (m,) and its interval."""
        draws = statistic(values[self.sample], axis=1)
        return float(statistic(values, axis=0)), *self._interval(draws, values)

    def _interval(self, draws: Array, values: Array) -> tuple[float, float]:
        """Central interval of bootstrap draws widened by what the posterior draws explain of the values (m,)."""
        wide = draws + between_draws(values, self.ids, self.disease) * self.truth
        low, high = np.quantile(wide, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        return float(low), float(high)


def _stages(judge: Sampler, read: tuple[Node, ...]) -> pd.DataFrame:
    """Fall of every read-out in %, drug against no drug in the same patient: median, its interval, and between patients."""
    ok, rows = judge.runs.ok, []
    for i, node in enumerate(read):
        with_drug, without = judge.runs.drug.read[ok, i], judge.runs.control.read[ok, i]
        fall = 100 * (1 - with_drug / np.maximum(without, 1e-9))
        middle, low, high = judge.mean(fall, np.median)
        between = np.quantile(fall, [0.05, 0.95])
        rows.append((node.stage, node.label, node.name, middle, low, high, *map(float, between)))
    names = ["stage", "read_out", "name", "fall_pct", "ci_low", "ci_high", "patients_p5", "patients_p95"]
    return pd.DataFrame(rows, columns=names)


def _ladder(judge: Sampler) -> pd.DataFrame:
    """What each cumulative step takes of the inflammation without the drug, in %; the last row is what is left."""
    steps = {"drug as given": judge.runs.drug, **judge.runs.rungs}
    before, end, rows = judge.base, judge.runs.control, []
    for label, run in steps.items():
        now = judge.of(run)
        between = 100 * np.quantile((before - now) / judge.base, [0.05, 0.95])
        gain = _points(judge, run, end)
        rows.append((label, *judge.share(before - now), *map(float, between), gain))
        before, end = now, run
    left = 100 * np.quantile(before / judge.base, [0.05, 0.95])
    rows.append(("independent of B cells", *judge.share(before), *map(float, left), float("nan")))
    names = ["step", "takes_pct", "ci_low", "ci_high", "patients_p5", "patients_p95", "endpoint_change"]
    return pd.DataFrame(rows, columns=names)


def _points(judge: Sampler, run: Responses, than: Responses) -> float:
    """Mean difference of the endpoint between two runs of the same patients, in the unit of the effect."""
    ok = judge.runs.ok
    return float(judge.factor * (run.endpoint[ok] - than.endpoint[ok]).mean())


def _routes(judge: Sampler) -> pd.DataFrame:
    """Escapes closed on top of the drug: each alone, its Shapley share, the same without the drug, and the interaction."""
    games, drug = judge.runs.routes, judge.of(judge.runs.drug)
    n, rows = len(routes()), []
    value = {s: drug - judge.of(run) for s, run in games.items()}
    for i, cut in enumerate(routes()):
        alone = value[frozenset({i})]
        without = judge.base - judge.of(judge.runs.routes_alone[i])
        share = judge.share(_shapley(value, i, n))
        gain = _points(judge, games[frozenset({i})], judge.runs.drug)
        rows.append((cut.label, *share, judge.share(alone)[0], judge.share(without)[0], gain))
    whole = value[frozenset(range(n))]
    extra = whole - sum((value[frozenset({i})] for i in range(n)), np.zeros_like(whole))
    rows.append(("interaction", *judge.share(extra), float("nan"), float("nan"), float("nan")))
    gain = _points(judge, games[frozenset(range(n))], judge.runs.drug)
    rows.append(("all closed", *judge.share(whole), judge.share(whole)[0], float("nan"), gain))
    names = ["route", "shapley_pct", "ci_low", "ci_high", "alone_pct", "without_drug_pct", "endpoint_change"]
    return pd.DataFrame(rows, columns=names)


def _shapley(value: dict[frozenset[int], Array], i: int, n: int) -> Array:
    """Shapley value (m,) of player i: its mean marginal gain over all orders of closing the routes."""
    others, total = [j for j in range(n) if j != i], np.zeros_like(value[frozenset()])
    for k in range(n):
        weight = factorial(k) * factorial(n - k - 1) / factorial(n)
        for chosen in combinations(others, k):
            s = frozenset(chosen)
            total = total + weight * (value[s | {i}] - value[s])
    return np.asarray(total)


def _arms(judge: Sampler) -> pd.DataFrame:
    """What silencing each tissue arm takes of the inflammation that remains under the drug, and the interaction."""
    drug, rows = judge.of(judge.runs.drug), []
    total = np.zeros_like(drug)
    for label, run in judge.runs.arms.items():
        total = total + drug - judge.of(run)
        rows.append((label, *judge.share(drug - judge.of(run)), _points(judge, run, judge.runs.drug)))
    rows.append(("interaction", *judge.share(drug - total), float("nan")))
    return pd.DataFrame(rows, columns=["arm", "carries_pct", "ci_low", "ci_high", "endpoint_change"])


def _effect(judge: Sampler) -> dict[str, float | str]:
    """Endpoint with and without the drug, and the difference."""
    ok = judge.runs.ok
    pair = judge.runs.drug.endpoint[ok], judge.runs.control.endpoint[ok]
    factor = judge.factor
    difference = judge.mean(factor * (pair[0] - pair[1]))
    out = {"drug": factor * float(pair[0].mean()), "no_drug": factor * float(pair[1].mean())}
    out |= {"difference": difference[0], "ci_low": difference[1], "ci_high": difference[2]}
    return {**out, "unit": "pp" if judge.binary else "points"}


def _null(runs: Runs) -> float:
    """Largest difference between a zero dose and no drug in any read-out, patient by patient; must be 0."""
    ok = runs.ok
    parts = [
        np.abs(getattr(runs.zero, k)[ok] - getattr(runs.control, k)[ok]).max() for k in ("infl", "endpoint", "read")
    ]
    return float(max(parts))
