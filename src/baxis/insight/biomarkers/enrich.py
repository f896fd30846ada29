"""What a trial gains by taking only patients on one side of a marker's cut-off: effect, patients, patients screened.

Designs: all comers; enriched (only the chosen side enters); stratified (all enter, the effect is tested within the two
strata and pooled by size). Sizes are for two equal arms and a two-sided 5 % test of the endpoint's difference.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Unpack

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from baxis.clinic.conduct.settings import Changes, Settings, settle
from baxis.clinic.people.posterior import between_draws
from baxis.clinic.result.recipe import NOTICE, basis
from baxis.core import streams
from baxis.core.errors import InvalidValue, UnknownName
from baxis.core.plain import finite, records
from baxis.insight.bench.scenario import Scenario, scenario
from baxis.insight.biomarkers import measured
from baxis.insight.explain.runs import Bench

Array = NDArray[np.float64]
LEAST, DRAWS, ALPHA = 100, 2000, 0.05
WANTED, MOST = (0.8, 0.9), 100_000  # powers; patients an arm beyond which no trial is looked for


@dataclass(frozen=True)
class Cutoff:
    """Patients with the marker at or above this quantile of the trial's population (below it, when `below`)."""

    marker: str
    quantile: float = 0.5
    below: bool = False


@dataclass(frozen=True, eq=False)
class Enrichment:
    """table: one row a design, with the endpoint's effect, sizes for 80 and 90 % power at the expected effect (`n_arm`) and
    for 80 and 90 % assurance over its uncertainty (`assured`, NaN where no size gives it), patients screened, assurance.

    errors: what the assay's error costs: share of enrolled who belong on the other side (`false_positive`), share of those
    who belong on the chosen side and are excluded (`missed`), and sizes with a perfect assay (`n_arm_80`, `n_arm_90`).
    """

    scenario: Scenario
    cutoff: Cutoff
    table: pd.DataFrame
    errors: dict[str, float]
    recipe: dict[str, Any] = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Plain data; NaN becomes null."""
        s, c = self.scenario, self.cutoff
        head: dict[str, Any] = {"drug": s.drug, "disease": s.design.disease, "regimen": s.regimen, "origin": s.origin}
        head |= {"endpoint": s.endpoint.name, "week": s.endpoint.week}
        head |= {"marker": c.marker, "quantile": c.quantile, "below": c.below}
        designs = records(self.table)
        return dict(finite({**head, "designs": designs, "errors": self.errors, "recipe": self.recipe}))


def enrich(
    drug: str,
    disease: str,
    cutoff: Cutoff | str,
    *,
    dose: str | None = None,
    endpoint: str | None = None,
    settings: Settings | None = None,
    **changes: Unpack[Changes],
) -> Enrichment:
    """Compare all comers, an enriched and a stratified trial of a drug (2000 virtual patients by default).

    cutoff: the marker and where it is cut, or the marker's name alone (its median). Raises BaxisError for
    unknown names, a quantile outside 0 to 1, and fewer than 100 patients on either side.
    """
    chosen = settle(settings or Settings(patients=2000), changes)
    cutoff = Cutoff(cutoff) if isinstance(cutoff, str) else cutoff
    if not 0 < cutoff.quantile < 1:
        raise InvalidValue("cutoff", cutoff.quantile, "a quantile between 0 and 1, such as 0.5")
    least = min(cutoff.quantile, 1 - cutoff.quantile) * chosen.patients
    if least < LEAST:
        raise InvalidValue("patients on the smaller side of the cut-off", int(least), f"at least {LEAST}; use more")
    asked = scenario(drug, disease, dose, endpoint, None, chosen)
    bench = Bench(asked, chosen)
    labels, x = measured(bench.people)
    names = [name for name, _ in labels]
    if cutoff.marker not in names:
        raise UnknownName("marker", cutoff.marker, names)
    bench.total = 2
    ends = np.stack([bench.run(asked.treated).endpoint, bench.run(asked.control).endpoint])
    ok = np.isfinite(ends).all(axis=0)
    at = names.index(cutoff.marker)
    side, truly = (_side(y[ok, at], cutoff) for y in (x, measured(bench.people, exact=True)[1]))
    work = Sizing(ends[:, ok], bench.people.ids[ok], disease, chosen.seed)
    recipe = basis(asked.design, chosen, asked.remarks) | {
        "patients": int(ok.sum()),
        "failures": int((~ok).sum()),
        "notice": NOTICE,
    }
    recipe["unit"] = "share" if asked.endpoint.name not in asked.tool.continuous else "points"
    return Enrichment(asked, cutoff, work.designs(side, asked.treated.n), work.errors(side, truly), recipe)


def _side(value: Array, cutoff: Cutoff) -> NDArray[np.bool_]:
    """(n,): who is on the chosen side of the cut-off."""
    return np.asarray((value >= np.quantile(value, cutoff.quantile)) != cutoff.below)


@dataclass(frozen=True, eq=False)
class Sizing:
    """Endpoints (2, n) with and without the drug; effects, their uncertainty, and numbers of patients."""

    ends: Array
    ids: NDArray[np.int64]
    disease: str
    seed: int

    def designs(self, side: NDArray[np.bool_], n: int) -> pd.DataFrame:
        """One row a design; assurance is for n patients an arm."""
        everyone, share = np.ones_like(side), float(side.mean())
        rows = [self._row("all comers", everyone, self._noise(everyone), 1.0, n)]
        rows.append(self._row("enriched", side, self._noise(side), share, n))
        within = share * self._noise(side) + (1 - share) * self._noise(~side)
        rows.append(self._row("stratified", everyone, within, 1.0, n))
        rows.append(self._row("left out by enriching", ~side, self._noise(~side), 1 - share, n))
        return pd.DataFrame(rows)

    def _noise(self, who: NDArray[np.bool_]) -> float:
        """Sum of the variances of the endpoint in the two arms."""
        return float(sum(np.var(arm[who]) for arm in self.ends))

    def errors(self, side: NDArray[np.bool_], truly: NDArray[np.bool_]) -> dict[str, float]:
        """Cost of the assay's error: `side` as measured, `truly` without error, each (n,)."""
        out = {
            "false_positive": float((side & ~truly).sum() / side.sum()),
            "missed": float((truly & ~side).sum() / truly.sum()),
        }
        noise, effect = self._noise(truly), float((self.ends[0] - self.ends[1])[truly].mean())
        return out | {f"n_arm_{100 * w:.0f}": self._size(w, noise, effect) for w in WANTED}

    def _size(self, wanted: float, noise: float, effect: float) -> float:
        """Patients an arm for a power at an effect."""
        from scipy.stats import norm

        edge = norm.ppf(1 - ALPHA / 2) + norm.ppf(wanted)
        return float(np.ceil(edge**2 * noise / effect**2)) if abs(effect) > 1e-9 else float("nan")

    def _row(self, design: str, who: NDArray[np.bool_], noise: float, share: float, n: int) -> dict[str, Any]:
        gain = (self.ends[0] - self.ends[1])[who]
        effect = float(gain.mean())
        spread = np.hypot(gain.std() / np.sqrt(gain.size), between_draws(gain, self.ids[who], self.disease))
        truth = effect + spread * streams.normal(self.seed, "assurance", np.arange(DRAWS))[:, 0]
        row = {"design": design, "share": share, "effect": effect, "ci_low": effect - 1.645 * spread}
        row |= {"ci_high": effect + 1.645 * spread, "screened_out": 1 - share, "arm_size": n}
        for wanted in WANTED:
            size, safe = self._size(wanted, noise, effect), assured(wanted, truth, noise)
            row |= {f"n_arm_{100 * wanted:.0f}": size, f"screened_{100 * wanted:.0f}": np.ceil(2 * size / share)}
            row |= {f"assured_{100 * wanted:.0f}": safe}
        return {**row, "assurance": assurance(n, truth, noise)}


def assurance(n: float, truth: Array, noise: float) -> float:
    """Power with n patients an arm to find the expected direction, averaged over effects `truth` (m,)."""
    from scipy.stats import norm

    sign = np.sign(truth.mean()) or 1.0
    error = max(np.sqrt(noise / n), 1e-12)
    return float(norm.cdf(sign * truth / error - norm.ppf(1 - ALPHA / 2)).mean())


def assured(wanted: float, truth: Array, noise: float) -> float:
    """Smallest number of patients an arm whose assurance reaches `wanted`; NaN where the most that is tried does not."""
    low, high = 2, MOST
    if assurance(high, truth, noise) < wanted:
        return float("nan")
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if assurance(middle, truth, noise) >= wanted else (middle + 1, high)
    return float(low)
