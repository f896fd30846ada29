"""The model's combinations beside trials of combinations: agreement, misses, and what cannot be run.

`library/combinations/trials.csv` names the comparisons; sizes are computed from the evidence's outcomes, never copied. A
trial of the validation set is named and nothing of it is read or run, unless that is asked for. Every difference is the
combination minus its comparator, positive where the combination does better (less antibody, fewer B cells and fewer
events count as better). The model runs under both ways of combining the arms of inflammation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Unpack

import numpy as np
import pandas as pd

from baxis import evidence
from baxis.clinic.conduct.settings import Changes, Settings, settle, unread
from baxis.clinic.result.recipe import basis
from baxis.core import library
from baxis.core.errors import BaxisError, InvalidValue
from baxis.insight.bench.compared import OF_TRIALS, Compared
from baxis.insight.combine.agreement_run import Row, modelled
from baxis.insight.combine.assemble import NOTICE

LEAST, EDGE = 100, 1.645  # EDGE: half-width of a 90 % interval in standard errors
TABLE = "combinations/trials"
HELD, NONE_HELD = "held out", "no result held"


@dataclass(frozen=True, eq=False)
class Comparisons(Compared):
    """One row a comparison of a combination with its comparator."""

    HEAD = (
        "disease",
        "trial",
        "combination against",
        "outcome",
        "published",
        "model, arms add",
        "arms multiply",
        "verdict",
    )
    ROWS = "comparisons"
    INTRO = (
        "Combination minus comparator, 90 % interval; positive: the combination does better. Ratios: of the two arms.",
    )

    @staticmethod
    def cells(row: Mapping[Any, Any]) -> tuple[str, ...]:
        """One comparison under HEAD."""
        arms = f"{row['arm']} against {row['versus']}" if row["versus"] else str(row["arm"])
        outcome = f"{row['endpoint'] or row['finding']}, week {row['week']}" if row["week"] else ""
        words = {"less": "lower", "none": "no difference"}
        seen = shown(row, "published") or words.get(row["reported"], row["reported"])
        model = (shown(row, "additive"), shown(row, "product"))
        return (str(row["disease"]), str(row["trial_id"]), arms, outcome, seen, *model, str(row["verdict"]))


def against_evidence(
    disease: str | None = None,
    *,
    validation: bool = False,
    settings: Settings | None = None,
    **changes: Unpack[Changes],
) -> Comparisons:
    """Trials of combinations beside the model (300 patients by default), of all diseases or one.

    validation: run and read the trials kept out of fitting too; each such look should be counted. Raises InvalidValue
    for fewer than 100 patients, or a disease without a comparison.
    """
    chosen = settle(settings or Settings(patients=300), changes)
    unread(chosen, "a comparison with the evidence", OF_TRIALS)
    if chosen.patients < LEAST:
        raise InvalidValue("patients", chosen.patients, f"at least {LEAST}, to compare two arms")
    held = library.read_table(TABLE)
    rows = [r for r in held if disease in (None, r["disease"])]
    if not rows:
        raise InvalidValue("trials of combinations", disease, ", ".join(sorted({r["disease"] for r in held})))
    roles = evidence.load().trials.set_index("trial_id")["role"]
    found = []
    for i, row in enumerate(rows):
        found.append(compare(row, roles.get(row["trial_id"], ""), validation, replace(chosen, progress=None)))
        if chosen.progress:
            chosen.progress(i + 1, len(rows))
    recipe = basis(None, chosen) | {"patients": chosen.patients, "validation_read": validation, "notice": NOTICE}
    return Comparisons(pd.DataFrame(found), recipe)


def compare(row: Row, role: str, validation: bool, settings: Settings) -> dict[str, Any]:
    """One comparison: published and modelled difference, verdict."""
    out: dict[str, Any] = {
        k: row[k] for k in ("finding", "disease", "trial_id", "arm", "versus", "endpoint", "measure")
    }
    out |= {"week": row["week"], "reported": row["reported"], "source": row["source"], "kind": row["kind"]}
    out |= {"note": row["note"], "role": role, "unit": "", "published": np.nan, "published_se": np.nan}
    for name in ("additive", "product"):
        out |= {name: np.nan, f"{name}_se": np.nan}
    if role == "validation" and not validation:
        return {**out, "verdict": HELD}
    if not row["measure"]:
        return {**out, "verdict": NONE_HELD}
    out |= published(row)
    try:
        out |= modelled(row, settings)
    except BaxisError as e:
        return {**out, "verdict": "not modelled", "note": row["note"] or str(e)}
    return {**out, "verdict": verdict(out)}


def published(row: Row) -> dict[str, Any]:
    """Difference of proportions or means, or log ratio of geometric means, its standard error and unit; empty where the
    row holds a direction only. Positive where the combination does better."""
    if row["reported"]:
        return {}
    rows = evidence.load().outcomes
    rows = rows[(rows["trial_id"] == row["trial_id"]) & (rows["endpoint"] == row["endpoint"])]
    rows = rows[(pd.to_numeric(rows["week"]) == float(row["week"])) & rows["ci_low"].isna()]
    cells_ = []
    for arm in (row["arm"], row["versus"]):
        own = rows[(rows["arm_id"].astype(str) == arm) & (rows["versus"].fillna("") == "")]
        if len(own) != 1:
            raise InvalidValue(f"outcome rows of {row['finding']}", f"{len(own)} for {arm}", "one")
        cells_.append(
            (str(own["statistic"].iloc[0]), float(own["value"].iloc[0]), float(pd.to_numeric(own["n"]).iloc[0]))
        )
    (kind, a, n), (_, b, m) = cells_
    if row["measure"] == "ratio":
        return {"published": -float(np.log(a / b)), "unit": "ratio"}
    if kind != "proportion":
        return {"published": b - a, "unit": "points"}  # every score used here falls when patients do better
    sign = -1.0 if row["measure"] == "harm" or "flare" in row["endpoint"] else 1.0
    se = float(np.sqrt(a * (1 - a) / n + b * (1 - b) / m))
    return {"published": sign * (a - b), "published_se": se, "unit": "share"}


def call(value: float, se: float) -> str:
    """more, less or none: the side of zero on which the 90 % interval lies."""
    if not np.isfinite(se):
        return "more" if value > 0 else "less" if value < 0 else "none"
    return "more" if value > EDGE * se else "less" if value < -EDGE * se else "none"


def verdict(row: Mapping[str, Any]) -> str:
    """What the trial and the model say of each other; the model's own call needs both structures."""
    calls = {call(row[k], row[f"{k}_se"]) for k in ("additive", "product")}
    model = calls.pop() if len(calls) == 1 else "none"
    if row["reported"]:
        seen = {"less": "more" if row["measure"] == "ratio" else "less", "none": "none"}.get(row["reported"], "more")
        return "agree" if model == seen else f"disagree: model shows {_word(model)}"
    seen = call(row["published"], row["published_se"])
    if not np.isfinite(row["published_se"]):
        return f"{'same' if model == seen else 'not the same'} direction, no published interval"
    apart = abs(row["additive"] - row["published"]) / np.hypot(row["published_se"], row["additive_se"])
    if apart > EDGE:
        return "disagree: model " + ("too large" if row["additive"] > row["published"] else "too small")
    if seen == "none":
        return "inside the trial's interval, which decides nothing"
    return "agree" if seen == model else "disagree: model shows none"


def _word(model: str) -> str:
    return {"more": "a gain", "less": "a loss", "none": "none"}[model]


def shown(row: Mapping[Any, Any], side: str) -> str:
    """A difference with its 90 % interval; a ratio as a ratio."""
    value, se = row[side], row[f"{side}_se"]
    if not np.isfinite(value):
        return ""
    if row["measure"] == "ratio":
        ends = sorted(np.exp(-(value + k * EDGE * se)) for k in (-1, 1)) if np.isfinite(se) else []
        return f"ratio {np.exp(-value):.2f}" + (f" ({ends[0]:.2f} to {ends[1]:.2f})" if ends else "")
    factor, unit = (1, " points") if row["unit"] == "points" else (100, " pp")
    text = f"{factor * value:+.1f}"
    if np.isfinite(se):
        text += f" ({factor * (value - EDGE * se):+.1f} to {factor * (value + EDGE * se):+.1f})"
    return text + unit
