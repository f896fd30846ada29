"""The model's markers beside published subgroup findings: agreement, disagreement, and what it cannot say.

`library/biomarkers/subgroups.csv` names the findings. A size is computed from rows of the evidence's outcomes (never
copied); where a paper gives only a direction, that is stored with its source. A trial of the validation set is named
and nothing of it is read. Every difference is marker high minus marker low, positive where the high side does better.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Unpack

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from baxis import axis, evidence
from baxis.clinic.conduct.arms import run_arm
from baxis.clinic.conduct.settings import Changes, Settings, settle, unread
from baxis.clinic.result.recipe import NOTICE, basis
from baxis.core import library, streams
from baxis.core.errors import BaxisError, InvalidValue
from baxis.insight.bench.compared import OF_TRIALS, Compared
from baxis.insight.bench.scenario import Scenario, scenario
from baxis.insight.biomarkers import measured
from baxis.insight.explain.runs import Bench

Array = NDArray[np.float64]
Row = dict[str, str]
LEAST, PERMUTATIONS, EDGE = 100, 2000, 1.645  # EDGE: half-width of a 90 % interval in standard errors
UNREAD = "held out"


@dataclass(frozen=True, eq=False)
class Findings(Compared):
    """One row a published subgroup finding."""

    HEAD = ("disease", "drug", "marker", "asks", "published, high minus low", "model", "p", "verdict")
    ROWS = "findings"
    INTRO = (
        "Marker high minus marker low, 90 % interval; positive: the high side does better.",
        "benefit: drug against its comparator; response: within the drug's arm. p: the marker dealt out at random.",
    )

    @staticmethod
    def cells(row: Mapping[Any, Any]) -> tuple[str, ...]:
        """One finding under HEAD."""
        p = "" if not np.isfinite(row["p"]) else "<0.001" if row["p"] < 0.001 else f"{row['p']:.3f}"
        names = tuple(str(row[k]) for k in ("disease", "drug", "marker_label", "question"))
        return (*names, shown(row, "published"), shown(row, "model"), p, str(row["verdict"]))


def shown(row: Mapping[Any, Any], side: str) -> str:
    """A difference with its 90 % interval, or the direction where no size is published."""
    value, se = row[side], row[f"{side}_se"]
    if not np.isfinite(value):
        return str(row[f"{side}_call"])
    factor, unit = (100, " pp") if row["unit"] == "share" else (1, " points")
    text = f"{factor * value:+.1f}"
    if np.isfinite(se):
        text += f" ({factor * (value - EDGE * se):+.1f} to {factor * (value + EDGE * se):+.1f})"
    return text + unit


def against_evidence(
    drug: str | None = None, disease: str | None = None, *, settings: Settings | None = None, **changes: Unpack[Changes]
) -> Findings:
    """Published subgroup findings beside the model's (500 patients by default), all of them or of a drug or disease.

    Raises InvalidValue for fewer than 100 patients, or where no finding is held for the drug and disease.
    """
    chosen = settle(settings or Settings(patients=500), changes)
    unread(chosen, "a comparison with the evidence", OF_TRIALS)
    if chosen.patients < LEAST:
        raise InvalidValue("patients", chosen.patients, f"at least {LEAST}, to compare two sides of a marker")
    held = library.read_table("biomarkers/subgroups")
    rows = [r for r in held if drug in (None, r["drug"]) and disease in (None, r["disease"])]
    if not rows:
        known = sorted({f"{r['drug']} in {r['disease']}" for r in held})
        raise InvalidValue(
            "published subgroup findings", f"{drug or 'any drug'}, {disease or 'any disease'}", "; ".join(known)
        )
    model = SettingRuns(replace(chosen, progress=None))
    found = []
    for i, row in enumerate(rows):
        found.append(compare(row, model))
        if chosen.progress:
            chosen.progress(i + 1, len(rows))
    recipe = basis(None, chosen) | {"patients": chosen.patients, "notice": NOTICE}
    return Findings(pd.DataFrame(found), recipe)


def compare(row: Row, model: SettingRuns) -> dict[str, Any]:
    """One finding: published and modelled difference, calls, verdict."""
    out: dict[str, Any] = {
        k: row[k] for k in ("finding", "disease", "drug", "trial_id", "question", "endpoint", "marker")
    }
    out |= {"marker_label": label(row), "source": row["source"], "kind": row["kind"], "note": row["note"]}
    out |= {"published": np.nan, "published_se": np.nan, "model": np.nan, "model_se": np.nan, "p": np.nan}
    out |= {"unit": "share", "published_call": UNREAD, "model_call": "", "origin": ""}
    if role(row["trial_id"]) == "validation":
        return {**out, "verdict": UNREAD}
    seen = published(row)
    out |= {"published": seen.value, "published_se": seen.se, "published_call": seen.call, "source": seen.source}
    share = float(row["share_high"] or (seen.share if np.isfinite(seen.share) else 0.5))
    try:
        out |= model.difference(row, share)
    except BaxisError as e:
        return {**out, "verdict": "not modelled", "note": row["note"] or str(e)}
    known = "" if np.isfinite(seen.se) or not np.isfinite(seen.value) else ", no published interval"
    return {**out, "verdict": verdict(seen.call, out["model_call"]) + known}


def verdict(published_call: str, model_call: str) -> str:
    """What the two calls (more, less, none, unclear) say of each other."""
    if published_call == "unclear":
        return "undecided by the trial"
    if published_call == model_call:
        return "agree"
    if model_call == "none":
        return "model shows none"
    return "model shows one" if published_call == "none" else "disagree"


def role(trial_id: str) -> str:
    """Role of a trial in the evidence; empty for a finding outside it."""
    trials = evidence.load().trials
    found = trials.loc[trials["trial_id"] == trial_id, "role"]
    return str(found.iloc[0]) if len(found) else ""


def label(row: Row) -> str:
    """The marker's name as the assay table has it, with the week if it is measured on treatment."""
    labels = {r["marker"]: r["label"] for r in library.read_table("biomarkers/assays")}
    own = {"tb": "B cells in tissue", "": row["high"]}
    name = labels.get(row["marker"]) or own.get(row["marker"], row["marker"])
    return f"{name}, week {row['marker_week']}" if row["marker_week"] else name


@dataclass(frozen=True)
class SubgroupDifference:
    """value and se: difference, positive where the marker's high side does better; share: of patients on that side."""

    value: float
    se: float
    call: str
    share: float
    source: str


def published(row: Row) -> SubgroupDifference:
    """The finding from the outcomes of its trial, or its stored direction."""
    if row["reported"]:
        return SubgroupDifference(np.nan, np.nan, row["reported"], np.nan, row["source"])
    outcomes = evidence.load().outcomes
    mine = outcomes[(outcomes["trial_id"] == row["trial_id"]) & (outcomes["endpoint"] == row["endpoint"])]
    mine = mine[(pd.to_numeric(mine["week"]) == float(row["week"])) & (mine["statistic"] == "proportion")]
    arms = [(row["arm"], 1.0), (row["control"], -1.0)][: 2 if row["control"] else 1]
    value, variance, sizes = 0.0, 0.0, {row["high"]: 0.0, row["low"]: 0.0}
    for arm, sign in arms:
        for group, side in ((row["high"], 1.0), (row["low"], -1.0)):
            cell = mine[(mine["arm_id"].astype(str) == arm) & (mine["subgroup"] == group)]
            if len(cell) != 1:
                raise InvalidValue(f"outcome rows of {row['finding']}", f"{len(cell)} for {arm}, {group}", "one")
            p, n = float(cell["value"].iloc[0]), float(pd.to_numeric(cell["n"]).iloc[0])
            value += sign * side * p
            variance += p * (1 - p) / n
            sizes[group] += n
    se = float(np.sqrt(variance))
    share = sizes[row["high"]] / sum(sizes.values())
    clear = not np.isfinite(se) or abs(value) > EDGE * se
    return SubgroupDifference(
        value, se, direction(value) if clear else "unclear", share, f"outcomes of {row['trial_id']}"
    )


def direction(value: float) -> str:
    """more or less on the marker's high side."""
    return "more" if value > 0 else "less"


class SettingRuns:
    """Runs of the findings' settings, each once."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._benches: dict[tuple[str, ...], tuple[Scenario, Bench, Array, Array]] = {}

    def difference(self, row: Row, share: float) -> dict[str, Any]:
        """Model's difference of patients with the highest `share` of the marker and the rest; permutation p."""
        if not row["marker"]:
            raise InvalidValue("marker", row["high"], "one that the model has")
        asked, bench, treated, control = self.runs(row)
        lower = asked.endpoint.name in asked.tool.continuous
        gain = (-1.0 if lower else 1.0) * (treated - control if row["question"] == "benefit" else treated)
        value = self.marker(row, bench, asked)
        ok = np.isfinite(gain) & np.isfinite(value)
        gain, value = gain[ok], value[ok]
        high = value >= np.quantile(value, 1 - share)
        seen = float(gain[high].mean() - gain[~high].mean())
        se = float(np.sqrt(gain[high].var() / high.sum() + gain[~high].var() / (~high).sum()))
        p = permuted(gain, int(high.sum()), seen, bench.people.seed)
        call = direction(seen) if p < 0.05 else "none"
        unit = "points" if lower else "share"
        return {"model": seen, "model_se": se, "p": p, "model_call": call, "unit": unit, "origin": asked.origin}

    def runs(self, row: Row) -> tuple[Scenario, Bench, Array, Array]:
        """Scenario, bench and endpoints with the drug and with its comparator (no drug, or another drug)."""
        key = (row["drug"], row["disease"], row["setting"], row["model_endpoint"], row["versus"])
        if key not in self._benches:
            where = (row["disease"], None, row["model_endpoint"], row["setting"] or None, self.settings)
            asked = scenario(row["drug"], *where)
            other = scenario(row["versus"], *where).treated if row["versus"] else asked.control
            bench = Bench(asked, self.settings)
            self._benches[key] = asked, bench, bench.run(asked.treated).endpoint, bench.run(other).endpoint
        return self._benches[key]

    def marker(self, row: Row, bench: Bench, asked: Scenario) -> Array:
        """Log of the marker (n,) with assay noise (none where the library has no assay), at rest or at a visit on the drug."""
        people, name = bench.people, row["marker"]
        if row["marker_week"]:
            run = run_arm(bench.lab, asked.treated, people)
            at = int(np.argmin(np.abs(run.days - 7.0 * float(row["marker_week"]))))
            outputs = {k: run.outputs[k][:, at] if k in run.outputs else v for k, v in people.outputs.items()}
            people = replace(people, outputs=outputs)
        labels, x = measured(people)
        names = [n for n, _ in labels]
        own = axis.outputs()[name].output
        return x[:, names.index(own)] if own in names else np.log(np.maximum(people.outputs[name], 1e-6))


def permuted(gain: Array, k: int, seen: float, seed: int) -> float:
    """Two-sided p of the difference between k patients and the rest when the marker is dealt out at random."""
    order = np.argsort(streams.uniform(seed, "subgroup permutation", np.arange(PERMUTATIONS), gain.size), axis=1)
    top = gain[order[:, :k]].mean(axis=1)
    null = top - (gain.sum() - k * top) / (gain.size - k)
    return float((1 + (np.abs(null) >= abs(seen) - 1e-12).sum()) / (1 + PERMUTATIONS))
