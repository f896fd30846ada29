"""Posted analyses of an outcome measure as contrast rows of outcomes.csv."""

from __future__ import annotations

import math
import re
from typing import Any

from baxis.evidence.intervals import quantile
from baxis.evidence.registry.groups import Results, Row, number, show

ANALYSES = (
    ("hazard_ratio", r"hazard ratio"),
    ("odds_ratio", r"odds ratio"),
    ("rate_ratio", r"rate ratio|relative rate"),
    ("risk_ratio", r"risk ratio|relative risk"),
    ("difference", r"difference"),
)
CONTROLS = ("placebo", "comparator")


def contrast(
    analysis: dict[str, Any], arms: dict[str, str], head: Row, measured: tuple[dict[str, Row], dict[str, Any]], out: Results
) -> None:  # fmt: skip
    """Row of a posted comparison of an active arm with a control; others are listed, as is one whose sign is that of
    control minus active. `measured`: the measure's rows by group, and the measure."""
    kind, value = analysis.get("paramType", ""), number(analysis.get("paramValue"))
    statistic = next((s for s, pattern in ANALYSES if re.search(pattern, kind, re.I)), "")
    groups = analysis.get("groupIds", [])
    where = f"analysis of {head['endpoint']} ({kind or analysis.get('statisticalMethod', 'no method')})"
    if not statistic or value is None or len(groups) != 2:
        out.say(f"{where}: not a contrast of two arms with an estimate; p {analysis.get('pValue', 'not given')}")
        return
    roles = {a["arm_id"]: a["role"] for a in out.rows}
    groups = sorted(groups, key=lambda g: roles.get(str(arms.get(g, g)), "") in CONTROLS)
    pair = [arms.get(g, g) for g in groups]
    if any(a in {p["arm_id"] for p in out.pseudo} for a in pair) or pair[0] == pair[1]:
        out.say(f"{where}: not of two arms of the trial, {value:g} not filed")
        return
    values, measure = measured
    numbers = _numbers(statistic, value, [values.get(g, {}) for g in groups])
    if isinstance(numbers, str):
        out.say(f"{where}, {pair[0]} against {pair[1]}: {value:g} not filed, {numbers}")
        return
    factor, unit = numbers
    row = {"trial_id": out.nct.lower(), "arm_id": pair[0], "versus": pair[1], **head, "statistic": statistic}
    row |= {"value": show(value * factor), "unit": unit or measure.get("unitOfMeasure", "")}
    row["p_value"] = str(analysis.get("pValue", ""))
    limits = _interval(analysis, (statistic, value, factor))
    if isinstance(limits, str):
        out.say(f"{where}, {pair[0]} against {pair[1]}: {limits}")
        limits = {}
    out.outcomes.append({**row, **limits, "detail": "as posted: " + kind, **out.tail})


def _numbers(statistic: str, value: float, rows: list[Row]) -> tuple[float, str] | str:
    """Factor to the unit of the table and that unit ("" for the measure's own), or why the number is not sure.

    The two arms' own values tell the sign, and whether a difference of shares is in per cent."""
    known = [float(r["value"]) for r in rows if r and r["statistic"] == rows[0].get("statistic")]
    shares = bool(rows[0]) and rows[0]["statistic"] == "proportion"
    seen = known[0] - known[1] if len(known) == 2 else None
    if statistic != "difference":
        if value <= 0:
            return "a ratio is above 0"
        turned = (
            shares
            and seen is not None
            and abs(seen) > 0.02
            and math.log(value) * seen < 0
            and statistic != "hazard_ratio"
        )
        return "the two arms' values say that it is control over active" if turned else (1.0, "ratio")
    if not shares:
        turned = seen is not None and abs(value + seen) < 0.3 * abs(value - seen) and abs(seen) > 0
        return "the two arms' values say that it is control minus active" if turned else (1.0, "")
    if seen is None:
        return "a difference of shares without the arms' values: per cent or fraction cannot be told"
    fits = {(f, s): abs(s * f * value - seen) for f in (1.0, 0.01) for s in (1, -1)}
    (factor, sign), miss = min(fits.items(), key=lambda kv: kv[1])
    others = min(m for (f, s), m in fits.items() if f != factor)
    if abs(factor * value) > 1 or miss > 0.05 or (others < 2 * miss and value):
        return "per cent or fraction cannot be told from the arms' values"
    return "the two arms' values say that it is control minus active" if sign < 0 and value else (factor, "fraction")


def _interval(analysis: dict[str, Any], given: tuple[str, float, float]) -> Row | str:
    """Interval of a contrast, and the standard error of a difference; or why it is left out."""
    statistic, value, factor = given
    low, high = number(analysis.get("ciLowerLimit")), number(analysis.get("ciUpperLimit"))
    percent = number(analysis.get("ciPctValue"))
    if low is None and high is None:
        return {}
    said = f"interval {analysis.get('ciLowerLimit', '')} to {analysis.get('ciUpperLimit', '')}"
    if low is None or high is None or "ONE" in str(analysis.get("ciNumSides", "")).upper():
        return f"{said} has one side, left out"
    if percent is None or not 50 <= percent <= 99.9:
        return f"{said} without a level from 50 to 99.9 % ({analysis.get('ciPctValue', 'not given')}), left out"
    if not (low <= value <= high and low < high) or (statistic != "difference" and low <= 0):
        return f"{said} is none of {value:g}, left out"
    row = {"ci_low": show(low * factor), "ci_high": show(high * factor), "ci_level": show(percent / 100)}
    if statistic == "difference":
        row["se"] = show((high - low) * factor / (2 * quantile(percent / 100)))
    return row
