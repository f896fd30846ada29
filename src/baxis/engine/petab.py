"""PEtab problems, versions 1 and 2: simulated at their nominal parameters, with chi2 and log-likelihood.

The files are read and told about here (`petab_files`, `petab_cells`) and checked by PEtab's own library (extra `petab`).
Formulas come from PEtab's grammar (`petab_formula`), experiments run on the single-trajectory path (`petab_run`, `single`),
which holds all of SBML that baxis supports, and the likelihood is written out here (`petab_likelihood`).
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from baxis.core.errors import BaxisError, Faults, InvalidValue, Unsupported
from baxis.engine import petab_first, petab_second
from baxis.engine.network import load_network
from baxis.engine.petab_cells import check_cells
from baxis.engine.petab_files import ProblemFiles, read_problem
from baxis.engine.petab_likelihood import Observation, judge
from baxis.engine.petab_run import Run
from baxis.engine.single import Stopped

if TYPE_CHECKING:
    import pandas as pd

ENOUGH = "a problem whose files are all there and complete"


@dataclass(frozen=True)
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
    networks = {name: load_network(text) for name, text in files.models.items()}
    nominal = _nominal(files)
    read = petab_first if files.version == 1 else petab_second
    observed = read.observations(files, nominal)
    _refuse_logs(observed)
    measurements = _checked(files)
    runs: dict[Hashable, Run] = {}
    for key in dict.fromkeys(o.experiment for o in observed):
        times = np.array([o.time for o in observed if o.experiment == key])
        try:
            if files.version == 1:
                runs[key] = petab_first.run(files, networks[""], nominal, key, times)
            else:
                runs[key] = petab_second.run(files, networks, nominal, key, times)
        except Stopped as e:
            raise BaxisError(f"PEtab problem {path.name}, {_label(key)}: the integration stopped: {e}") from None
        except Unsupported as e:
            raise Unsupported(f"PEtab problem {path.name}, {_label(key)}: {e}") from None
    judged = judge(observed, runs)
    simulations = measurements.drop(columns="measurement").assign(simulation=judged.simulated)
    compared = _compared(observed, judged)
    chi2, llh = float(np.sum(judged.residual**2)), float(np.sum(judged.llh))
    return PetabResult(files.version, chi2, llh, simulations, compared, tuple(judged.notes))


def _label(key: Any) -> str:
    """Words for an experiment."""
    first, second = key
    return f"{second or 'the model as it is'}" + (f" ({first})" if first else "")


def _compared(observed: list[Observation], judged: Any) -> pd.DataFrame:
    import pandas as pd

    columns = {
        "observable": [o.observable for o in observed],
        "experiment": [_label(o.experiment) for o in observed],
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


def _checked(files: ProblemFiles) -> pd.DataFrame:
    """The measurement table as PEtab's library has it, after its linter. Raises Faults with what that found."""
    import petab.v1
    import petab.v2

    reader = petab.v1 if files.version == 1 else petab.v2
    said = _Said()
    with tempfile.TemporaryDirectory() as folder, said:
        path = _plain(files, Path(folder)) if files.marked else files.path
        try:
            problem = reader.Problem.from_yaml(str(path))
            if files.version == 1:
                from petab.v1.lint import lint_problem

                wrong = (said.lines or ["PEtab's linter found an error"]) if lint_problem(problem) else []
            else:
                wrong = [str(i) for i in problem.validate() if i.level.name in ("ERROR", "CRITICAL")]
        except Exception as e:  # whatever PEtab's library raises at tables that it does not take
            raise InvalidValue(files.path.name, _why(e), ENOUGH) from None
    if wrong:
        raise Faults(f"PEtab problem {files.path.name}", [" ".join(line.split()) for line in wrong])
    table = problem.measurement_df
    if table is None or len(table) != sum(1 for _ in files.rows("measurement")):
        raise InvalidValue(files.path.name, "no measurements", "a problem with measurements")
    return table.reset_index(drop=True).drop(columns={"index"} & {*table.columns})  # PEtab's own row numbers


class _Said(logging.Handler):
    """What PEtab's library logs as errors while it reads and checks."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []
        self.log = logging.getLogger("petab")

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())

    def __enter__(self) -> _Said:
        self.passed_on, self.log.propagate = self.log.propagate, False
        self.log.addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        self.log.removeHandler(self)
        self.log.propagate = self.passed_on


def _why(problem: Exception) -> str:
    """One line of what a library raised."""
    listed = getattr(problem, "errors", None)
    if callable(listed):  # pydantic's: the field and what is wrong with it
        first: Mapping[str, Any] = listed()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"[:200]
    lines = [line.strip() for line in str(problem).splitlines() if line.strip()]
    return lines[0][:200] if lines else type(problem).__name__


def _plain(files: ProblemFiles, folder: Path) -> Path:
    """The problem's files again, without marks of an encoding, for libraries that stumble over them."""
    import yaml

    names = {}
    for k, (name, text) in enumerate(files.texts.items()):
        names[name] = f"file{k}{Path(name).suffix}"
        (folder / names[name]).write_text(text, encoding="utf-8", newline="")

    def renamed(part: Any) -> Any:
        if isinstance(part, dict):
            return {k: renamed(v) for k, v in part.items()}
        if isinstance(part, list):
            return [renamed(v) for v in part]
        return names.get(part, part) if isinstance(part, str) else part

    path = folder / "problem.yaml"
    path.write_text(yaml.safe_dump(renamed(files.said)), encoding="utf-8")
    return path
