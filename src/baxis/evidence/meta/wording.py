"""Levels and p values as every table, caption and figure of the meta-analyses prints them."""

from __future__ import annotations

from baxis.core.storing.written import p_value


def level_text(level: float) -> str:
    """A level in per cent with all its digits: 0.8 -> "80 %", 0.995 -> "99.5 %"."""
    return f"{100 * level:.6g} %"


def variance_text(value: float) -> str:
    """A variance between trials in three digits, so that a small one is not shown as 0; "-" for an unknown one."""
    return f"{value:.3g}" if value == value and abs(value) != float("inf") else "-"


def p_cell(p: float) -> str:
    """A p value for a column: "0.0312", "< 0.0001", "-" when there is none."""
    return p_value(p).replace("<", "< ")


def p_text(p: float) -> str:
    """A p value with its sign, for a sentence: "= 0.0312", "< 0.0001", "= -" when there is none."""
    return cell if (cell := p_cell(p)).startswith("<") else f"= {cell}"
