"""PEtab problems, versions 1 and 2: simulated at their nominal parameters, with chi2 and log-likelihood.

The files are read and told about here (`petab_files`, `petab_cells`) and checked by PEtab's own library (extra `petab`).
Formulas come from PEtab's grammar (`petab_formula`), experiments run on the single-trajectory path (`petab_run`, `single`),
which holds all of SBML that baxis supports, and the likelihood is written out here (`petab_likelihood`).
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from baxis.core.errors import BaxisError, InvalidValue, Unsupported
from baxis.engine.model.network import Network
from baxis.engine.petab import first as petab_first
from baxis.engine.petab import second as petab_second
from baxis.engine.petab.cells import check_cells
from baxis.engine.petab.files import ProblemFiles, read_problem
from baxis.engine.petab.likelihood import Observation, check_asked, judge
from baxis.engine.petab.lint import linted_measurements
from baxis.engine.petab.running import ExperimentRun
from baxis.engine.reading.network_file import load_network
from baxis.engine.single.single import IntegrationFailed

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class PetabResult:
    """chi2 (sum of squared noise-scaled residuals), log-likelihood, and the simulation table: one row a measurement.

    `simulations` is PEtab's simulation table: the measurement table with the simulated value in place of the measured one;
    `compared` gives for each row measurement, simulation, noise and residual. `notes` are sentences about measurements
    that have no likelihood.
    """

    version: int
    chi2: float
    llh: float
    simulations: pd.DataFrame
    compared: pd.DataFrame
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers."""
        return {
            "version": self.version,
            "chi2": self.chi2,
            "llh": self.llh,
            "measurements": len(self.simulations),
            "notes": list(self.notes),
        }


def simulate_petab(file: str | Path) -> PetabResult:
    """Simulate a PEtab problem (its YAML file) at the nominal parameters.

    Raises InvalidValue for a missing file, BaxisError or Faults with file, row and column for what cannot be read or what
    PEtab's linter found, Unsupported for a construct that is not simulated, BaxisError where the extra is missing or an
    integration stops.
    """
    path = Path(file)
    if not path.is_file():
        raise InvalidValue("PEtab problem", str(file), "a YAML file that exists")
    try:
        import petab.v1
        import petab.v2  # noqa: F401
    except ImportError:
        raise BaxisError("PEtab problems need the extra: pip install baxis[petab]") from None
    files = read_problem(path)
    check_cells(files)
    networks = {name: _network(name, text) for name, text in files.models.items()}
    nominal = _nominal(files)
    if not any(True for _ in files.rows("measurement")):
        raise InvalidValue(path.name, "no measurements", "a problem with at least one row of measurements")
    read = petab_first if files.version == 1 else petab_second
    observed = read.observations(files, nominal)
    _refuse_logs(observed)
    plans = {key: read.plan(files, networks, nominal, key) for key in dict.fromkeys(o.experiment for o in observed)}
    check_asked(observed, plans, nominal)
    measurements = linted_measurements(files)
    runs: dict[Hashable, ExperimentRun] = {}
    for key, plan in plans.items():
        times = np.array([o.time for o in observed if o.experiment == key])
        try:
            runs[key] = ExperimentRun(plan, nominal, times)
        except IntegrationFailed as e:
            raise BaxisError(f"PEtab problem {path.name}, {_label(files, key)}: the integration stopped: {e}") from None
        except Unsupported as e:
            raise Unsupported(f"PEtab problem {path.name}, {_label(files, key)}: {e}") from None
    judged = judge(observed, runs)
    simulations = measurements.drop(columns="measurement").assign(simulation=judged.simulated)
    compared = _compared(files, observed, judged)
    chi2, llh = float(np.sum(judged.residual**2)), float(np.sum(judged.llh))
    return PetabResult(files.version, chi2, llh, simulations, compared, tuple(judged.notes))


def _network(name: str, text: str) -> Network:
    """A model of the problem; what is wrong with it is told as the model's."""
    what = f"PEtab model {name!r}" if name else "PEtab model"
    if "<" not in text:
        raise InvalidValue(what, text.strip()[:40], "a model in SBML")
    try:
        return load_network(text)
    except Unsupported as e:
        raise Unsupported(f"{what}: {e}") from None
    except BaxisError as e:
        raise BaxisError(f"{what}: {e}") from None


def _label(files: ProblemFiles, key: Any) -> str:
    """Words for an experiment."""
    first, second = key
    if files.version == 1:
        return f"{second} after {first}" if first else second
    return (second or "the model as it is") + (f" of {first}" if len(files.models) > 1 else "")


def _compared(files: ProblemFiles, observed: list[Observation], judged: Any) -> pd.DataFrame:
    import pandas as pd

    columns = {
        "observable": [o.observable for o in observed],
        "experiment": [_label(files, o.experiment) for o in observed],
        "time": [o.time for o in observed],
        "measurement": [o.measured for o in observed],
    }
    numbers = {"simulation": judged.simulated, "noise": judged.noise, "residual": judged.residual}
    return pd.DataFrame(columns | numbers)


def _nominal(files: ProblemFiles) -> dict[str, float]:
    """Nominal value of each parameter. Raises InvalidValue for one without."""
    out = {}
    for row in files.rows("parameter"):
        cell = row.get("nominalValue")
        if not cell or cell.lower() == "nan":
            raise InvalidValue(
                f"{row.where}, parameter {row.get('parameterId')!r}", "no nominal value", "a number in nominalValue"
            )
        out[row.get("parameterId")] = float(cell)
    return out


def _refuse_logs(observed: list[Observation]) -> None:
    """Measurements that a log scale cannot hold, before anything runs."""
    wrong = [o for o in observed if o.scale != "lin" and o.measured <= 0]
    if wrong:
        o = wrong[0]
        more = f"; and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        allowed = f"a number above 0, for the noise of {o.observable!r} on a {o.scale} scale{more}"
        raise InvalidValue(f"{o.row.where}, column 'measurement'", o.measured, allowed)
