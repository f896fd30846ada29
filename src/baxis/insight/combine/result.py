"""Effects, harms and synergy of a simulated dose surface, with intervals over patients, draws and structures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ... import axis
from ...core import streams
from . import nulls, setting

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ...clinic.settings import Settings
    from .surface import Ask

Array = NDArray[np.float64]
Doses = list[tuple[float, ...]]
REPLICATES = 200
NOTICE = "For research use only: not for decisions about a patient."


@dataclass(frozen=True)
class Combination:
    """surface: one row a structure and dose combination (effect, IgG loss, B-cell depletion, each a fraction);
    synergy: one row a null and dose combination, excess of the effect over it, 90 % intervals under each structure and
    over both, and a verdict; recipe: setting, regimens, seed, numbers of patients, failures."""

    drugs: tuple[str, ...]
    disease: str
    endpoint: str
    surface: pd.DataFrame
    synergy: pd.DataFrame
    flags: tuple[str, ...]
    recipe: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "drugs": list(self.drugs),
            "disease": self.disease,
            "endpoint": self.endpoint,
            "surface": self.surface.to_dict("records"),
            "synergy": self.synergy.to_dict("records"),
            "flags": list(self.flags),
            "recipe": self.recipe,
        }

    def plot(self) -> Figure:
        """Figure: effect of each drug and of the pair, and excess over each null with its interval."""
        from .figures import overview

        return overview(self)


def assemble(
    question: Ask,
    doses: Doses,
    values: dict[str, list[dict[str, Array]]],
    screened: int,
    settings: Settings,
) -> Combination:
    """Tables from what each arm showed; replicates resample patients, and with them the posterior draws they carry."""
    lost = ~np.all([np.isfinite(v["infl"]) for rows in values.values() for v in rows], axis=0)
    keep = np.flatnonzero(~lost)
    picks = streams.generator(settings.seed, "combination replicates").integers(keep.size, size=(REPLICATES, keep.size))
    weights = np.stack([np.bincount(p, minlength=keep.size) for p in picks]) / keep.size
    weights = np.vstack([np.full(keep.size, 1.0 / keep.size), weights])
    surface, effects = [], {}
    for name, rows in values.items():
        means = {k: weights @ np.stack([r[k][keep] for r in rows], axis=1) for k in rows[0]}
        effects[name] = effect(means, doses)
        surface += _surface(name, doses, means, effects[name])
    names = tuple(r[0].drug for r in question.regimens)
    recipe = {
        "setting": question.design.trial_id,
        "weeks": question.design.weeks,
        "regimens": [setting.words(r) for r in question.regimens],
        "start_days": list(question.starts),
        "seed": settings.seed,
        "patients": int(keep.size),
        "screened": screened,
        "failures": int(lost.sum()),
        "replicates": REPLICATES,
        "notice": NOTICE,
    }
    table = pd.DataFrame(synergy(doses, effects))
    return Combination(names, question.disease, question.endpoint, pd.DataFrame(surface), table, flags(names), recipe)


def effect(means: dict[str, Array], doses: Doses) -> Array:
    """Share of inflammation taken off, or of non-responders without drug who respond; (replicates, doses)."""
    none = doses.index(tuple(0.0 for _ in doses[0]))
    if "response" in means:
        y = means["response"]
        return np.asarray((y - y[:, [none]]) / np.maximum(1.0 - y[:, [none]], 1e-9))
    return np.asarray(1.0 - means["infl"] / means["infl"][:, [none]])


def _surface(name: str, doses: Doses, means: dict[str, Array], effects: Array) -> list[dict[str, Any]]:
    none = doses.index(tuple(0.0 for _ in doses[0]))
    out = []
    for i, d in enumerate(doses):
        row: dict[str, Any] = {"structure": name, "doses": d}
        harms = {"IgG loss": "igg", "B-cell depletion": "bcount"}
        shown = {"effect": effects[:, i]}
        shown |= {label: 1.0 - means[key][:, i] / means[key][:, none] for label, key in harms.items()}
        for label, v in shown.items():
            row[label] = float(v[0])
            row[f"{label} 90 %"] = _interval(v[1:])
        out.append(row)
    return out


def _interval(v: Array) -> list[float]:
    return [float(x) for x in np.quantile(v, (0.05, 0.95))]


def synergy(doses: Doses, effects: dict[str, Array]) -> list[dict[str, Any]]:
    """Excess over each null at every combination of at least two drugs."""
    k = len(doses[0])
    levels = np.array(sorted({d[0] for d in doses if not any(d[1:])}))
    at = [[doses.index(tuple(v if j == i else 0.0 for j in range(k))) for v in levels] for i in range(k)]
    rows = []
    for n, d in enumerate(doses):
        if np.count_nonzero(d) < 2:
            continue
        excess = {
            s: [_excess(levels, np.array([e[r, a] for a in at]), d, float(e[r, n])) for r in _replicates(e, d)]
            for s, e in effects.items()
        }
        rows += [_row(name, d, {s: np.array([v[name] for v in x]) for s, x in excess.items()}) for name in nulls.NAMES]
    return rows


def _replicates(effects: Array, doses: tuple[float, ...]) -> range:
    """All replicates at the full doses; elsewhere a fifth of them, enough for an interval."""
    return range(len(effects) if all(x in (0.0, 1.0) for x in doses) else 1 + (len(effects) - 1) // 5)


def _excess(levels: Array, curves: Array, doses: tuple[float, ...], seen: float) -> dict[str, float]:
    return {n: seen - v for n, v in nulls.references(levels, curves, np.array(doses)).items()}


def _row(name: str, doses: tuple[float, ...], by: dict[str, Array]) -> dict[str, Any]:
    """Excess with its interval under each structure; the verdict holds only when both structures agree."""
    row: dict[str, Any] = {"null": name, "doses": doses}
    for s, v in by.items():
        row[s] = float(v[0])
        row[f"{s} 90 %"] = _interval(v[1:])
    low = min(row[f"{s} 90 %"][0] for s in by)
    high = max(row[f"{s} 90 %"][1] for s in by)
    tiny = 1e-3  # a tenth of a percent of the effect: below the solver's tolerance on a mean
    row["both 90 %"] = [low, high]
    row["verdict"] = "more than the null" if low > tiny else "less than the null" if high < -tiny else "not decided"
    return row


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
    return tuple(out)
