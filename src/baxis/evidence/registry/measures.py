"""Outcome measures of a study record as rows of outcomes.csv."""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import Any

from baxis.core import library
from baxis.evidence.registry import words
from baxis.evidence.registry.contrasts import contrast
from baxis.evidence.registry.groups import Results, Row, counts, number, show

PEOPLE = r"participants?|patients?|subjects?|people|persons?|individuals|responders"
PERCENT = re.compile(r"percent|%|per cent", re.I)
PROPORTION = re.compile(r"\bproportion|\bfraction", re.I)
OF_PEOPLE = re.compile(
    rf"(?:percent(?:age)?s?|%|proportion|fraction|rate) of (?:the |all |randomi[sz]ed |treated )*(?:{PEOPLE})", re.I
)
LEVEL = re.compile(r"(\d+(?:\.\d+)?)\s*%?\s*(?:two-sided )?confidence", re.I)


def outcome(measure: dict[str, Any], out: Results) -> None:
    """Rows of one outcome measure: a number for each class, category and group, then its analyses."""
    title = measure.get("title", "")
    at = words.week(measure.get("timeFrame", ""))
    if not at:
        out.say(f"time frame {measure.get('timeFrame', '')!r} of {title!r} not read, week left empty")
    arms = out.of_groups(measure.get("groups", []))
    titles = {g["id"]: g.get("title", g["id"]) for g in measure.get("groups", [])}
    name = endpoint(measure, out)
    values: dict[str, Row] = {}
    for group_class in measure.get("classes", []):
        local = counts(measure.get("denoms", [])) | counts(group_class.get("denoms", []))
        for category in group_class.get("categories", []):
            names = [n for n in (group_class.get("title", ""), category.get("title", "")) if n]
            timed = next((n for n in names if words.only_time(n)), "")
            head = {"endpoint": name, "week": words.only_time(timed) or at}
            head["subgroup"] = "; ".join(n for n in names if n != timed)
            for cell in category.get("measurements", []):
                group = cell["groupId"]
                cells = outcome_cell(measure, cell, local.get(group))
                where = f"{title!r}, group {titles.get(group, group)!r}"
                if isinstance(cells, str):
                    out.say(f"{where}: {cell.get('value')!r} {cells}")
                    continue
                if lost := cells.pop("lost", ""):
                    out.say(f"{where}: {lost}")
                row = {"trial_id": out.nct.lower(), "arm_id": arms.get(group, group), **head, **cells, **out.tail}
                out.outcomes.append(row)
                if not head["subgroup"] and head["week"] == at:
                    values[group] = row
    for analysis in measure.get("analyses", []):
        contrast(analysis, arms, {"endpoint": name, "week": at, "subgroup": ""}, (values, measure), out)


def endpoint(measure: dict[str, Any], out: Results) -> str:
    """Our code of the endpoint where the measure is of its kind, else a name made from the title."""
    title = measure.get("title", "")
    code = words.code("endpoint", title)
    share = of_people(measure) is not None
    if code and kinds().get(code) in (
        None,
        "proportion" if share else kinds()[code] if kinds()[code] != "proportion" else "",
    ):
        return code
    name = out.endpoint(title)
    why = f"is no {kinds()[code]}, so it is not {code}" if code else "is no known endpoint"
    out.say(f"outcome {title!r} {why}, kept as {name!r}")
    return name


@lru_cache(maxsize=1)
def kinds() -> dict[str, str]:
    """Endpoint -> kind of its number."""
    return {r["endpoint"]: r["kind"] for r in library.read_table("evidence/endpoints")}


def of_people(measure: dict[str, Any]) -> float | str | None:
    """How a measure tells a share of people: the factor that makes a fraction of its numbers (0.01 for per cent, 1 for
    proportions), 0 for counts to divide by the denominator, None when it is no share, or why that is not sure."""
    kind, unit, title = (measure.get(k, "") for k in ("paramType", "unitOfMeasure", "title"))
    if kind == "COUNT_OF_PARTICIPANTS":
        return 0.0
    if PERCENT.search(unit):
        own = OF_PEOPLE.search(unit) or (OF_PEOPLE.search(title) and not re.search(r"\bof\b", unit, re.I))
        return 0.01 if own and "change" not in unit.casefold() else None
    if PROPORTION.search(unit):
        return 1.0 if OF_PEOPLE.search(unit) or OF_PEOPLE.search(title) else None
    if kind == "NUMBER" and re.search(rf"\b(?:{PEOPLE})\b", unit, re.I):
        if PERCENT.search(title) or PROPORTION.search(title):
            return f"may be a count or a share: the title says {title!r}, the unit {unit!r}"
        return 0.0
    return None


def outcome_cell(measure: dict[str, Any], cell: dict[str, Any], size: float | None) -> Row | str:
    """Statistic, value, interval and n of one outcome cell, `lost` for what of it has no place; or why it has none."""
    value, factor = number(cell.get("value")), of_people(measure)
    if value is None:
        return "is no number"
    if isinstance(factor, str):
        return factor
    if factor is not None:
        return share(measure, cell, (value, factor), size)
    kind, unit, title = (measure.get(k, "") for k in ("paramType", "unitOfMeasure", "title"))
    percent, change = bool(PERCENT.search(unit)), "change" in title.casefold() or "change" in unit.casefold()
    if kind in ("COUNT_OF_UNITS", "NUMBER"):
        statistic = "rate" if re.search(r"\bper\b|rate|/\s*100", unit, re.I) else "estimate"
    else:
        base = "median" if "MEDIAN" in kind else "geometric_mean" if "GEOMETRIC" in kind else "mean"
        pct = "pct_change" if base == "mean" else "median_pct_change"
        plain = base + ("_change" if change and base != "geometric_mean" else "")
        statistic = pct if change and percent and base != "geometric_mean" else plain
    row = {"statistic": statistic, "value": show(value), "unit": "%" if percent else unit, "n": show(size)}
    return row | spread(measure, cell, (1.0, statistic), size)


def share(measure: dict[str, Any], cell: dict[str, Any], given: tuple[float, float], size: float | None) -> Row | str:
    """A share of people as a fraction; a value that cannot be one is told."""
    value, factor = given
    if not factor:
        if not size:
            return f"{measure.get('unitOfMeasure', '')} without a denominator"
        if value != round(value) or not 0 <= value <= size:
            return f"is no count of {show(size)} participants"
        return {"statistic": "proportion", "value": show(value / size), "unit": "fraction", "n": show(size)}
    if not 0 <= value * factor <= 1:
        return f"is no {'percentage' if factor < 1 else 'proportion'} of people"
    row = {"statistic": "proportion", "value": show(value * factor), "unit": "fraction", "n": show(size)}
    return row | spread(measure, cell, (factor, "proportion"), size)


def spread(measure: dict[str, Any], cell: dict[str, Any], given: tuple[float, str], size: float | None) -> Row:
    """Standard error or interval from what the record says the spread is; another kind of spread stays in `detail`."""
    scale, statistic = given
    kind = measure.get("dispersionType", "").replace("_", " ")
    value, one = number(cell.get("value")), number(cell.get("spread"))
    low, high = number(cell.get("lowerLimit")), number(cell.get("upperLimit"))
    told = f"{kind.lower()} {cell.get('spread', '')}".strip() if one is not None else f"{kind.lower()} {low} to {high}"
    average = statistic in ("mean", "mean_change", "pct_change", "proportion")
    folded = kind.upper()
    if one is None and (low is None or high is None):
        return {}
    if one is not None and average and "GEOMETRIC" not in folded and ("ERROR" in folded or "DEVIATION" in folded):
        error = one * scale if "ERROR" in folded else one / math.sqrt(size) if size and scale == 1 else None
        if error is None:
            return {"detail": told, "lost": f"{told} has no column and is kept in detail"}
        return {"se": show(error)} if error > 0 else {"lost": f"{told}: a standard error must be above 0"}
    m = LEVEL.search(kind)
    if m and value is not None and low is not None and high is not None:
        level = float(m[1]) / 100
        if not (low <= value <= high and low < high and 0.5 <= level <= 0.999):
            return {"lost": f"{told} is no interval of {value:g}"}
        return {"ci_low": show(low * scale), "ci_high": show(high * scale), "ci_level": show(level)}
    return (
        {"detail": told, "lost": f"{told} has no column and is kept in detail"}
        if kind
        else {"lost": f"a spread of no named kind ({cell.get('spread', '') or f'{low} to {high}'})"}
    )
