"""What a sensitivity analysis holds, and how it is drawn."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from baxis.core.plain import records, to_json
from baxis.core.showing.sheets import csv_text
from baxis.insight.bench.scenario import Scenario
from baxis.insight.sensitivity.inputs import DUMMY

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TABLES = ("morris", "sobol", "prcc")
INK, WARM, NULL = "#1f4e79", "#c0662b", "#999999"


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """morris: every input; sobol: shares of variance of the leading ones; prcc: in the trial's own population.

    Outputs: `inflammation` under the drug, `benefit` (without minus with the drug), and for prcc the `endpoint` and
    `endpoint difference` of each patient. A dummy without effect stands in every table.
    """

    scenario: Scenario
    morris: pd.DataFrame
    sobol: pd.DataFrame
    prcc: pd.DataFrame
    recipe: dict[str, Any] = field(repr=False)

    def drivers(self, output: str = "benefit") -> pd.DataFrame:
        """Sobol shares of an output, largest total first."""
        return self.sobol[self.sobol["output"] == output].sort_values("total", ascending=False)

    def correlations(self, output: str) -> pd.DataFrame:
        """Partial rank correlations beyond the largest that permuted outcomes give (95th percentile), strongest first."""
        own = self.prcc[(self.prcc["output"] == output) & (self.prcc["prcc"].abs() > self.prcc["null_max"])]
        return own.sort_values("prcc", key=np.abs, ascending=False)

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        s = self.scenario
        head: dict[str, Any] = {"drug": s.drug, "disease": s.design.disease, "regimen": s.regimen, "origin": s.origin}
        head |= {"endpoint": s.endpoint.name, "week": s.endpoint.week}
        return {
            **head,
            **{k: records(getattr(self, k)) for k in TABLES},
            "recipe": self.recipe,
        }

    def save(self, folder: str | Path) -> Path:
        """Write sensitivity.json, the tables as CSV and sensitivity.png into a new folder, or over an earlier one."""
        from baxis.core.storing.folders import whole

        return whole(
            folder,
            "baxis sensitivity",
            self._write,
            {"sensitivity.png": lambda path: self.plot().savefig(path, dpi=150)},
        )

    def _write(self, out: Path) -> None:
        text = to_json(self.to_dict(), 2)
        (out / "sensitivity.json").write_text(text + "\n", encoding="utf-8")
        for name in TABLES:
            (out / f"{name}.csv").write_text(csv_text(getattr(self, name)), encoding="utf-8")

    def plot(self) -> Figure:
        """Figure: Morris, Sobol and partial rank correlation of the benefit, and of the endpoint difference."""
        from baxis.clinic.result.asked import on_figure
        from baxis.core.showing.drawing import Drawing

        figure = Drawing(figsize=(15, 6), layout="constrained")
        panels = figure.subplots(1, 4)
        own = self.morris[self.morris["output"] == "benefit"].sort_values("mu_star")
        own = pd.concat([own[own["input"] == DUMMY], own[own["input"] != DUMMY].tail(15)])
        _bars(panels[0], own, "mu_star", np.stack([own["conf"]] * 2), "Morris mu*, benefit")
        own = self.drivers()[::-1]
        _bars(panels[1], own, "total", np.stack([own["total_conf"]] * 2), "Sobol total share, benefit")
        panels[1].set_xlim(left=0)
        for panel, output in zip(panels[2:], ("benefit", "endpoint difference"), strict=True):
            own = self.prcc[self.prcc["output"] == output].sort_values("prcc", key=np.abs)
            own = pd.concat([own[own["input"] == DUMMY], own[own["input"] != DUMMY].tail(15)])
            spans = np.stack([own["prcc"] - own["ci_low"], own["ci_high"] - own["prcc"]]).clip(0)
            _bars(panel, own, "prcc", spans, f"Partial rank correlation,\n{output}")
            least = float(own["null_max"].iloc[0])
            panel.axvspan(-least, least, color="#eeeeee", zorder=0)
        s = self.scenario
        figure.suptitle(
            f"Why patients differ: {s.regimen} in {s.design.disease}, week {s.endpoint.week:g}", fontsize=11
        )
        on_figure(figure, self.recipe, 180)
        figure.text(0.995, 0.003, self.recipe["notice"], ha="right", va="bottom", fontsize=7, color="#666666")
        return figure


def _bars(axes: Any, table: pd.DataFrame, value: str, spans: np.ndarray, title: str) -> None:
    colours = [NULL if n == DUMMY else INK for n in table["input"]]
    axes.barh(table["input"], table[value], xerr=spans, color=colours, ecolor=WARM)
    axes.axvline(0, color="#666666", lw=0.8)
    axes.tick_params(labelsize=8)
    axes.set_title(title, fontsize=10)
