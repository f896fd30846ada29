"""Active-minus-control contrasts of each trial's primary endpoint, with their intervals.

`contrast_map.csv` says, before any fit, which endpoint, week, control arm and direction of benefit count for a trial.
Scales: risk_difference, mean_difference (active minus control), log_hazard_ratio (natural log).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from baxis.evidence.ask.query import arm_class, drug_classes
from baxis.evidence.intervals import error, from_report, has_interval, newcombe, normal, quantile
from baxis.evidence.store.rules import GROUP
from baxis.evidence.store.tables import Evidence

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "trial_id", "arm_id", "versus", "disease", "drug", "class", "role", "endpoint", "week", "subgroup", "instrument",
    "scale", "value", "ci_low", "ci_high", "se", "n1", "n0", "p1", "p0", "benefit_sign", "primary", "interval",
    "provenance", "source",
)  # fmt: skip
NAN = float("nan")


@dataclass(frozen=True)
class Lookup:
    """Rows of the tables as dictionaries, outcomes grouped by trial, endpoint and subgroup."""

    trials: dict[str, dict[str, Any]]
    arms: dict[str, dict[str, dict[str, Any]]]
    outcomes: dict[tuple[str, str, str], list[dict[str, Any]]]
    classes: dict[str, str]


def lookup(evidence: Evidence) -> Lookup:
    """Index the tables once for all contrasts."""
    arms: dict[str, dict[str, dict[str, Any]]] = {}
    for arm in evidence.rows("arms"):
        arms.setdefault(arm["trial_id"], {})[arm["arm_id"]] = arm
    outcomes: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for row in evidence.rows("outcomes"):
        outcomes.setdefault((row["trial_id"], row["endpoint"], row["subgroup"]), []).append(row)
    trials = {t["trial_id"]: t for t in evidence.rows("trials")}
    return Lookup(trials, arms, outcomes, drug_classes(evidence))


def contrasts(evidence: Evidence) -> pd.DataFrame:
    """Every contrast of the map, and of overlay trials whose primary endpoint and control can be read off.

    One row a contrast; `value`, `ci_low`, `ci_high` (95 %), `se` on `scale`; `interval` tells where the interval
    is from: reported, newcombe (from the counts), arms (from the arms' own standard errors), p (from the p value),
    events (of the arms, for a hazard ratio), or none. `benefit_sign` * value > 0 favours the active arm. `n1`, `p1`
    belong to the active arm, `n0`, `p0` to the control.
    """
    return _contrasts(evidence).copy()


@lru_cache(maxsize=8)
def _contrasts(evidence: Evidence) -> pd.DataFrame:
    import pandas as pd

    tables = lookup(evidence)
    rows = [row for spec in specs(evidence) for row in expand(tables, spec)]
    table = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"benefit_sign": "int64"})
    return table.sort_values(["trial_id", "endpoint", "arm_id"], ignore_index=True)


def without_contrast(evidence: Evidence) -> pd.DataFrame:
    """Trials that give no contrast, with why (columns trial_id, disease, role, why)."""
    import pandas as pd

    have = set(contrasts(evidence)["trial_id"])
    rows = [
        (t["trial_id"], t["disease"], t["role"], why_none(evidence, t))
        for t in evidence.rows("trials")
        if t["trial_id"] not in have
    ]
    return pd.DataFrame(rows, columns=["trial_id", "disease", "role", "why"])


def why_none(evidence: Evidence, trial: dict[str, Any]) -> str:
    """Reason why a trial gives no contrast."""
    if trial["role"] == "external":
        found = automatic(evidence, trial)
        return found if isinstance(found, str) else "no numbers by arm for the primary endpoint at its week"
    if trial["design"] in ("single-arm", "open-label"):
        return f"no randomised control group ({trial['design']})"
    if trial["phase"] in ("obs", ""):
        return "pooled or secondary analysis, not a trial of its own"
    return f"no numbers by arm for the primary endpoint ({trial['primary_endpoint'] or 'not stated'})"


def specs(evidence: Evidence) -> list[dict[str, Any]]:
    """Rows of the map, then one for each overlay trial that is not in it and needs no judgement."""
    mapped = evidence.rows("contrast_map")
    have = {m["trial_id"] for m in mapped}
    fresh = [t for t in evidence.rows("trials") if t["role"] == "external" and t["trial_id"] not in have]
    return mapped + [s for t in fresh if not isinstance(s := automatic(evidence, t), str)]


def automatic(evidence: Evidence, trial: dict[str, Any]) -> dict[str, Any] | str:
    """Map row of a trial whose primary endpoint is a known endpoint and that has one placebo (or comparator) arm; else
    why it has none."""
    endpoints = {e["endpoint"]: e for e in evidence.rows("endpoints")}
    known = endpoints.get(trial["primary_endpoint"])
    arms = [a for a in evidence.rows("arms") if a["trial_id"] == trial["trial_id"]]
    controls = [a for a in arms if a["role"] == "placebo"] or [a for a in arms if a["role"] == "comparator"]
    if "rct" not in trial["design"]:
        return f"no randomised control group ({trial['design'] or 'design not stated'})"
    if not known or not known["benefit_sign"]:
        said = trial["primary_endpoint"] or "not stated"
        return f"primary endpoint {said!r} is not in endpoints.csv with its direction of benefit"
    if len(controls) != 1:
        listed = ", ".join(sorted(a["arm_id"] for a in controls))
        several = f"several control arms ({listed}); a row of contrast_map.csv says which counts"
        return several if controls else "no placebo or comparator arm"
    scale = {"proportion": "risk_difference", "hazard_ratio": "log_hazard_ratio"}.get(known["kind"], "mean_difference")
    return {
        "trial_id": trial["trial_id"], "arms": "", "versus": controls[0]["arm_id"], "endpoint": known["endpoint"],
        "week": trial["primary_week"], "subgroup": "", "instrument": "", "scale": scale,
        "benefit_sign": known["benefit_sign"], "primary": "exact",
    }  # fmt: skip


def expand(tables: Lookup, spec: dict[str, Any]) -> list[dict[str, Any]]:
    """Contrasts of one map row: each named (or every other) arm with a value against the control."""
    rows = tables.outcomes.get((spec["trial_id"], spec["endpoint"], spec["subgroup"]), [])
    rows = [r for r in rows if r["week"] == spec["week"] and spec["instrument"] in ("", r["instrument"])]
    trial, arms = tables.trials[spec["trial_id"]], tables.arms[spec["trial_id"]]
    real = [a for a in dict.fromkeys(r["arm_id"] for r in rows) if not arms[a]["arm_label"].startswith(GROUP)]
    named = spec["arms"].split(";") if spec["arms"] else real
    found = []
    for arm in named:
        if arm == spec["versus"]:
            continue
        numbers = estimate(spec, arm, rows, {a: row["n"] for a, row in arms.items()})
        if "value" not in numbers:
            continue
        if spec["scale"] == "log_hazard_ratio" and numbers["interval"] == "none":
            numbers |= from_events(tables, spec, arm, numbers)
        drug = arms[arm]["drug"]
        head = {"disease": trial["disease"], "role": trial["role"], "source": trial["source"], "drug": drug}
        found.append({**spec, **head, "arm_id": arm, "class": arm_class(drug, tables.classes), **numbers})
    return [{c: row.get(c, "") for c in COLUMNS} for row in found]


def estimate(spec: dict[str, Any], arm: str, rows: list[dict[str, Any]], sizes: dict[str, float]) -> dict[str, Any]:
    """Value, interval, sizes of one contrast, or {} when its numbers are not held."""
    mine = [r for r in rows if r["arm_id"] == arm]
    control = [r for r in rows if r["arm_id"] == spec["versus"] and not r["versus"]]
    reported = [r for r in mine if r["versus"] == spec["versus"]]
    if spec["subgroup"]:
        sizes = {}
    n1, n0 = size(mine, sizes.get(arm, NAN)), size(control, sizes.get(spec["versus"], NAN))
    used = mine + control
    base = {"n1": n1, "n0": n0, "p1": NAN, "p0": NAN, "provenance": worst(used)}
    if spec["scale"] == "log_hazard_ratio":
        direct = [r for r in reported if r["statistic"] == "hazard_ratio"]
        return base | from_report(direct[0], math.log) if direct else {}
    differences = [r for r in reported if r["statistic"] == "difference"]
    if spec["scale"] == "risk_difference":
        return base | risk(mine, control, differences, n1, n0)
    return base | mean(mine, control, differences)


# Counted events that stand behind a hazard ratio.
EVENTS = {"flare_HR": ("flare_rate", "flare"), "relapse_HR": ("relapse_rate",), "PSE_HR": ("PSE",)}


def from_events(tables: Lookup, spec: dict[str, Any], arm: str, numbers: dict[str, Any]) -> dict[str, Any]:
    """Interval of a log hazard ratio from the events of the two arms: variance 1/d1 + 1/d0 (Tierney 2007)."""
    for endpoint in EVENTS.get(spec["endpoint"], ()):
        rows = tables.outcomes.get((spec["trial_id"], endpoint, spec["subgroup"]), [])
        rates = {r["arm_id"]: r for r in rows if r["statistic"] == "proportion" and r["week"] == spec["week"]}
        if arm in rates and spec["versus"] in rates:
            sizes = {a: size([rates[a]], tables.arms[spec["trial_id"]][a]["n"]) for a in (arm, spec["versus"])}
            events = [round(rates[a]["value"] * n) if n == n else 0 for a, n in sizes.items()]
            if all(events):
                return normal(numbers["value"], math.sqrt(sum(1 / d for d in events)), "events")
    return {}


def size(rows: list[dict[str, Any]], arm_n: float) -> float:
    """Denominator of an arm: that of its value, else the arm's size (for a whole arm)."""
    counts = [r["n"] for r in rows if r["n"] == r["n"] and not r["versus"]] or [
        r["n"] for r in rows if r["n"] == r["n"]
    ]
    return float(counts[0]) if counts else float(arm_n)


def worst(rows: list[dict[str, Any]]) -> str:
    """'recalled' when any number used was not seen."""
    return "recalled" if any(r["provenance"] != "verified" for r in rows) else "verified"


def risk(mine: list, control: list, differences: list, n1: float, n0: float) -> dict[str, Any]:
    """Risk difference: the reported one with its interval, else from the two proportions (Newcombe)."""
    p1 = [r["value"] for r in mine if r["statistic"] == "proportion"]
    p0 = [r["value"] for r in control if r["statistic"] == "proportion"]
    pair = {"p1": p1[0], "p0": p0[0]} if p1 and p0 else {}
    if differences and (has_interval(differences[0]) or not pair):
        return pair | from_report(differences[0])
    if not pair:
        return {}
    value = p1[0] - p0[0]
    if n1 != n1 or n0 != n0 or not (n1 and n0):
        said = next(r for r in mine if r["statistic"] == "proportion")
        return pair | from_report({**said, "value": value, "ci_low": NAN, "ci_high": NAN, "se": NAN})
    low, high = newcombe(p1[0], n1, p0[0], n0)
    se = math.sqrt(p1[0] * (1 - p1[0]) / n1 + p0[0] * (1 - p0[0]) / n0)
    se = se or (high - low) / (2 * quantile(0.95))
    return pair | {"value": value, "ci_low": low, "ci_high": high, "se": se, "interval": "newcombe"}


def mean(mine: list, control: list, differences: list) -> dict[str, Any]:
    """Mean difference: the reported one, else the arms' changes with their standard errors."""
    if differences and (has_interval(differences[0]) or differences[0]["se"] > 0):
        return from_report(differences[0])
    kinds = ("mean_change", "median_change", "mean_or_median_change", "pct_change")
    one, zero = [r for r in mine if r["statistic"] in kinds], [r for r in control if r["statistic"] in kinds]
    if one and zero and one[0]["statistic"] == zero[0]["statistic"]:
        value = one[0]["value"] - zero[0]["value"]
        se = math.hypot(error(one[0]), error(zero[0]))
        if se == se:
            return normal(value, se, "arms")
    if differences:
        return from_report(differences[0])
    return from_report({**one[0], "value": value}) if one and zero else {}
