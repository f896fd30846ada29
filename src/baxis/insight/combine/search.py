"""Every pair of drugs (class representatives by default) in one disease: benefit against harms and IgG lost, and the front."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any, Unpack

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from baxis import axis, evidence
from baxis.clinic.conduct.laboratory import Laboratory
from baxis.clinic.conduct.settings import Changes, Settings, settle, unread
from baxis.clinic.result.recipe import basis
from baxis.core.errors import BaxisError
from baxis.insight.combine import harm, setting
from baxis.insight.combine.asked import Ask, Shown
from baxis.insight.combine.assemble import NOTICE, enough, interval, resampled
from baxis.insight.combine.combination import Search
from baxis.insight.combine.surface import INFLAMMATION, ask, measure

Array = NDArray[np.float64]
WEEKS = 24.0
HARMS = "serious harms"
STEPS = (0.05, 0.01)  # IgG loss and harms a patient that count as different on the front


def combine_search(
    disease: str, all_pairs: bool = False, settings: Settings | None = None, **changes: Unpack[Changes]
) -> Search:
    """Exhaustive search over pairs. all_pairs: every drug of the library, instead of one of each class.

    changes: fields of Settings (60 patients by default). Raises UnknownName for a disease that is not held.
    """
    chosen = settle(settings or Settings(patients=60), changes)
    unread(chosen, "combine-search", {"evidence": setting.SHIPPED})
    code = setting.known_disease(disease)
    enough(chosen.patients)
    left_out: dict[str, str] = {}
    regimens = {}
    for name in candidates(code, all_pairs):
        try:
            regimens[name] = setting.regimen(name, code)
        except BaxisError as e:
            left_out[name] = str(e)
    base = ask(list(regimens)[:2], code, INFLAMMATION, WEEKS, 0.0)
    lab = Laboratory(base.design, replace(chosen, progress=None))
    people, screened = lab.screen()
    teams: list[tuple[str, ...]] = [(), *((n,) for n in regimens), *combinations(regimens, 2)]
    shown: dict[tuple[str, ...], Shown] = {}
    for i, team in enumerate(teams):
        asked = Ask(code, tuple(regimens[n] for n in team), base.design, INFLAMMATION, (0.0,) * len(team))
        try:
            shown[team] = measure(asked, lab, people, (1.0,) * len(team))
        except BaxisError as e:
            left_out[" + ".join(team)] = str(e)
        if chosen.progress:
            chosen.progress(i + 1, len(teams))
    recipe = basis(base.design, chosen, ()) | {
        "setting": base.design.trial_id,
        "weeks": WEEKS,
        "regimens": {n: setting.words(r) for n, r in regimens.items()},
        "patients": len(people.ids),
        "screened": screened,
        "budget": f"exhaustive: {len(teams)} arms",
        "caveats": harm.caveats(list(regimens)),
        "no_class_harms_held": [n for n in regimens if (n,) in shown and not shown[n,].cost.others],
        "notice": NOTICE,
    }
    return Search(code, _table(shown, chosen.seed), left_out, recipe)


def candidates(disease: str, every: bool) -> list[str]:
    """Drugs to pair: all, or of each class the one with most arms in the disease's trials, then in any."""
    arms = evidence.load().arms
    trials = evidence.load().trials.set_index("trial_id")["disease"]
    here = arms[arms["trial_id"].map(trials) == disease]["drug"].str.casefold().value_counts()
    anywhere = arms["drug"].str.casefold().value_counts()
    drugs = [axis.drug(n) for n in axis.drugs()]
    usable = [d for d in drugs if not d.background and not d.cell_therapy]
    if every:
        return [d.name for d in usable]
    best: dict[str, tuple[int, int, str]] = {}
    for d in usable:
        rank = (int(here.get(d.name.casefold(), 0)), int(anywhere.get(d.name.casefold(), 0)), d.name)
        best[d.class_] = max(best.get(d.class_, rank), rank)
    return sorted(r[2] for r in best.values())


def _table(shown: dict[tuple[str, ...], Shown], seed: int) -> pd.DataFrame:
    """Means with intervals; patients lost by the solver in any arm are left out of all."""
    keep, weights = resampled(list(shown.values()), seed, "search replicates")
    none, teams = shown[()].values, [t for t in shown if t]
    arms = {key: weights @ np.stack([shown[t].values[key][keep] for t in teams], axis=1) for key in ("infl", "igg")}
    base = {key: (weights @ none[key][keep])[:, None] for key in arms}
    effect, loss = (1.0 - arms[key] / base[key] for key in ("infl", "igg"))
    counted = _counted(teams, loss)
    harms = harm.draws([shown[t].cost for t in teams], keep, weights, seed)
    events = np.nan_to_num(harms[harm.INFECTION]) + harms[harm.OTHERS]
    costs = np.round(np.stack([counted, events], axis=2) / STEPS)
    best = np.stack([front(e, c) for e, c in zip(effect, costs, strict=True)])
    rows = []
    for i, t in enumerate(teams):
        row: dict[str, Any] = {"drugs": " + ".join(t)}
        for label, v in {"effect": effect, "IgG loss": loss, HARMS: events, **harms}.items():
            row |= {label: float(v[0, i]), f"{label} 90 %": interval(v[1:, i])}
        row |= {
            "class harms": harm.words(shown[t].cost),
            "on the front": bool(best[0, i]),
            "front": float(best[1:, i].mean()),
        }
        rows.append(row)
    return pd.DataFrame(rows).sort_values("effect", ascending=False, ignore_index=True)


def _counted(teams: list[tuple[str, ...]], loss: Array) -> Array:
    """IgG loss (R, n) as it counts: a gain is none, and a pair loses at least what either drug loses alone."""
    at = {t: i for i, t in enumerate(teams)}
    out = np.maximum(loss, 0.0)
    for t, i in at.items():
        for name in t if len(t) > 1 else ():
            if (name,) in at:
                out[:, i] = np.maximum(out[:, i], loss[:, at[name,]])
    return out


def front(effect: Array, costs: Array) -> NDArray[np.bool_]:
    """(n,): no other has at least the effect at no more of each of the costs (n, c), one of them strictly better."""
    better, strictly = effect[None] >= effect[:, None], effect[None] > effect[:, None]
    for cost in costs.T:
        better = better & (cost[None] <= cost[:, None])
        strictly = strictly | (cost[None] < cost[:, None])
    return np.asarray(~(better & strictly).any(axis=1))
