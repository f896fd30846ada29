"""Intervals of effects: Newcombe's for two proportions, and reported ones brought to 95 %."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from statistics import NormalDist
from typing import Any

NAN = float("nan")
LEVEL = re.compile(
    r"(?P<a>\d{2}(?:\.\d+)?)\s*(?:%|per\s?cent)[\s-]*(?:CI\b|CrI\b|confidence|credible|limits?\b|intervals?\b)"
    r"|\b(?:CI|CrI|confidence (?:intervals?|limits?)|credible intervals?)[\s,:(]*(?P<b>\d{2}(?:\.\d+)?)\s*(?:%|per\s?cent)",
    re.IGNORECASE,
)


def said_level(text: str) -> float:
    """Level that words name ("points (90% CI)" -> 0.9); nan when they name none."""
    found = LEVEL.search(text)
    return float(found["a"] or found["b"]) / 100 if found else NAN


def level_of(row: dict[str, Any]) -> float:
    """Level of a row's interval: its `ci_level`, else what `unit` or `detail` say, else 0.95."""
    said = (row["ci_level"], said_level(str(row.get("unit") or "")), said_level(str(row.get("detail") or "")), 0.95)
    return next(float(x) for x in said if x == x)


def error(row: dict[str, Any]) -> float:
    """Standard error of one arm's value, from its interval when not printed; nan when there is neither."""
    if row["se"] == row["se"]:
        return float(row["se"]) if row["se"] > 0 else NAN
    return (row["ci_high"] - row["ci_low"]) / (2 * quantile(level_of(row))) if has_interval(row) else NAN


def has_interval(row: dict[str, Any]) -> bool:
    """True when both limits are known and leave a width."""
    return bool(row["ci_low"] < row["ci_high"])


def from_report(row: dict[str, Any], scale: Callable[[float], float] = float) -> dict[str, Any]:
    """A reported contrast on its scale; an interval of another level becomes 95 %, a missing one comes from p."""
    value = scale(row["value"])
    if has_interval(row) and (scale is float or row["ci_low"] > 0):
        low, high = scale(row["ci_low"]), scale(row["ci_high"])
        level = level_of(row)
        se = (high - low) / (2 * quantile(level))
        if level == 0.95:
            return {"value": value, "ci_low": low, "ci_high": high, "se": se, "interval": "reported"}
        return normal(value, se, "reported")
    if row["se"] > 0 and scale is float:
        return normal(value, row["se"], "reported")
    p = re.fullmatch(r"=?\s*(0?\.\d+)(\s*\(.*\))?", row["p_value"])
    usual = "one-sided" not in row["p_value"] and "inferior" not in row["p_value"]
    if p and float(p.group(1)) > 0 and usual and value:
        return normal(value, abs(value) / quantile(1 - float(p.group(1))), "p")
    return {"value": value, "ci_low": NAN, "ci_high": NAN, "se": NAN, "interval": "none"}


def normal(value: float, se: float, origin: str) -> dict[str, Any]:
    """95 % interval of a normal estimate."""
    half = quantile(0.95) * se
    return {"value": value, "ci_low": value - half, "ci_high": value + half, "se": se, "interval": origin}


def quantile(level: float) -> float:
    """Standard normal quantile of a two-sided interval of the given level (1.96 for 0.95)."""
    return NormalDist().inv_cdf(0.5 + (level if level == level else 0.95) / 2)


def wilson(p: float, n: float, z: float) -> tuple[float, float]:
    """Wilson score limits of a proportion."""
    centre = p + z * z / (2 * n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (centre - half) / (1 + z * z / n), (centre + half) / (1 + z * z / n)


def newcombe(p1: float, n1: float, p0: float, n0: float, level: float = 0.95) -> tuple[float, float]:
    """Newcombe's hybrid score interval of p1 - p0 (Stat Med 1998;17:873, method 10)."""
    z = quantile(level)
    (l1, u1), (l0, u0) = wilson(p1, n1, z), wilson(p0, n0, z)
    d = p1 - p0
    return d - math.hypot(p1 - l1, u0 - p0), d + math.hypot(u1 - p1, p0 - l0)
