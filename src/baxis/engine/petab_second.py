"""PEtab problems of version 2: experiments with periods, four noise distributions.

PEtab's library does not compute their likelihood: the distributions normal, laplace and their logarithmic forms are
written out here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from baxis.core.errors import Faults, InvalidValue, Unsupported
from baxis.engine.mathml import Tree, substitute
from baxis.engine.network import Network
from baxis.engine.petab_run import Run, check_symbols, formula

if TYPE_CHECKING:
    import pandas as pd


def simulate_second(problem: Any, network: Network) -> tuple[float, float, pd.DataFrame]:
    """chi2, log-likelihood and simulation table at the nominal parameters. Raises Faults with what the linter found."""
    import pandas as pd

    wrong = [str(i) for i in problem.validate() if i.level.name in ("ERROR", "CRITICAL")]
    if wrong:
        raise Faults("PEtab problem", wrong)
    nominal = {p.id: _nominal(p) for p in problem.parameters}
    for m in problem.mappings:  # PEtab allows another name only for what has no valid one: not a symbol of SBML
        if m.model_id and m.model_id != m.petab_id:
            raise Unsupported(f"PEtab mapping of {m.petab_id!r} to {m.model_id!r}: no symbol of an SBML model")
    observables = {o.id: o for o in problem.observables}
    experiments = {e.id: e for e in problem.experiments}
    rows, chi2, llh = [], 0.0, 0.0
    for name in dict.fromkeys(m.experiment_id or "" for m in problem.measurements):
        mine = [m for m in problem.measurements if (m.experiment_id or "") == name]
        periods = _periods(problem, experiments[name], nominal, network) if name else []
        run = Run(network, nominal, periods, np.array([float(m.time) for m in mine]))
        for m in mine:
            o = observables[m.observable_id]
            own = _named(o.observable_placeholders, m.observable_parameters)
            value = run.value(str(o.formula), float(m.time), own)
            noise_own = {**_named(o.noise_placeholders, m.noise_parameters), o.id: repr(value)}
            noise = run.value(str(o.noise_formula), float(m.time), noise_own)
            residual, part = _likelihood(str(o.noise_distribution.value), float(m.measurement), value, noise)
            chi2, llh = chi2 + residual**2, llh + part
            rows.append({"experimentId": name, "observableId": o.id, "time": float(m.time), "simulation": value})
    return chi2, llh, pd.DataFrame(rows)


def _nominal(parameter: Any) -> float:
    if parameter.nominal_value is None:
        raise InvalidValue(f"PEtab parameter {parameter.id!r}", "no nominal value", "a number in nominalValue")
    return float(parameter.nominal_value)


def _periods(
    problem: Any, experiment: Any, nominal: Mapping[str, float], network: Network
) -> list[tuple[float, dict[str, Tree]]]:
    """(start, changes) of an experiment's periods, in time order."""
    from petab.v2.math import petab_math_str

    known: dict[str, Tree] = {n: ("num", v) for n, v in nominal.items() if n not in network.starts}
    out = []
    for period in sorted(experiment.periods, key=lambda p: p.time):
        changes = {}
        for change in problem.get_changes_for_period(period):
            target = str(change.target_id)
            tree = formula(petab_math_str(change.target_value), f"PEtab condition, {target}")
            changes[target] = substitute(tree, known)
        check_symbols(changes, network)
        out.append((float(period.time), changes))
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
