"""PEtab problems, versions 1 and 2: simulated at their nominal parameters, with chi2 and log-likelihood.

The tables are read and checked by PEtab's own library (extra `petab`), which for version 1 also computes chi2 and the
log-likelihood from the simulated observables; for version 2, whose library does not, its noise distributions are written
out here. The model runs on the single-trajectory path (see `single`), which holds all of SBML that baxis supports.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from baxis.core.errors import BaxisError, Faults, InvalidValue, UnknownName, Unsupported
from baxis.engine.network import Event, Network, load_network
from baxis.engine.single import Stopped, trajectory
from baxis.engine.user_model import with_values

if TYPE_CHECKING:
    import pandas as pd

STILL = 1e-7  # relative change over a tenfold longer time that counts as a steady state
LONGEST = 1e12
TOLERANCE = {"rtol": 1e-9, "atol": 1e-14}
Changes = Mapping[str, float]


@dataclass(frozen=True)
class PetabResult:
    """chi2 (sum of squared noise-scaled residuals), log-likelihood, and the simulation table: one row a measurement."""

    version: int
    chi2: float
    llh: float
    simulations: pd.DataFrame

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers."""
        return {"version": self.version, "chi2": self.chi2, "llh": self.llh, "measurements": len(self.simulations)}


def simulate_petab(file: str | Path) -> PetabResult:
    """Simulate a PEtab problem (its YAML file) at the nominal parameters.

    Raises InvalidValue for a missing file, Faults with what PEtab's linter found, Unsupported for a construct that is
    not simulated, BaxisError where the extra is missing or an integration stops.
    """
    path = Path(file)
    if not path.is_file():
        raise InvalidValue("PEtab problem", str(file), "a YAML file that exists")
    try:
        import petab.v1
        import petab.v2
        import yaml
    except ImportError:
        raise BaxisError("PEtab problems need the extra: pip install baxis[petab]") from None
    try:
        said = yaml.safe_load(path.read_text(encoding="utf-8"))
        version = int(str(said["format_version"]).split(".")[0])
    except (yaml.YAMLError, TypeError, KeyError, ValueError):
        raise InvalidValue(str(path), "no format_version", "the YAML file of a PEtab problem") from None
    if version not in (1, 2):
        raise Unsupported(f"PEtab format version {said['format_version']}; allowed: 1, 2")
    try:
        return _second(petab.v2.Problem.from_yaml(path)) if version == 2 else _first(petab.v1.Problem.from_yaml(path))
    except Stopped as e:
        raise BaxisError(f"PEtab problem {path.name}: the integration stopped: {e}") from None
    except (OSError, KeyError) as e:
        raise InvalidValue(str(path), str(e)[:200], "a problem whose files are all there and complete") from None


def _sbml(model: Any) -> Network:
    """Network of a problem's SBML model; others are refused."""
    if model is None or getattr(model, "type_id", "") != "sbml":
        raise Unsupported(f"PEtab model of type {getattr(model, 'type_id', None)!r}; allowed: sbml")
    return load_network(model.to_sbml_str() if hasattr(model, "to_sbml_str") else model.sbml_document.toSBML())


def _first(problem: Any) -> PetabResult:
    """Version 1: conditions, preequilibration, overrides by measurement; PEtab's own chi2 and log-likelihood."""
    from petab.v1.calculate import calculate_chi2, calculate_llh
    from petab.v1.lint import lint_problem

    _linted(lambda: lint_problem(problem))
    if problem.mapping_df is not None and len(problem.mapping_df):
        raise Unsupported("PEtab mapping table")
    network, nominal = _sbml(problem.model), problem.parameter_df.nominalValue.astype(float).to_dict()
    table = problem.measurement_df.reset_index(drop=True)
    if "preequilibrationConditionId" not in table:
        table["preequilibrationConditionId"] = ""
    table["preequilibrationConditionId"] = table.preequilibrationConditionId.fillna("")
    simulated = np.full(len(table), np.nan)
    for (before, now), rows in table.groupby(["preequilibrationConditionId", "simulationConditionId"], sort=False):
        periods = [(0.0, _condition(problem.condition_df, now, nominal))]
        if before:
            periods.insert(0, (-math.inf, _condition(problem.condition_df, before, nominal)))
        run = _Run(network, nominal, periods, rows.time.to_numpy(float))
        for i, row in rows.iterrows():
            formula = str(problem.observable_df.loc[row.observableId, "observableFormula"])
            own = _placeholders("observableParameter", row.observableId, row.get("observableParameters"))
            simulated[i] = run.value(formula, float(row.time), own)
    result = problem.measurement_df.reset_index(drop=True).drop(columns="measurement").assign(simulation=simulated)
    tables = (problem.measurement_df.reset_index(drop=True), result, problem.observable_df, problem.parameter_df)
    try:
        return PetabResult(1, float(calculate_chi2(*tables)), float(calculate_llh(*tables)), result)
    except ValueError as e:
        raise Unsupported(f"noise of this PEtab problem: {str(e)[:200]}") from None


def _linted(lint: Any) -> None:
    """Run PEtab's linter; what it logs as an error is raised."""
    said: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]
    handler.setLevel(logging.ERROR)
    log = logging.getLogger("petab")
    log.addHandler(handler)
    try:
        wrong = lint()
    finally:
        log.removeHandler(handler)
    if wrong:
        raise Faults("PEtab problem", said or ["PEtab's linter found an error"])


def _condition(table: pd.DataFrame, name: str, nominal: Mapping[str, float]) -> dict[str, float]:
    """Values that a condition sets; an empty cell keeps what is."""
    out: dict[str, float] = {}
    for target, value in table.loc[name].items():
        if target == "conditionName" or value is None or (isinstance(value, float) and math.isnan(value)):
            continue
        out[str(target)] = _number(value, nominal)
    return out


def _number(value: Any, nominal: Mapping[str, float]) -> float:
    """A number, or the nominal value of the parameter named."""
    try:
        return float(value)
    except (TypeError, ValueError):
        if str(value) in nominal:
            return nominal[str(value)]
        raise UnknownName("PEtab parameter", str(value), nominal) from None


def _placeholders(kind: str, observable: str, text: Any) -> dict[str, str]:
    """Placeholder -> replacement of one measurement (`1.5;scale`)."""
    if text is None or (isinstance(text, float) and math.isnan(text)) or str(text) == "":
        return {}
    return {f"{kind}{k}_{observable}": part.strip() for k, part in enumerate(str(text).split(";"), start=1)}


class _Run:
    """One experiment: its periods simulated once, observables read at any measured time (infinity: steady state)."""

    def __init__(
        self,
        network: Network,
        nominal: Mapping[str, float],
        periods: Sequence[tuple[float, Changes]],
        times: np.ndarray,
    ) -> None:
        self.nominal = nominal
        start = with_values(network, {n: v for n, v in nominal.items() if n in network.starts})
        if periods and periods[0][0] == -math.inf:
            start = _frozen(_steady(_changed(start, periods[0][1])), start)
            periods = periods[1:]
        begin = 0.0
        for at, changes in periods:
            if at <= begin:
                start = _changed(start, changes)
            else:
                start = replace(start, events=(*start.events, _at(at, changes)))
        finite = np.unique(times[np.isfinite(times)])
        self.times = finite
        self.found = trajectory(start, finite, **TOLERANCE) if finite.size else {}
        self.rest = _steady(start, finite.max(initial=1.0)) if not np.isfinite(times).all() else {}

    def value(self, formula: str, time: float, own: Mapping[str, str]) -> float:
        """An observable's formula at a time, placeholders replaced."""
        from petab.v1.math import sympify_petab

        expression = sympify_petab(formula)
        at = (
            self.rest
            if math.isinf(time)
            else {k: v[int(np.searchsorted(self.times, time))] for k, v in self.found.items()}
        )
        known = {**self.nominal, **{k: float(v) for k, v in at.items()}, "time": time}
        values = {}
        for symbol in expression.free_symbols:
            name = str(symbol)
            if name in own:
                values[symbol] = _number(own[name], self.nominal)
            elif name in known:
                values[symbol] = known[name]
            else:
                raise UnknownName("symbol of an observable", name, known)
        return float(expression.subs(values))


def _changed(network: Network, changes: Changes) -> Network:
    """The network started with other values."""
    return with_values(network, dict(changes)) if changes else network


def _at(time: float, changes: Changes) -> Event:
    trigger = ("ge", ("time",), ("num", float(time)))
    values = {name: ("num", float(v)) for name, v in changes.items()}
    return Event(f"period at {time:g}", trigger, False, True, True, None, None, values)


def _steady(network: Network, scale: float = 1.0) -> dict[str, float]:
    """Every symbol at the steady state. Unsupported where none is reached."""
    end = max(10.0 * scale, 100.0)
    before = None
    while end <= LONGEST:
        found = trajectory(network, np.array([end]), **TOLERANCE)
        now = {k: float(v[-1]) for k, v in found.items()}
        moving = [k for k in network.base if k in network.rates]
        if before is not None and all(
            abs(now[k] - before[k]) <= STILL * max(abs(now[k]), abs(before[k])) + 1e-12 for k in moving
        ):
            return now
        before, end = now, 10.0 * end
    raise Unsupported("a steady state that the model does not reach")


def _frozen(state: Mapping[str, float], network: Network) -> Network:
    """The network started from a state: what moves keeps its level, constants are as the network has them."""
    starts = dict(network.starts)
    for name in network.base:
        if name in network.rates:
            starts[name] = ("num", float(state[name]))
    return replace(network, starts=starts)


def _second(problem: Any) -> PetabResult:
    """Version 2: experiments with periods; noise distributions normal, laplace and their logarithmic forms."""
    wrong = [str(i) for i in problem.validate() if i.level.name in ("ERROR", "CRITICAL")]
    if wrong:
        raise Faults("PEtab problem", wrong)
    if problem.mappings:
        raise Unsupported("PEtab mapping table")
    network = _sbml(problem.model)
    nominal = {p.id: float(p.nominal_value) for p in problem.parameters}
    observables = {o.id: o for o in problem.observables}
    experiments = {e.id: e for e in problem.experiments}
    rows, chi2, llh = [], 0.0, 0.0
    for name in dict.fromkeys(m.experiment_id or "" for m in problem.measurements):
        mine = [m for m in problem.measurements if (m.experiment_id or "") == name]
        periods = _periods(problem, experiments[name], nominal) if name else []
        run = _Run(network, nominal, periods, np.array([float(m.time) for m in mine]))
        for m in mine:
            o = observables[m.observable_id]
            own = _named(o.observable_placeholders, m.observable_parameters)
            value = run.value(str(o.formula), float(m.time), own)
            noise_own = {**_named(o.noise_placeholders, m.noise_parameters), o.id: repr(value)}
            noise = run.value(str(o.noise_formula), float(m.time), noise_own)
            residual, part = _likelihood(str(o.noise_distribution.value), float(m.measurement), value, noise)
            chi2, llh = chi2 + residual**2, llh + part
            rows.append({"experimentId": name, "observableId": o.id, "time": float(m.time), "simulation": value})
    import pandas as pd

    return PetabResult(2, chi2, llh, pd.DataFrame(rows))


def _periods(problem: Any, experiment: Any, nominal: Mapping[str, float]) -> list[tuple[float, dict[str, float]]]:
    """(start, changes) of an experiment's periods, in time order."""
    out = []
    for period in sorted(experiment.periods, key=lambda p: p.time):
        changes = {}
        for change in problem.get_changes_for_period(period):
            known = {s: nominal[str(s)] for s in change.target_value.free_symbols if str(s) in nominal}
            value = change.target_value.subs(known)
            if value.free_symbols:
                raise Unsupported(f"a condition value that depends on the model's state: {change.target_value}")
            changes[str(change.target_id)] = float(value)
        out.append((float(period.time), changes))
    if any(t > 0.0 for t, _ in out) and not any(t <= 0.0 for t, _ in out):
        raise Unsupported("an experiment whose first period starts after time 0")
    return out


def _named(placeholders: Sequence[Any], values: Sequence[Any]) -> dict[str, str]:
    return {str(p): str(v) for p, v in zip(placeholders, values, strict=True)}


def _likelihood(distribution: str, measured: float, simulated: float, noise: float) -> tuple[float, float]:
    """(residual over noise, log-likelihood) of one measurement."""
    log = distribution.startswith("log-")
    residual = (math.log(measured) - math.log(simulated) if log else measured - simulated) / noise
    jacobian = math.log(measured) if log else 0.0
    if distribution.endswith("laplace"):
        return residual, -math.log(2 * noise) - abs(residual) - jacobian
    return residual, -0.5 * math.log(2 * math.pi * noise**2) - 0.5 * residual**2 - jacobian
