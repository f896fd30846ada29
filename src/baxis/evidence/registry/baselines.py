"""Baseline measures of a study record as rows of baseline.csv."""

from __future__ import annotations

from typing import Any

from . import words
from .groups import Results, Row, counts, number, show


def baseline(measure: dict[str, Any], module: dict[str, Any], out: Results) -> None:
    """Rows of one baseline measure: means and medians as they are, counts as fractions of their group."""
    title = measure.get("title", "")
    titles = {g["id"]: g.get("title", "") for g in module.get("groups", [])}
    denominators = counts(measure.get("denoms") or module.get("denoms", []))
    for group_class in measure.get("classes", []):
        for category in group_class.get("categories", []):
            name = " ".join(p for p in (title, group_class.get("title", ""), category.get("title", "")) if p)
            code = words.code("characteristic", name)
            if not code:
                out.unmapped.append(
                    f"{out.nct}: baseline {name!r} ({measure.get('unitOfMeasure', '')}) has no characteristic"
                )
                continue
            for cell in category.get("measurements", []):
                total = titles.get(cell["groupId"], "").casefold().startswith("total")
                arm = "all" if total else out.arm(titles.get(cell["groupId"], cell["groupId"]))
                row = baseline_cell(measure, cell, denominators.get(cell["groupId"]))
                if row:
                    out.baseline.append(
                        {
                            "trial_id": out.nct.lower(),
                            "arm_id": arm,
                            "characteristic": code,
                            **row,
                            **out.tail,
                        }
                    )


def baseline_cell(measure: dict[str, Any], cell: dict[str, Any], size: float | None) -> Row:
    """Value, statistic and spread of one baseline cell; {} when it holds no number."""
    value, kind = number(cell.get("value")), measure.get("paramType", "")
    if value is None:
        return {}
    if kind == "COUNT_OF_PARTICIPANTS":
        return {"value": show(value / size), "statistic": "fraction", "unit": "fraction"} if size else {}
    row = {"value": show(value), "statistic": "median" if "MEDIAN" in kind else "mean"}
    row["unit"] = (
        "y" if measure.get("unitOfMeasure", "").casefold() == "years" else measure.get("unitOfMeasure", "")
    )
    if measure.get("dispersionType") == "STANDARD_DEVIATION":
        row |= {"spread": show(number(cell.get("spread"))), "spread_kind": "sd"}
    elif cell.get("lowerLimit") or cell.get("upperLimit"):
        full = "FULL" in measure.get("dispersionType", "")
        limits = {"low": show(number(cell.get("lowerLimit"))), "high": show(number(cell.get("upperLimit")))}
        row |= {"spread_kind": "range" if full else "iqr", **limits}
    return row
