"""What PEtab's own library says of a problem, asked on a plain copy of its files.

In the copy each formula is the sum of its symbols: the linter asks which names a formula uses, and the library's own
reading of formulas stumbles over some that PEtab allows (a comparison within a sum, the time in a condition).
"""

from __future__ import annotations

import csv
import logging
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from baxis.core.errors import Faults, InvalidValue
from baxis.engine.formula.mathml import symbols
from baxis.engine.petab.cells import FIRST, SECOND, formula
from baxis.engine.petab.files import ProblemFiles, TableFile
from baxis.engine.reading.document import well_placed

if TYPE_CHECKING:
    import pandas as pd

ENOUGH = "a problem whose files are all there and complete"
LEFT_OUT = ("visualization_files",)  # nothing that is simulated stands there


def linted_measurements(files: ProblemFiles) -> pd.DataFrame:
    """The measurement table as PEtab's library has it, after its linter. Raises Faults with what that found."""
    import petab.v1
    import petab.v2

    reader = petab.v1 if files.version == 1 else petab.v2
    said = _Said()
    with tempfile.TemporaryDirectory() as folder, said:
        try:
            problem = reader.Problem.from_yaml(str(_plain(files, Path(folder))))
            if files.version == 1:
                from petab.v1.lint import lint_problem

                wrong = (said.lines or ["PEtab's linter found an error"]) if lint_problem(problem) else []
            else:
                wrong = [str(i) for i in problem.validate() if i.level.name in ("ERROR", "CRITICAL")]
        except Exception as e:  # whatever PEtab's library raises at tables that it does not take
            raise InvalidValue(files.path.name, _why(e), ENOUGH) from None
    wrong = [" ".join(w.split()) for w in wrong if w != "Not OK" and "failed with exception" not in w]
    if wrong:
        raise Faults(f"PEtab problem {files.path.name}", wrong)
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
        return f"{'.'.join(map(str, first['loc']))}: {first['msg'].removeprefix('Value error, ')}"[:200].removeprefix(
            ": "
        )
    lines = [line.strip() for line in str(problem).splitlines() if line.strip()]
    return lines[0][:200] if lines else type(problem).__name__


def _plain(files: ProblemFiles, folder: Path) -> Path:
    """The problem's files again, tables without marks of an encoding and with formulas as sums of symbols."""
    import yaml

    names = {}
    tables = {t.name: (kind, t) for kind, listed in files.tables.items() for t in listed}
    for k, (name, text) in enumerate(files.texts.items()):
        names[name] = f"{k}-{Path(name).name}"
        if name in tables:
            _write(folder / names[name], *tables[name], files.version)
        else:
            text = well_placed(text) if text in files.models.values() else text
            (folder / names[name]).write_text(text, encoding="utf-8", newline="")

    def renamed(part: Any) -> Any:
        if isinstance(part, dict):
            return {k: renamed(v) for k, v in part.items() if k not in LEFT_OUT}
        if isinstance(part, list):
            return [renamed(v) for v in part]
        return names.get(part, part) if isinstance(part, str) else part

    path = folder / "problem.yaml"
    path.write_text(yaml.safe_dump(renamed(files.said)), encoding="utf-8")
    return path


def _write(file: Path, kind: str, table: TableFile, version: int) -> None:
    checks = (FIRST if version == 1 else SECOND).get(kind, {})
    formulas = {c for c in table.columns if checks.get(c) is formula}
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter="\t", lineterminator="\n")
        writer.writerow(table.columns)
        for row in table.rows:
            cells = [_names_only(row.where, v) if c in formulas and v else v for c, v in row.cells.items()]
            writer.writerow(cells)


def _names_only(where: str, cell: str) -> str:
    return "+".join(sorted({*symbols(formula(where, cell))} - {""})) or "1"
