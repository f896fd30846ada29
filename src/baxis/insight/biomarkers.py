"""Which baseline markers tell who benefits from a drug, as far as virtual patients can say.

The same patient is run with and without the drug, so benefit is known for each: a marker is judged by its rank
correlation with benefit, the log ratio of tissue inflammation without and with the drug (a ratio, so that a
patient who is merely more inflamed does not count as one who benefits), beside its correlation with the outcome without the drug (prognosis).
Markers carry assay noise from `library/biomarkers/assays.csv`; a marker of pure noise stands beside them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .. import axis
from ..clinic.population import Population
from ..clinic.recipe import NOTICE
from ..clinic.settings import Settings, settle
from ..core import library, streams
from ..core.errors import InvalidValue, Unsupported
from .explain.runs import Bench
from .scenario import Scenario, scenario

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[np.float64]
LEAST, PERMUTATIONS, DRAWS, FOLDS = 200, 2000, 400, 5
NOISE = "pure noise (null)"


@dataclass(frozen=True)
class Biomarkers:
    """table: one row a marker, best first; composite: cross-validated rank correlation of all markers with benefit.

    composite_null is the 95th percentile of the same with permuted benefit.
    """

    scenario: Scenario
    table: pd.DataFrame
    composite: float
    composite_null: float
    recipe: dict[str, Any] = field(repr=False)

    @property
    def found(self) -> list[str]:
        """Markers with a false-discovery rate of at most 5 %, best first."""
        return [str(m) for m in self.table.loc[self.table["q"] <= 0.05, "marker"]]

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        s = self.scenario
        head: dict[str, Any] = {"drug": s.drug, "disease": s.design.disease, "regimen": s.regimen, "origin": s.origin}
        head |= {"endpoint": s.endpoint.name, "week": s.endpoint.week, "found": self.found}
        head |= {"composite": self.composite, "composite_null": self.composite_null}
        return {**head, "markers": json.loads(self.table.to_json(orient="records")), "recipe": self.recipe}

    def plot(self) -> Figure:
        """Figure: correlation with benefit beside that with the outcome, and the endpoint's gain in either half."""
        from .biomarkers_figure import draw

        return draw(self)

    def save(self, folder: str | Path) -> Path:
        """Write biomarkers.json, markers.csv and biomarkers.png into a new folder, or over an earlier one."""
        from ..clinic.export import whole

        return whole(Path(folder), self._write, "biomarkers.json")

    def _write(self, out: Path) -> None:
        text = json.dumps(self.to_dict(), indent=2, ensure_ascii=False)
        (out / "biomarkers.json").write_text(text + "\n", encoding="utf-8")
        self.table.to_csv(out / "markers.csv", index=False)
        self.plot().savefig(out / "biomarkers.png", dpi=150)


def biomarkers(
    drug: str,
    disease: str,
    *,
    dose: str | None = None,
    endpoint: str | None = None,
    trial: str | None = None,
    settings: Settings | None = None,
    **changes: object,
) -> Biomarkers:
    """Baseline markers ranked by how well they tell who benefits (1000 patients by default).

    Needs the extra `insight` (scikit-learn). Raises BaxisError for unknown names and for fewer than 200 patients.
    """
    chosen = settle(settings or Settings(patients=1000), changes)
    if chosen.patients < LEAST:
        raise InvalidValue("patients", chosen.patients, f"at least {LEAST}, to rank markers")
    try:
        import sklearn  # noqa: F401
    except ImportError:
        raise Unsupported("biomarkers need scikit-learn: pip install 'baxis[insight]'") from None
    asked = scenario(drug, disease, dose, endpoint, trial, chosen)
    bench = Bench(asked, chosen)
    bench.total = 2
    drug_run, control = bench.run(asked.treated), bench.run(asked.control)
    ok = np.isfinite(drug_run.infl) & np.isfinite(control.infl)
    if ok.sum() < LEAST:
        raise InvalidValue("patients that the solver finished", int(ok.sum()), f"at least {LEAST}")
    people = bench.people.take(np.flatnonzero(ok))
    ends = np.stack([drug_run.endpoint[ok], control.endpoint[ok]])
    course = np.stack([np.log(control.infl[ok] / drug_run.infl[ok]), control.infl[ok]])
    labels, x = measured(people)
    table = ranked(labels, x, course, ends, people.seed)
    composite, null = combined(x[:, :-1], course[0], people.seed)
    numbers = {
        "patients": int(ok.sum()),
        "failures": int((~ok).sum()),
        "arm_size": asked.treated.n,
        "seed": chosen.seed,
        "unit": "share" if asked.endpoint.name not in asked.tool.continuous else "points",
        "assumed_assays": int(sum(r["kind"] == "assumed" for r in library.read_table("biomarkers/assays"))),
        "notice": NOTICE,
    }
    return Biomarkers(asked, table, composite, null, numbers)


def measured(people: Population) -> tuple[list[tuple[str, str]], Array]:
    """(marker, label) of each column, and what the laboratory reports (n, k): log of the model's value with assay noise.

    The last column is pure noise.
    """
    labels, columns = [], []
    for row in library.read_table("biomarkers/assays"):
        name = axis.outputs()[row["marker"]].output
        z = streams.normal(people.seed, f"assay {name}", people.ids)[:, 0]
        sd = np.sqrt(np.log1p(float(row["cv"]) ** 2))
        columns.append(np.log(np.maximum(people.outputs[name], 1e-6)) + sd * z)
        labels.append((name, row["label"]))
    columns.append(streams.normal(people.seed, "assay of nothing", people.ids)[:, 0])
    return [*labels, ("noise", NOISE)], np.stack(columns, axis=1)


def ranked(labels: list[tuple[str, str]], x: Array, course: Array, ends: Array, seed: int) -> pd.DataFrame:
    """Table of markers x (n, k): course (2, n) benefit and untreated inflammation; ends (2, n) endpoint with, without."""
    from scipy.stats import rankdata
    from statsmodels.stats.multitest import multipletests

    ranks = _standard(rankdata(x, axis=0))
    benefit, outcome = (_standard(rankdata(y)[:, None])[:, 0] for y in course)
    n = len(x)
    value, prognosis = ranks.T @ benefit / n, ranks.T @ outcome / n
    order = np.argsort(streams.uniform(seed, "biomarker permutation", np.arange(PERMUTATIONS), n), axis=1)
    null = np.abs(benefit[order] @ ranks / n)
    p = (1 + (null >= np.abs(value) - 1e-12).sum(axis=0)) / (1 + PERMUTATIONS)
    q = multipletests(p, method="fdr_bh")[1]
    gain = ends[0] - ends[1]
    rows = []
    for j, (name, label) in enumerate(labels):
        high = x[:, j] > np.median(x[:, j])
        halves = float(gain[high].mean()), float(gain[~high].mean())
        error = [np.var(ends[a][half]) for a in (0, 1) for half in (high, ~high)]
        rows.append((name, label, value[j], p[j], q[j], prognosis[j], *halves, float(np.sqrt(2 * sum(error)))))
    names = ["marker", "label", "with_benefit", "p", "q", "with_outcome", "gain_high", "gain_low", "error_of_one"]
    return pd.DataFrame(rows, columns=names).sort_values("with_benefit", key=np.abs, ascending=False, ignore_index=True)


def _standard(ranks: Array) -> Array:
    """Columns with mean 0 and variance 1 (a constant column becomes 0)."""
    sd = ranks.std(axis=0)
    return np.asarray((ranks - ranks.mean(axis=0)) / np.where(sd > 0, sd, 1.0))


def power(table: pd.DataFrame, n: int, alpha: float = 0.05) -> Array:
    """Power (k,) of a parallel trial with n patients an arm to see each marker's interaction, cut at the median."""
    from scipy.stats import norm

    shift = (table["gain_high"] - table["gain_low"]) / np.maximum(table["error_of_one"] / np.sqrt(n), 1e-12)
    edge = norm.ppf(1 - alpha / 2)
    return np.asarray(norm.cdf(shift - edge) + norm.cdf(-shift - edge))


def combined(x: Array, benefit: Array, seed: int) -> tuple[float, float]:
    """Rank correlation of benefit with its prediction from all markers, and the 95th percentile with permuted benefit.

    Ridge regression whose penalty is chosen inside each training part, predicted in the part left out.
    """
    from scipy.stats import spearmanr
    from sklearn.linear_model import RidgeCV
    from sklearn.model_selection import KFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    if np.ptp(benefit) == 0:
        return 0.0, 0.0
    model = make_pipeline(StandardScaler(), RidgeCV(np.logspace(-2, 4, 7)))
    folds = KFold(FOLDS, shuffle=True, random_state=seed)

    def score(y: Array) -> float:
        return float(spearmanr(cross_val_predict(model, x, y, cv=folds), y).statistic)

    order = np.argsort(streams.uniform(seed, "composite permutation", np.arange(40), len(x)), axis=1)
    return score(benefit), float(np.quantile([score(benefit[o]) for o in order], 0.95))
