"""PEtab problems, versions 1 and 2: simulated at their nominal parameters, with chi2 and log-likelihood.

The tables are read and checked by PEtab's own library (extra `petab`), which for version 1 also computes chi2 and the
log-likelihood from the simulated observables (version 2: `petab_second`). The model runs on the single-trajectory path
(see `single`), which holds all of SBML that baxis supports.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from baxis.core.errors import BaxisError, Faults, InvalidValue, Unsupported
from baxis.engine.mathml import Tree
from baxis.engine.network import Network, load_network
from baxis.engine.petab_run import Run, number
from baxis.engine.petab_second import simulate_second
from baxis.engine.single import Stopped

if TYPE_CHECKING:
    import pandas as pd


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
        problem = (petab.v1 if version == 1 else petab.v2).Problem.from_yaml(path)
    except Exception as e:  # whatever PEtab's library raises at a file that it cannot read
        why = next((line for line in str(e).splitlines() if line.strip()), type(e).__name__)
        raise InvalidValue(str(path), why[:200], "a problem whose files are all there and complete") from None
    try:
        return _first(problem) if version == 1 else PetabResult(2, *simulate_second(problem, _sbml(problem.model)))
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
        run = Run(network, nominal, periods, rows.time.to_numpy(float))
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


def _condition(table: pd.DataFrame, name: str, nominal: Mapping[str, float]) -> dict[str, Tree]:
    """Values that a condition sets; an empty cell keeps what is."""
    out: dict[str, Tree] = {}
    for target, value in table.loc[name].items():
        if target == "conditionName" or value is None or (isinstance(value, float) and math.isnan(value)):
            continue
        out[str(target)] = ("num", number(value, nominal))
    return out


def _placeholders(kind: str, observable: str, text: Any) -> dict[str, str]:
    """Placeholder -> replacement of one measurement (`1.5;scale`)."""
    if text is None or (isinstance(text, float) and math.isnan(text)) or str(text) == "":
        return {}
    return {f"{kind}{k}_{observable}": part.strip() for k, part in enumerate(str(text).split(";"), start=1)}
