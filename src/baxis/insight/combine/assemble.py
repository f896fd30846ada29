"""Effects, harms and synergy of a simulated dose surface, with intervals over patients, draws and structures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from baxis import axis
from baxis.clinic.design import prescribed
from baxis.clinic.result.recipe import basis
from baxis.core import streams
from baxis.core.errors import InvalidValue
from baxis.insight.combine import harm, nulls, setting
from baxis.insight.combine.combination import Combination

if TYPE_CHECKING:
    pass
if TYPE_CHECKING:
    pass
if TYPE_CHECKING:
    pass

if TYPE_CHECKING:
    from baxis.clinic.conduct.settings import Settings
    from baxis.insight.combine.asked import Ask, Shown

Array = NDArray[np.float64]
Doses = list[tuple[float, ...]]
REPLICATES = 200
LEAST = 10  # patients for an interval
COSTS = {"IgG loss": "igg", "B-cell depletion": "bcount"}
SHOWN = ("effect", *COSTS, harm.INFECTION, harm.OTHERS)
NOTICE = "For research use only: not for decisions about a patient."


def assemble(
    question: Ask,
    doses: Doses,
    values: dict[str, list[Shown]],
    screened: int,
    settings: Settings,
) -> Combination:
    """Tables from what each arm showed; replicates resample patients, and with them the posterior draws they carry."""
    keep, weights = resampled([v for rows in values.values() for v in rows], settings.seed, "combination replicates")
    surface, effects = [], {}
    for name, rows in values.items():
        means = {k: weights @ np.stack([r.values[k][keep] for r in rows], axis=1) for k in rows[0].values}
        effects[name] = effect(means, doses)
        shown = {"effect": effects[name], **lost(means, doses)}
        shown |= harm.draws([r.cost for r in rows], keep, weights, settings.seed)
        surface += _surface(name, doses, shown)
    names = tuple(r[0].drug for r in question.regimens)
    every = next(iter(values.values()))
    remarks = prescribed.of_regimens(question.regimens, question.design.weeks)
    recipe = basis(question.design, settings, remarks) | {
        "setting": question.design.trial_id,
        "weeks": question.design.weeks,
        "regimens": [setting.words(r) for r in question.regimens],
        "start_days": list(question.starts),
        "patients": int(keep.size),
        "screened": screened,
        "failures": int(len(every[0].values["infl"]) - keep.size),
        "replicates": REPLICATES,
        "class_harms": harm.words(every[doses.index((1.0,) * len(names))].cost),
        "notice": NOTICE,
    }
    table = pd.DataFrame(synergy(doses, effects))
    return Combination(
        drugs=names,
        disease=question.disease,
        endpoint=question.endpoint,
        surface=pd.DataFrame(surface),
        synergy=table,
        flags=flags(names),
        recipe=recipe,
    )


def resampled(shown: list[Shown], seed: int, purpose: str) -> tuple[NDArray[np.int64], Array]:
    """Patients that finished every arm, and weights (1 + REPLICATES, m): themselves, then bootstrap samples.

    Raises InvalidValue where too few finished for an interval.
    """
    keep = np.flatnonzero(np.all([np.isfinite(s.values["infl"]) for s in shown], axis=0))
    if keep.size < LEAST:
        raise InvalidValue("patients that the solver finished", int(keep.size), f"at least {LEAST}, for an interval")
    picks = streams.generator(seed, purpose).integers(keep.size, size=(REPLICATES, keep.size))
    weights = np.stack([np.bincount(p, minlength=keep.size) for p in picks]) / keep.size
    return keep, np.vstack([np.full(keep.size, 1.0 / keep.size), weights])


def effect(means: dict[str, Array], doses: Doses) -> Array:
    """Share of inflammation taken off, or of non-responders without drug who respond; (replicates, doses)."""
    none = doses.index(tuple(0.0 for _ in doses[0]))
    if "response" in means:
        y = means["response"]
        return np.asarray((y - y[:, [none]]) / np.maximum(1.0 - y[:, [none]], 1e-9))
    return np.asarray(1.0 - means["infl"] / means["infl"][:, [none]])


def lost(means: dict[str, Array], doses: Doses) -> dict[str, Array]:
    """Shares of IgG and of blood B cells lost against no drug, (replicates, doses)."""
    none = doses.index(tuple(0.0 for _ in doses[0]))
    return {label: 1.0 - means[key] / means[key][:, [none]] for label, key in COSTS.items()}


def _surface(name: str, doses: Doses, shown: dict[str, Array]) -> list[dict[str, Any]]:
    out = []
    for i, d in enumerate(doses):
        row: dict[str, Any] = {"structure": name, "doses": d}
        for label, v in shown.items():
            row[label] = float(v[0, i])
            row[f"{label} 90 %"] = interval(v[1:, i])
        out.append(row)
    return out


def interval(v: Array) -> list[float]:
    """Central 90 % of replicates."""
    return [float(x) for x in np.quantile(v, (0.05, 0.95))]


def synergy(doses: Doses, effects: dict[str, Array]) -> list[dict[str, Any]]:
    """Excess over each null at every combination of at least two drugs."""
    several = [n for n, d in enumerate(doses) if np.count_nonzero(d) > 1]
    excess = {s: Excess(doses, e) for s, e in effects.items()}
    rows = []
    for n in several:
        by = {s: x.at(n) for s, x in excess.items()}
        rows += [_row(name, doses[n], {s: v[name] for s, v in by.items()}) for name in nulls.NAMES]
    return rows


def enough(patients: int) -> None:
    """InvalidValue before anything is run, for fewer patients than an interval needs."""
    if patients < LEAST:
        raise InvalidValue("patients", patients, f"at least {LEAST}, for an interval")


def flags(names: tuple[str, ...]) -> tuple[str, ...]:
    """What the model does not know of these drugs together, one sentence each."""
    small = sorted({n for n in names if axis.drug(n).modality == "small molecule"})
    out = []
    if len(small) > 1:
        out.append(
            f"Unknown pharmacokinetic interaction: {' with '.join(small)} are small molecules; the library has no data "
            "on shared metabolism or transport (CYP, P-gp), each is given its kinetics alone."
        )
    if len(set(names)) < len(names):
        out.append("The same drug twice: a sham combination, which must be Loewe-additive.")
    return (*out, *harm.caveats(names))


class Excess:
    """Excess of effects (R, D) over the nulls, from the curves of the single drugs among the doses."""

    def __init__(self, doses: Doses, effects: Array) -> None:
        k = len(doses[0])
        self.doses, self.effects = np.array(doses), effects
        self.levels = np.array(sorted({d[0] for d in doses if not any(d[1:])}))
        at = [[doses.index(tuple(v if j == i else 0.0 for j in range(k))) for v in self.levels] for i in range(k)]
        self.curves = effects[:, np.array(at)]  # (R, k, L)
        self.fitted = self._zip(doses) if k == 2 else effects
        self.expected = nulls.zip_expected(self.levels, self.curves, self.doses)

    def _zip(self, doses: Doses) -> Array:
        """Effects (R, D) as ZIP fits them on the matrix of two drugs; outside the matrix as they are."""
        grid = np.array(sorted({d[0] for d in doses if d[1] > 0}))
        at = np.array([[doses.index((a, b)) for b in grid] for a in grid])
        out = self.effects.copy()
        out[:, at] = nulls.zip_fitted(self.levels, self.curves, grid, self.effects[:, at])
        return out

    def at(self, n: int) -> dict[str, Array]:
        """Excess of dose combination n by null, one value a replicate; Loewe below full doses in a fifth of them."""
        dose, seen = self.doses[n], self.effects[:, n]
        place = [int(np.argmin(np.abs(self.levels - d))) for d in dose]
        single = self.curves[:, np.arange(dose.size), place]
        some = len(seen) if set(dose) <= {0.0, 1.0} else 1 + (len(seen) - 1) // 5
        loewe = np.array([nulls.loewe(self.levels, self.curves[r], dose) for r in range(some)])
        return {
            "HSA": seen - nulls.hsa(single[:, dose > 0]),
            "Bliss": seen - nulls.bliss(single),
            "Loewe": seen[:some] - loewe,
            "ZIP": self.fitted[:, n] - self.expected[:, n],
        }


def _row(name: str, doses: tuple[float, ...], by: dict[str, Array]) -> dict[str, Any]:
    """Excess with its interval under each structure; the verdict holds only when both structures agree."""
    row: dict[str, Any] = {"null": name, "doses": doses}
    for s, v in by.items():
        row[s] = float(v[0])
        row[f"{s} 90 %"] = interval(v[1:])
    low = min(row[f"{s} 90 %"][0] for s in by)
    high = max(row[f"{s} 90 %"][1] for s in by)
    tiny = 1e-3  # a tenth of a percent of the effect: below the solver's tolerance on a mean
    row["both 90 %"] = [low, high]
    row["verdict"] = "more than the null" if low > tiny else "less than the null" if high < -tiny else "not decided"
    return row
