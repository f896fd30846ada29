"""Baseline measures of a study record as rows of baseline.csv."""

from __future__ import annotations

from typing import Any

from baxis.evidence.registry import words
from baxis.evidence.registry.groups import Results, Row, counts, number, show


def baseline(measure: dict[str, Any], module: dict[str, Any], out: Results) -> None:
    """Rows of one baseline measure: means and medians as they are, counts as fractions of their group."""
    titles = {g["id"]: g.get("title", g["id"]) for g in module.get("groups", [])}
    arms = out.of_groups([g for g in module.get("groups", []) if not whole(g.get("title", ""))])
    sizes = counts(measure.get("denoms") or module.get("denoms", []))
    for group_class in measure.get("classes", []):
        for category in group_class.get("categories", []):
            parts = (measure.get("title", ""), group_class.get("title", ""), category.get("title", ""))
            name = " | ".join(p for p in parts if p)
            code = words.code("characteristic", name)
            for cell in category.get("measurements", []):
                group = titles.get(cell["groupId"], cell["groupId"])
                row = baseline_cell(measure, cell, sizes.get(cell["groupId"]), code) if code else {}
                if not row:
                    said = f"{cell.get('value', '')} {measure.get('unitOfMeasure', '')}"
                    out.say(f"baseline {name!r} of {group!r} ({said}) has no characteristic")
                    continue
                arm = "all" if whole(group) else arms.get(cell["groupId"], cell["groupId"])
                head = {"trial_id": out.nct.lower(), "arm_id": arm, "characteristic": code}
                out.baseline.append({**head, **row, **out.tail})


def whole(title: str) -> bool:
    """Whether a baseline group is the whole trial."""
    return title.casefold().strip() in ("total", "total population", "all participants", "overall", "overall study")


def baseline_cell(measure: dict[str, Any], cell: dict[str, Any], size: float | None, code: str) -> Row:
    """Value, statistic and spread of one baseline cell; {} when it holds no number or another kind of number."""
    value, kind = number(cell.get("value")), measure.get("paramType", "")
    unit = measure.get("unitOfMeasure", "")
    if value is None:
        return {}
    if code.endswith("_frac"):
        share = value / size if kind == "COUNT_OF_PARTICIPANTS" and size else None
        share = value / 100 if share is None and ("ercent" in unit or "%" in unit) else share
        told = share is not None and 0 <= share <= 1
        return {"value": show(share), "statistic": "fraction", "unit": "fraction"} if told else {}
    if kind == "COUNT_OF_PARTICIPANTS" or (code.endswith("_y") and unit.casefold() not in YEARS):
        return {}
    scale = YEARS[unit.casefold()] if code.endswith("_y") else 1.0
    row = {"value": show(value * scale), "statistic": "median" if "MEDIAN" in kind else "mean"}
    row["unit"] = "y" if code.endswith("_y") else unit
    return row | cell_spread(measure.get("dispersionType", ""), cell, scale)


# Units of a time in years, and what one of them is.
YEARS = {"years": 1.0, "year": 1.0, "months": 1 / 12, "month": 1 / 12}


def cell_spread(kind: str, cell: dict[str, Any], scale: float) -> Row:
    """Standard deviation, or the limits of a range or of the quartiles."""
    spread, low, high = (number(cell.get(k)) for k in ("spread", "lowerLimit", "upperLimit"))
    if kind == "STANDARD_DEVIATION" and spread is not None:
        return {"spread": show(spread * scale), "spread_kind": "sd"}
    if low is not None and high is not None and ("RANGE" in kind or "QUARTILE" in kind):
        name = "range" if "FULL" in kind else "iqr"
        return {"spread_kind": name, "low": show(low * scale), "high": show(high * scale)}
    return {}
