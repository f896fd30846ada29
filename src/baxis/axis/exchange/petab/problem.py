"""A PEtab v2 problem as plain tables, and its files."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

NOTICE = "Research use only. Not for the care of a person."
Row = Mapping[str, object]


@dataclass
class Problem:
    """One calibration problem: SBML text, rows of the five PEtab tables, and what was left out of the data with the reason."""

    name: str
    title: str
    sbml: str
    conditions: list[Row] = field(default_factory=list)
    experiments: list[Row] = field(default_factory=list)
    measurements: list[Row] = field(default_factory=list)
    observables: list[Row] = field(default_factory=list)
    parameters: list[Row] = field(default_factory=list)
    sources: list[Row] = field(default_factory=list)
    left_out: list[Row] = field(default_factory=list)
    notes: tuple[str, ...] = ()

    def condition(self, key: str, values: Mapping[str, float]) -> None:
        """A condition that sets targets to values, once."""
        if values and not any(r["conditionId"] == key for r in self.conditions):
            self.conditions += [
                {"conditionId": key, "targetId": k, "targetValue": repr(float(v))} for k, v in values.items()
            ]

    def experiment(self, key: str, periods: Iterable[tuple[float, str]]) -> None:
        """An experiment of periods (start, condition; empty: the model as it is), once."""
        if not any(r["experimentId"] == key for r in self.experiments):
            rows = [(("-inf" if t == float("-inf") else repr(float(t))), c) for t, c in periods]
            self.experiments += [{"experimentId": key, "time": t, "conditionId": c} for t, c in rows]

    def observable(self, key: str, name: str, formula: str, distribution: str = "normal") -> None:
        """An observable whose noise is given with each measurement, once."""
        if not any(r["observableId"] == key for r in self.observables):
            self.observables.append({
                "observableId": key, "observableName": name, "observableFormula": formula, "noiseFormula": f"sd_{key}",
                "noiseDistribution": distribution, "observablePlaceholders": "", "noisePlaceholders": f"sd_{key}",
            })  # fmt: skip

    def measurement(self, experiment: str, observable: str, time: float, value: float, sd: float) -> None:
        """One measurement with its standard deviation."""
        self.measurements.append({
            "observableId": observable, "experimentId": experiment, "time": repr(float(time)), "measurement": repr(float(value)),
            "observableParameters": "", "noiseParameters": repr(float(sd)),
        })  # fmt: skip

    def parameter(self, key: str, nominal: float, low: float, high: float) -> None:
        """A parameter to be estimated within bounds, once."""
        if not any(r["parameterId"] == key for r in self.parameters):
            bounds = {"lowerBound": repr(float(low)), "upperBound": repr(float(high))}
            self.parameters.append(
                {"parameterId": key, **bounds, "nominalValue": repr(float(nominal)), "estimate": "true"}
            )

    def files(self) -> dict[str, str]:
        """Name -> text of every file of the problem."""
        tables = {"conditions": self.conditions, "experiments": self.experiments, "measurements": self.measurements,
                  "observables": self.observables, "parameters": self.parameters}  # fmt: skip
        head = ["format_version: 2.0.0", f"id: baxis_{self.name.replace('-', '_')}", "model_files:", f"  {self.model_id}:",
                "    location: model.xml", "    language: sbml"]  # fmt: skip
        kinds = {"conditions": "condition", "experiments": "experiment", "measurements": "measurement",
                 "observables": "observable", "parameters": "parameter"}  # fmt: skip
        lists = [f"{kinds[n]}_files: [{n}.tsv]" for n, rows in tables.items() if rows]
        out = {"problem.yaml": "\n".join([*head, *lists]) + "\n", "model.xml": self.sbml, "README.md": self.readme()}
        out |= {f"{n}.tsv": tsv(rows) for n, rows in tables.items() if rows}
        return out | {
            "sources.tsv": tsv(self.sources),
            **({"left_out.tsv": tsv(self.left_out)} if self.left_out else {}),
        }

    @property
    def model_id(self) -> str:
        """Name of the model within the problem."""
        return f"{self.name.replace('-', '_')}_model"

    def readme(self) -> str:
        """What the problem is, in words."""
        lines = [f"# {self.title}", "", f"{NOTICE} PEtab version 2.", "",
                 f"{len(self.measurements)} measurements in {len({r['experimentId'] for r in self.experiments})} experiments, "
                 f"{len(self.parameters)} parameters to estimate. `sources.tsv` names where each number comes from"
                 + (f"; {len(self.left_out)} rows of the same tables cannot be a measurement and stand in `left_out.tsv`." if self.left_out else ".")]  # fmt: skip
        return "\n".join([*lines, "", *(f"- {n}" for n in self.notes)]) + "\n"


def tsv(rows: list[Row]) -> str:
    """Rows as tab-separated text with a header."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), delimiter="\t", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def write(problem: Problem, folder: Path) -> Path:
    """Write a problem's files; returns its YAML."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in problem.files().items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder / "problem.yaml"
