"""Which of two drugs first, and how long apart: a scan of start times in the same virtual patients."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from baxis.clinic.conduct.laboratory import Laboratory
from baxis.clinic.conduct.settings import Changes, Settings, settle, unread
from baxis.clinic.design import prescribed
from baxis.clinic.result.recipe import basis
from baxis.core.errors import InvalidValue
from baxis.insight.combine import harm, setting
from baxis.insight.combine.asked import MEAN, Shown
from baxis.insight.combine.assemble import NOTICE, enough, flags, interval, resampled
from baxis.insight.combine.combination import Timing
from baxis.insight.combine.surface import INFLAMMATION, STRUCTURES, ask, measure, rival

if TYPE_CHECKING:
    pass

Array = NDArray[np.float64]
GAPS = (-24.0, -12.0, -8.0, -4.0, 0.0, 4.0, 8.0, 12.0, 24.0)
WEEKS = 52.0
END = "effect at the end"
IGG = "lowest IgG loss"
LABELS = {
    END: "inflammation taken off at the end",
    MEAN: "inflammation taken off, mean over time",
    IGG: "IgG lost, lowest point",
}


def timing(
    drugs: list[str],
    disease: str,
    weeks: float = WEEKS,
    gaps: tuple[float, ...] = GAPS,
    settings: Settings | None = None,
    **changes: Unpack[Changes],
) -> Timing:
    """Two drugs begun at every gap of `gaps` (weeks), judged `weeks` after the first start. Default 100 patients.

    Raises UnknownName, InvalidValue or Unsupported before anything is simulated.
    """
    chosen = settle(settings or Settings(patients=100), changes)
    unread(chosen, "combine", {"evidence": setting.SHIPPED})
    gaps = tuple(sorted({0.0, *map(float, gaps)}))
    if len(drugs) != 2:
        raise InvalidValue("drugs of a timing scan", len(drugs), "two")
    if len(gaps) < 2 or not all(abs(g) < weeks for g in gaps):  # also refuses what is not a number
        raise InvalidValue("gaps", list(gaps), f"weeks between starts, shorter than the {weeks:g} weeks of the scan")
    enough(chosen.patients)
    question = ask(drugs, disease, INFLAMMATION, weeks, 0.0)
    lab = Laboratory(question.design, replace(chosen, progress=None))
    people, screened = lab.screen()
    starts = [(max(-g, 0.0) * 7.0, max(g, 0.0) * 7.0) for g in gaps]
    shown: dict[str, list[Shown]] = {}
    for s, (name, w_mul) in enumerate(STRUCTURES.items()):
        own = people if w_mul == 0 else rival(people, w_mul, chosen)
        shown[name] = [measure(question, lab, own, (0.0, 0.0))]
        for i, start in enumerate(starts):
            shown[name].append(measure(replace(question, starts=start), lab, own, (1.0, 1.0)))
            if chosen.progress:
                chosen.progress(s * len(gaps) + i + 1, len(STRUCTURES) * len(gaps))
    rows = _rows(shown, gaps, chosen.seed)
    names = tuple(r[0].drug for r in question.regimens)
    n = len(people.ids)
    remarks = prescribed.of_regimens(question.regimens, question.design.weeks)
    recipe = basis(question.design, chosen, remarks) | {
        "setting": question.design.trial_id,
        "weeks": weeks,
        "regimens": [setting.words(r) for r in question.regimens],
        "patients": n,
        "screened": screened,
        "failures": n - int(np.all([np.isfinite(v.values["infl"]) for r in shown.values() for v in r], axis=0).sum()),
        "notice": NOTICE,
    }
    return Timing(names, question.disease, pd.DataFrame(rows), flags(names), recipe)


def _rows(shown: dict[str, list[Shown]], gaps: tuple[float, ...], seed: int) -> list[dict[str, Any]]:
    """Rows of the table; the first arm of each structure is no drug."""
    keep, weights = resampled([v for rows in shown.values() for v in rows], seed, "timing replicates")
    together, out = gaps.index(0.0), []
    gains: dict[str, Array] = {}
    for name, arms in shown.items():
        means = {k: weights @ np.stack([a.values[k][keep] for a in arms], axis=1) for k in arms[0].values}
        parts = {END: "infl", MEAN: "mean_infl", IGG: "low_igg"}
        values = {label: (1.0 - means[key] / means[key][:, [0]])[:, 1:] for label, key in parts.items()}
        values |= {k: v[:, 1:] for k, v in harm.draws([a.cost for a in arms], keep, weights, seed).items()}
        gains[name] = values[MEAN] - values[MEAN][:, [together]]
        values["gain"] = gains[name]
        for i, gap in enumerate(gaps):
            row: dict[str, Any] = {"structure": name, "gap_weeks": gap}
            for label, v in values.items():
                row |= {label: float(v[0, i]), f"{label} 90 %": interval(v[1:, i])}
            out.append(row)
    for row in out:
        i = gaps.index(row["gap_weeks"])
        low, high = (f(interval(g[1:, i])[k] for g in gains.values()) for k, f in ((0, min), (1, max)))
        tiny = 1e-3  # below the solver's tolerance on a mean
        row["verdict"] = "better" if low > tiny else "worse" if high < -tiny else "not decided"
    return out
