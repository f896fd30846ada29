"""Outcome measures of a study record and their posted analyses as rows of outcomes.csv."""

from __future__ import annotations

import math
import re
from typing import Any

from ..intervals import quantile
from . import words
from .groups import Results, Row, counts, number, show

ANALYSES = (
    ("hazard_ratio", r"hazard ratio"),
    ("odds_ratio", r"odds ratio"),
    ("rate_ratio", r"rate ratio|relative rate"),
    ("risk_ratio", r"risk ratio|relative risk"),
    ("difference", r"difference"),
)


def outcome(measure: dict[str, Any], out: Results) -> None:
    """Rows of one outcome measure: a number for each class, category and group, then its analyses."""
    title = measure.get("title", "")
    endpoint = words.code("endpoint", title)
    if not endpoint:
        endpoint = words.slug(title)
        out.unmapped.append(f"{out.nct}: outcome {title!r} is no known endpoint, kept as {endpoint!r}")
    at = words.week(measure.get("timeFrame", ""))
    if not at:
        out.unmapped.append(
            f"{out.nct}: time frame {measure.get('timeFrame', '')!r} of {title!r} not read, week left empty"
        )
    titles = {g["id"]: g.get("title", "") for g in measure.get("groups", [])}
    sizes_of = counts(measure.get("denoms", []))
    for group_class in measure.get("classes", []):
        for category in group_class.get("categories", []):
            names = [n for n in (group_class.get("title", ""), category.get("title", "")) if n]
            timed = next((n for n in names if words.week(n) and len(n) < 24), "")
            head = {"endpoint": endpoint, "week": words.week(timed) or at}
            head["subgroup"] = "; ".join(n for n in names if n != timed)
            local = sizes_of | counts(group_class.get("denoms", []))
            for cell in category.get("measurements", []):
                group = cell["groupId"]
                cells = outcome_cell(measure, cell, local.get(group))
                if cells:
                    arm = out.arm(titles.get(group, group))
                    out.outcomes.append({"trial_id": out.nct.lower(), "arm_id": arm, **head, **cells, **out.tail})
                else:
                    out.unmapped.append(
                        f"{out.nct}: {title!r}, group {titles.get(group, group)!r}: {cell.get('value')!r} is no number"
                    )
    for analysis in measure.get("analyses", []):
        contrast(analysis, titles, {"endpoint": endpoint, "week": at, "subgroup": ""}, out)


def outcome_cell(measure: dict[str, Any], cell: dict[str, Any], size: float | None) -> Row:
    """Statistic, value, interval and n of one outcome cell; {} when it holds no number."""
    value, unit = number(cell.get("value")), measure.get("unitOfMeasure", "")
    if value is None:
        return {}
    kind, folded = measure.get("paramType", ""), unit.casefold()
    percent = bool(re.search(r"percent|%|proportion of part", folded))
    people = bool(re.search(r"participant|patient|subject", folded))
    n = show(size)
    if kind == "COUNT_OF_PARTICIPANTS" or (kind == "NUMBER" and people and not percent):
        return {"statistic": "proportion", "value": show(value / size), "unit": "fraction", "n": n} if size else {}
    scale = 0.01 if percent and people and value > 1 else 1.0
    if percent and people:
        return {
            "statistic": "proportion",
            "value": show(value * scale),
            "unit": "fraction",
            "n": n,
            **limits(measure, cell, scale),
        }
    change = "change" in measure.get("title", "").casefold()
    base = "median" if "MEDIAN" in kind else "geometric_mean" if "GEOMETRIC" in kind else "mean"
    statistic = (
        ("pct_change" if base == "mean" else "median_pct_change")
        if change and percent
        else base + ("_change" if change and base != "geometric_mean" else "")
    )
    row = {"statistic": statistic, "value": show(value), "unit": "%" if percent else unit, "n": n}
    return row | spread(measure, cell, size) | limits(measure, cell, 1.0)


def spread(measure: dict[str, Any], cell: dict[str, Any], size: float | None) -> Row:
    """Standard error from what the record gives."""
    kind, value = measure.get("dispersionType", ""), number(cell.get("spread"))
    if value is None:
        return {}
    if "ERROR" in kind.upper():
        return {"se": show(value)}
    return {"se": show(value / math.sqrt(size))} if "DEVIATION" in kind.upper() and size else {}


def limits(measure: dict[str, Any], cell: dict[str, Any], scale: float) -> Row:
    """Confidence limits of a cell (a range or quartiles are no interval)."""
    m = re.search(r"(\d+(?:\.\d+)?)\s*%?\s*confidence", measure.get("dispersionType", "").replace("_", " "), re.I)
    low, high = number(cell.get("lowerLimit")), number(cell.get("upperLimit"))
    if not m or low is None or high is None:
        return {}
    return {"ci_low": show(low * scale), "ci_high": show(high * scale), "ci_level": show(float(m[1]) / 100)}


def contrast(analysis: dict[str, Any], titles: dict[str, str], head: Row, out: Results) -> None:
    """Row of a posted comparison of two arms, orientation as posted; others are listed."""
    kind, value = analysis.get("paramType", ""), number(analysis.get("paramValue"))
    statistic = next((s for s, pattern in ANALYSES if re.search(pattern, kind, re.I)), "")
    groups = analysis.get("groupIds", [])
    where = f"{out.nct}: analysis of {head['endpoint']} ({kind or analysis.get('statisticalMethod', 'no method')})"
    if not statistic or value is None or len(groups) != 2:
        out.unmapped.append(
            f"{where}: not a contrast of two arms with an estimate; p {analysis.get('pValue', 'not given')}"
        )
        return
    pair = [out.arm(titles.get(g, g)) for g in groups]
    roles = {a["arm_id"]: a["role"] for a in out.arms.values()}
    pair.sort(key=lambda a: roles[a] in ("placebo", "comparator"))
    level = (number(analysis.get("ciPctValue")) or 95.0) / 100
    low, high = number(analysis.get("ciLowerLimit")), number(analysis.get("ciUpperLimit"))
    row = {"trial_id": out.nct.lower(), "arm_id": pair[0], "versus": pair[1], **head, "statistic": statistic}
    row |= {
        "value": show(value),
        "unit": "" if statistic == "difference" else "ratio",
        "p_value": str(analysis.get("pValue", "")),
    }
    if low is not None and high is not None:
        row |= {"ci_low": show(low), "ci_high": show(high), "ci_level": show(level)}
        row |= {"se": show((high - low) / (2 * quantile(level)))} if statistic == "difference" else {}
    out.outcomes.append({**row, "detail": "as posted: " + kind, **out.tail})
