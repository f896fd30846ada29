"""Residual and log-likelihood of each measurement: normal or Laplace noise on a linear, ln or log10 scale (PEtab 1 and 2)."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

import numpy as np

from baxis.core.errors import InvalidValue, UnknownName
from baxis.core.reading.numbers import number
from baxis.engine.formula.mathml import Tree, symbols
from baxis.engine.petab.cells import NAME, parts
from baxis.engine.petab.files import Row
from baxis.engine.petab.running import Experiment, ExperimentRun


@dataclass(frozen=True)
class Observation:
    """One measurement and what it is compared with. `own` gives the values of its placeholders.

    `scale` is lin, log or log10; `distribution` is normal or laplace, of the difference on that scale.
    """

    row: Row
    experiment: Hashable
    observable: str
    time: float
    measured: float
    formula: Tree
    noise: Tree
    own: Mapping[str, float]
    distribution: str
    scale: str


@dataclass(eq=False)
class Residuals:
    """Simulated value, noise, residual (scaled difference over noise) and log-likelihood of each measurement (N,)."""

    simulated: np.ndarray
    noise: np.ndarray
    residual: np.ndarray
    llh: np.ndarray
    notes: list[str] = field(default_factory=list)


def placeholders(names: list[str], row: Row, column: str, nominal: Mapping[str, float]) -> dict[str, float]:
    """Value of each placeholder from a cell of the measurement table: numbers or names of parameters."""
    cell, where = row.get(column), f"{row.where}, column {column!r}"
    given = parts(where, cell) if cell else []
    if len(given) != len(names):
        many = f"{len(names)} value{'s' if len(names) > 1 else ''}, for {', '.join(names)}"
        raise InvalidValue(where, cell, many if names else "an empty cell: the observable has no such placeholder")
    return {n: parameter(where, part, nominal) for n, part in zip(names, given, strict=True)}


def parameter(where: str, part: str, nominal: Mapping[str, float]) -> float:
    """A number, or the nominal value of the parameter named."""
    if not NAME.fullmatch(part):
        return number(where, part)
    if part not in nominal:
        raise UnknownName(f"PEtab parameter in {where}", part, nominal)
    return nominal[part]


def check_asked(
    observations: list[Observation], plans: Mapping[Hashable, Experiment], nominal: Mapping[str, float]
) -> None:
    """Names in formulas and times of measurements, before anything runs. Raises UnknownName or InvalidValue."""
    for o in observations:
        plan = plans[o.experiment]
        model = [n for n in (*plan.network.base, *plan.network.derived) if " " not in n]
        for what, tree, more in (("formula", o.formula, []), ("noise", o.noise, [o.observable])):
            known = {*model, *nominal, *o.own, *more, ""}
            wrong = [n for n in symbols(tree) if n not in known]
            if wrong:
                raise UnknownName(f"name in the {what} of observable {o.observable!r}", wrong[0], known - {""})
        if o.time < plan.begin:
            allowed = f"{plan.begin:g}, where it starts, or later"
            raise InvalidValue(f"{o.row.where}, column 'time'", o.time, allowed)


def judge(observations: list[Observation], runs: Mapping[Hashable, ExperimentRun]) -> Residuals:
    """Simulated values against measured ones. Raises InvalidValue naming the measurement that cannot be judged."""
    table = np.full((4, len(observations)), np.nan)
    out = Residuals(*table)
    for k, o in enumerate(observations):
        run, what = runs[o.experiment], f"{o.row.where}, observable {o.observable!r}"
        value = run.value(o.formula, o.time, o.own, what)
        noise = run.value(o.noise, o.time, {**o.own, o.observable: value}, f"{what}, its noise")
        table[:, k] = value, noise, *_one(o, value, noise, out.notes)
    return out


def _one(o: Observation, simulated: float, noise: float, notes: list[str]) -> tuple[float, float]:
    """(residual, log-likelihood). A simulated value that a log scale cannot hold has no likelihood, and is noted."""
    what = f"{o.row.where}, observable {o.observable!r} at time {o.time:g}"
    if not 0 < noise < math.inf:
        raise InvalidValue(f"{what}, its noise", noise, "a number above 0 from noiseFormula and noiseParameters")
    if o.scale == "lin":
        difference, wide = o.measured - simulated, 1.0
    else:
        if o.measured <= 0:
            raise InvalidValue(f"{what}, measurement", o.measured, f"a number above 0, for noise on a {o.scale} scale")
        if simulated <= 0:
            notes.append(
                f"{what}: simulated {simulated:g} has no {o.scale}: its likelihood is 0, the log-likelihood -inf"
            )
            return math.inf, -math.inf
        log = math.log if o.scale == "log" else math.log10
        difference = log(o.measured) - log(simulated)
        wide = o.measured * (1.0 if o.scale == "log" else math.log(10.0))
    residual = difference / noise
    if o.distribution == "laplace":
        return residual, -math.log(2 * noise) - abs(residual) - math.log(wide)
    return residual, -0.5 * math.log(2 * math.pi) - math.log(noise) - 0.5 * residual**2 - math.log(wide)
