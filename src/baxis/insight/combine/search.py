"""Every pair of drugs (class representatives by default) in one disease: benefit against IgG lost, and the front."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ... import axis, evidence
from ...clinic.settings import Settings
from ...clinic.trial import Laboratory
from ...core import streams
from ...core.errors import BaxisError
from . import setting
from .result import NOTICE
from .surface import INFLAMMATION, Ask, ask, measure

Array = NDArray[np.float64]
REPLICATES = 200
WEEKS = 24.0


@dataclass(frozen=True)
class Search:
    """table: one row a drug or pair: effect and IgG loss (fractions) with 90 % intervals, `front`: the share of
    replicates in which no other has more effect and less IgG loss (a gain counts as no loss); left_out: drug or pair -> why; recipe."""

    disease: str
    table: pd.DataFrame
    left_out: dict[str, str]
    recipe: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        rows = self.table.to_dict("records")
        return {"disease": self.disease, "table": rows, "left_out": self.left_out, "recipe": self.recipe}


def search(disease: str, all_pairs: bool = False, settings: Settings | None = None) -> Search:
    """Exhaustive search over pairs. all_pairs: every drug of the library, instead of one of each class. Default 60
    patients. Raises UnknownName for a disease that is not held."""
    chosen = settings or Settings(patients=60)
    code = setting.known_disease(disease)
    left_out: dict[str, str] = {}
    regimens = {}
    for name in candidates(code, all_pairs):
        try:
            regimens[name] = setting.regimen(name, code)
        except BaxisError as e:
            left_out[name] = str(e)
    some = next(iter(combinations(regimens, 2)))
    base = ask(list(some), code, INFLAMMATION, WEEKS, 0.0)
    lab = Laboratory(base.design, replace(chosen, progress=None))
    people, screened = lab.screen()
    teams: list[tuple[str, ...]] = [(), *((n,) for n in regimens), *combinations(regimens, 2)]
    shown: dict[tuple[str, ...], dict[str, Array]] = {}
    for i, team in enumerate(teams):
        asked = Ask(code, tuple(regimens[n] for n in team), base.design, INFLAMMATION, (0.0,) * len(team))
        try:
            shown[team] = measure(asked, lab, people, (1.0,) * len(team), (replace(chosen, progress=None), 0))
        except BaxisError as e:
            left_out[" + ".join(team)] = str(e)
        if chosen.progress:
            chosen.progress(i + 1, len(teams))
    recipe = {
        "setting": base.design.trial_id,
        "weeks": WEEKS,
        "regimens": {n: setting.words(r) for n, r in regimens.items()},
        "seed": chosen.seed,
        "patients": len(people.ids),
        "screened": screened,
        "budget": f"exhaustive: {len(teams)} arms",
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


def _table(shown: dict[tuple[str, ...], dict[str, Array]], seed: int) -> pd.DataFrame:
    """Means with intervals; patients lost by the solver in any arm are left out of all."""
    ok = np.all([np.isfinite(v["infl"]) for v in shown.values()], axis=0)
    n = int(ok.sum())
    picks = streams.generator(seed, "search replicates").integers(n, size=(REPLICATES, n))
    weights = np.stack([np.full(n, 1.0 / n), *(np.bincount(p, minlength=n) / n for p in picks)])
    none, teams = shown[()], [t for t in shown if t]
    effect = np.stack([1 - (weights @ shown[t]["infl"][ok]) / (weights @ none["infl"][ok]) for t in teams], axis=1)
    loss = np.stack([1 - (weights @ shown[t]["igg"][ok]) / (weights @ none["igg"][ok]) for t in teams], axis=1)
    best = np.stack([front(e, np.maximum(c, 0.0)) for e, c in zip(effect, loss, strict=True)])
    rows = [
        {
            "drugs": " + ".join(t),
            "effect": float(effect[0, i]),
            "effect 90 %": [float(v) for v in np.quantile(effect[1:, i], (0.05, 0.95))],
            "IgG loss": float(loss[0, i]),
            "IgG loss 90 %": [float(v) for v in np.quantile(loss[1:, i], (0.05, 0.95))],
            "on the front": bool(best[0, i]),
            "front": float(best[1:, i].mean()),
        }
        for i, t in enumerate(teams)
    ]
    return pd.DataFrame(rows).sort_values("effect", ascending=False, ignore_index=True)


def front(effect: Array, cost: Array) -> NDArray[np.bool_]:
    """(n,): no other has at least the effect at no more cost, one of the two strictly better."""
    better = (effect[None] >= effect[:, None]) & (cost[None] <= cost[:, None])
    strictly = (effect[None] > effect[:, None]) | (cost[None] < cost[:, None])
    return np.asarray(~(better & strictly).any(axis=1))
