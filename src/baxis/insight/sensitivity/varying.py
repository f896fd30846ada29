"""Screening by Morris, shares of variance by Sobol, and partial rank correlation in the screened population."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Unpack

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata

from baxis import axis
from baxis.clinic.conduct.settings import Changes, Progress, Settings, settle, unread
from baxis.clinic.people.population import Population
from baxis.clinic.result.recipe import NOTICE, basis
from baxis.core import streams
from baxis.core.errors import InvalidValue, Unsupported
from baxis.insight.bench.scenario import scenario
from baxis.insight.explain.runs import Bench
from baxis.insight.sensitivity.inputs import DUMMY, ENDOTYPE, Cube
from baxis.insight.sensitivity.sensitivity_result import Sensitivity

Array = NDArray[np.float64]
OUTPUTS = ("inflammation", "benefit")  # under the drug; without it minus with it
LEAST_PATIENTS, LEAST_BASE, LEAST_TRAJECTORIES = 100, 32, 4
MOST = 1 << 17  # trajectories, or rows of the base sample: each is 10 and more simulations
DRAWS, LEVEL = 200, 0.9
MOST_FAILED = 0.01
REFERENCE = "w_0"  # weights sum to 1: the others are read as taking from the background arm


@dataclass(frozen=True)
class Size:
    """trajectories: of Morris; base: of Sobol, a power of 2; drivers: inputs that Sobol takes on (the dummy besides)."""

    trajectories: int = 10
    base: int = 128
    drivers: int = 8

    def check(self) -> None:
        """Raises InvalidValue for sizes too small for the statistic."""
        if not LEAST_TRAJECTORIES <= self.trajectories <= MOST:
            allowed = f"at least {LEAST_TRAJECTORIES} and at most {MOST}"
            raise InvalidValue("trajectories", self.trajectories, allowed)
        if not LEAST_BASE <= self.base <= MOST or self.base & (self.base - 1):
            raise InvalidValue("base", self.base, f"a power of 2, at least {LEAST_BASE} and at most {MOST}")
        if self.drivers < 2:
            raise InvalidValue("drivers", self.drivers, "at least 2")


def sensitivity(
    drug: str,
    disease: str,
    *,
    dose: str | None = None,
    endpoint: str | None = None,
    size: Size | None = None,
    settings: Settings | None = None,
    **changes: Unpack[Changes],
) -> Sensitivity:
    """Which differences between patients drive the course under a drug, and its benefit over no drug.

    Morris screens every input, Sobol shares out the variance among the leading ones, and partial rank correlation in
    the screened population (1000 patients by default) takes the endpoint itself. Each has sampling error and a dummy
    input as null. Needs the extra `insight` (SALib). Raises BaxisError for unknown names and too few samples.
    """
    chosen = settle(settings or Settings(patients=1000), changes)
    sizes = size or Size()
    sizes.check()
    if chosen.patients < LEAST_PATIENTS:
        raise InvalidValue("patients", chosen.patients, f"at least {LEAST_PATIENTS}, for a partial rank correlation")
    unread(
        chosen,
        "sensitivity",
        dict.fromkeys(("population", "match"), "its inputs spread as the disease's own patients do"),
    )
    _needed()
    asked = scenario(drug, disease, dose, endpoint, None, chosen)
    bench = Bench(asked, replace(chosen, progress=None))
    work = Work(bench, Cube(asked.design, chosen.seed), chosen.progress)
    work.total = (len(work.cube.names) + 1) * sizes.trajectories + sizes.base * (sizes.drivers + 3) + chosen.patients
    correlation = _correlations(work)
    screening = _morris(work, sizes)
    lead = screening[(screening["output"] == "benefit") & (screening["input"] != DUMMY)]
    drivers = [str(n) for n in lead.sort_values("mu_star", ascending=False)["input"][: sizes.drivers]]
    variance = _sobol(work, sizes, drivers)
    recipe = basis(asked.design, chosen, asked.remarks) | {
        "simulated": work.done,
        "failures": work.failures,
        "notice": NOTICE,
    }
    return Sensitivity(asked, screening, variance, correlation, recipe)


def _needed() -> None:
    try:
        import SALib  # noqa: F401
    except ImportError:
        raise Unsupported("sensitivity needs SALib: pip install 'baxis[insight]'") from None


@dataclass
class Work:
    """The bench, the cube of inputs, and how much is done."""

    bench: Bench
    cube: Cube
    tell: Progress | None
    total: int = 0
    done: int = 0
    failures: int = 0

    def outputs(self, points: Array) -> dict[str, Array]:
        """Inflammation under the drug and benefit (n,) at points (n, d) of the cube; failures at the mean, counted."""
        bench = self.bench
        bench.people = self.cube.patients(points, bench.lab.options)
        pair = bench.run(bench.scenario.treated), bench.run(bench.scenario.control)
        values = {"inflammation": pair[0].infl, "benefit": pair[1].infl - pair[0].infl}
        bad = ~np.isfinite(values["benefit"]) | (bench.people.status != 0)
        if bad.mean() > MOST_FAILED:
            raise InvalidValue("sensitivity runs", f"{int(bad.sum())} of {bad.size} failed", "at most 1 % failures")
        for v in values.values():
            v[bad] = v[~bad].mean()
        self.add(len(points), int(bad.sum()))
        return values

    def add(self, simulated: int, failed: int) -> None:
        """Count and tell."""
        self.done, self.failures = self.done + simulated, self.failures + failed
        if self.tell is not None:
            self.tell(self.done, max(self.total, self.done))


def _problem(names: list[str]) -> dict[str, Any]:
    return {"num_vars": len(names), "names": names, "bounds": [[0.0, 1.0]] * len(names)}


def _morris(work: Work, sizes: Size) -> pd.DataFrame:
    """mu*: mean absolute elementary effect over the cube; sigma: its spread (interaction, curvature)."""
    from SALib.analyze import morris as analyze
    from SALib.sample import morris as sample

    names, seed = work.cube.names, work.bench.lab.settings.seed
    problem = _problem(names)
    points = sample.sample(problem, sizes.trajectories, num_levels=4, seed=seed)
    rows = []
    for output, y in work.outputs(points).items():
        found = analyze.analyze(problem, points, y, num_levels=4, conf_level=LEVEL, seed=seed)
        columns = (found[k] for k in ("mu_star", "mu_star_conf", "mu", "sigma"))
        rows += [(output, n, *map(float, r)) for n, *r in zip(names, *columns, strict=True)]
    return pd.DataFrame(rows, columns=["output", "input", "mu_star", "conf", "mu", "sigma"])


def _sobol(work: Work, sizes: Size, drivers: list[str]) -> pd.DataFrame:
    """First-order and total shares of the variance that the leading inputs make; all others at their median."""
    from SALib.analyze import sobol as analyze
    from SALib.sample import sobol as sample

    names, seed = [*drivers, DUMMY], work.bench.lab.settings.seed
    problem, every = _problem(names), work.cube.names
    inner = sample.sample(problem, sizes.base, calc_second_order=False, seed=seed)
    points = np.full((len(inner), len(every)), 0.5)
    points[:, [every.index(n) for n in names]] = inner
    rows = []
    for output, y in work.outputs(points).items():
        if np.ptp(y) == 0:  # nothing varies, so there is nothing to share out
            rows += [(output, n, 0.0, 0.0, 0.0, 0.0) for n in names]
            continue
        found = analyze.analyze(problem, y, calc_second_order=False, conf_level=LEVEL, seed=seed)
        columns = (found[k] for k in ("S1", "S1_conf", "ST", "ST_conf"))
        rows += [(output, n, *map(float, r)) for n, *r in zip(names, *columns, strict=True)]
    return pd.DataFrame(rows, columns=["output", "input", "first", "first_conf", "total", "total_conf"])


def _correlations(work: Work) -> pd.DataFrame:
    """Partial rank correlation of each input in the trial's own population with four outcomes, and its interval."""
    bench = work.bench
    people, s = bench.people, bench.scenario
    drug, control = bench.run(s.treated), bench.run(s.control)
    outcomes = {
        "inflammation": drug.infl,
        "benefit": control.infl - drug.infl,
        "endpoint": drug.endpoint,
        "endpoint difference": drug.endpoint - control.endpoint,
    }
    ok = np.all([np.isfinite(y) for y in outcomes.values()], axis=0)
    work.add(len(ok), int((~ok).sum()))
    return _ranked(people.take(np.flatnonzero(ok)), work.cube.names, {k: y[ok] for k, y in outcomes.items()})


def _ranked(people: Population, inputs: list[str], outcomes: dict[str, Array]) -> pd.DataFrame:
    """The table of partial rank correlations: value, bootstrap interval, and the largest that permuted outcomes give."""
    names = [n for n in inputs if n not in (ENDOTYPE, DUMMY, REFERENCE)]
    own = [people.parameters[:, axis.index(n)[0]] for n in names]
    dummy = streams.normal(people.seed, "sensitivity dummy", people.ids)[:, 0]
    x = np.stack([*own, people.covariates["weight_kg"], dummy], axis=1)
    labels = [*names, "body weight", DUMMY]
    m = len(people.ids)
    u = streams.uniform(people.seed, "sensitivity bootstrap", np.arange(DRAWS), m)
    picks = np.minimum((u * m).astype(np.int64), m - 1)
    shuffled = np.argsort(streams.uniform(people.seed, "sensitivity permutation", np.arange(DRAWS), m), axis=1)
    rows = []
    for output, y in outcomes.items():
        value = partial_ranks(x, y)
        draws = np.stack([partial_ranks(x[p], y[p]) for p in picks])
        low, high = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
        least = float(np.quantile([np.abs(partial_ranks(x, y[p])).max() for p in shuffled], 0.95))
        rows += [(output, n, *map(float, r), least) for n, *r in zip(labels, value, low, high, strict=True)]
    return pd.DataFrame(rows, columns=["output", "input", "prcc", "ci_low", "ci_high", "null_max"])


def partial_ranks(x: Array, y: Array) -> Array:
    """Partial rank correlation (d,) of each column of x (m, d) with y (m,), given the other columns; 0 for a constant."""
    if np.ptp(y) == 0:
        return np.zeros(x.shape[1])
    ranks = np.column_stack([rankdata(x, axis=0), rankdata(y)])
    precision = np.linalg.pinv(np.corrcoef(ranks, rowvar=False))
    scale = np.sqrt(np.diag(precision)[:-1] * precision[-1, -1])
    return np.asarray(-precision[:-1, -1] / scale)
