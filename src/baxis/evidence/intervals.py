"""Intervals of effects: Newcombe's for two proportions, and reported ones brought to 95 %."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from statistics import NormalDist
from typing import Any

NAN = float("nan")


def error(row: dict[str, Any]) -> float:
    """Standard error of one arm's value, from its interval when not printed."""
    if row["se"] == row["se"]:
        return float(row["se"])
    return (row["ci_high"] - row["ci_low"]) / (2 * quantile(row["ci_level"])) if has_interval(row) else NAN


def has_interval(row: dict[str, Any]) -> bool:
    """True when both limits are known."""
    return bool(row["ci_low"] == row["ci_low"] and row["ci_high"] == row["ci_high"])


def from_report(row: dict[str, Any], scale: Callable[[float], float] = float) -> dict[str, Any]:
    """A reported contrast on its scale; an interval of another level becomes 95 %, a missing one comes from p."""
    value = scale(row["value"])
    if has_interval(row) and (scale is float or row["ci_low"] > 0):
        low, high = scale(row["ci_low"]), scale(row["ci_high"])
        se = (high - low) / (2 * quantile(row["ci_level"]))
        if row["ci_level"] == 0.95:
            return {"value": value, "ci_low": low, "ci_high": high, "se": se, "interval": "reported"}
        return normal(value, se, "reported")
    if row["se"] == row["se"] and scale is float:
        return normal(value, row["se"], "reported")
    p = re.fullmatch(r"=?\s*(0?\.\d+)(\s*\(.*\))?", row["p_value"])
    if p and "one-sided" not in row["p_value"] and "inferior" not in row["p_value"] and value:
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
