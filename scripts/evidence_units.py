"""Units, instruments and comparators of outcome and baseline rows, read from the source tables' free text."""

from __future__ import annotations

import re

Row = dict[str, str]

RATIOS = {"hazard_ratio", "odds_ratio", "rate_ratio", "risk_ratio", "relative_risk_ratio"}
INSTRUMENT = re.compile(r"DAS28-3-ESR|DAS28-CRP|DAS28-ESR|DAS28|CDAI|Genant-modified Sharp")
RATES = {
    "events/100PY": "per 100 patient-years",
    "per 100 patient-years": "per 100 patient-years",
    "flares/y": "per patient-year",
    "flares/patient-year": "per patient-year",
}
RATIO_WORDS = {"odds ratio": "odds_ratio", "rate ratio": "rate_ratio", "relative risk": "rate_ratio"}
PLAIN = ("IU/mL", "U/mL", "cells/uL", "g/L", "mg/dL", "mL/min/1.73m2", "mL/min", "ug/mL", "mg", "mm")
POINTS = {"CLASI-A_change", "SLEDAI_change", "SLEDAI", "mSLEDAI_change", "BILAG_score"}
SPAN = re.compile(r"(-?\d+(?:\.\d+)?)\s*-\s*(-?\d+(?:\.\d+)?)")
DAYS = {"mean_days": ("mean", "d"), "median_days": ("median", "d"), "median_weeks": ("median", "wk")}


def outcome_row(row: Row) -> list[str]:
    """Split the source's `unit` into unit, instrument, ci_level and detail; returns notes on rescaled numbers."""
    text, notes = row["unit"], []
    row["ci_level"] = level(row, text)
    found = INSTRUMENT.search(text)
    row["instrument"] = {"Genant-modified Sharp": "mTSS-Genant"}.get(found.group(0), found.group(0)) if found else ""
    if row["statistic"] in DAYS:
        row["statistic"], row["unit"] = DAYS[row["statistic"]]
    elif row["statistic"] == "median_change" and text.startswith("%"):
        row["statistic"], row["unit"] = median_percent(row)
    elif row["statistic"] == "rate":
        row["statistic"], row["unit"] = rate(text)
    elif text.startswith("percentage points"):
        notes.append(as_fraction(row))
    else:
        row["unit"] = plain_unit(row, text)
    row["detail"] = detail(text, row["unit"], row["instrument"])
    return notes


def level(row: Row, text: str) -> str:
    """Coverage of the printed interval: 0.95 unless the source says 90 %; empty without an interval."""
    if not (row["ci_low"] or row["ci_high"]):
        return ""
    return "0.9" if re.search(r"\b90 ?%", text) else "0.95"


def median_percent(row: Row) -> tuple[str, str]:
    """Median of percentage changes; an occupancy level is a median, not a change."""
    return ("median", "%") if row["endpoint"] == "target_occupancy_pct" else ("median_pct_change", "%")


def rate(text: str) -> tuple[str, str]:
    """Statistic and unit of a row filed as a rate: some are ratios, one is a concentration."""
    for words, statistic in RATIO_WORDS.items():
        if words in text:
            return statistic, "ratio"
    return ("rate", RATES[text]) if text in RATES else ("estimate", text)


def as_fraction(row: Row) -> str:
    """Percentage points become a difference of fractions, interval and all."""
    before = row["value"]
    for column in ("value", "ci_low", "ci_high", "se"):
        if row[column]:
            row[column] = f"{float(row[column]) / 100:.6g}"
    row["unit"] = "fraction"
    return f"percentage points to fraction: {row['trial_id']} {row['arm_id']} {row['endpoint']} {before}"


def plain_unit(row: Row, text: str) -> str:
    """Unit of a row by its statistic, the source's text giving only what the statistic leaves open."""
    statistic, endpoint = row["statistic"], row["endpoint"]
    if statistic == "proportion":
        return "fraction"
    if statistic in RATIOS:
        return "ratio"
    if statistic.startswith("pct_change"):
        return "%"
    if "points" in text or endpoint in POINTS:
        return "points"
    if "per 100 patient-years" in text:
        return "per 100 patient-years"
    for unit in PLAIN:
        if text.startswith(unit):
            return unit
    if statistic == "difference" and abs(float(row["value"])) <= 1 and not text.startswith("vs placebo (adjusted, as"):
        return "fraction"
    return {"months (median)": "months", "number (median)": "number", "d": "d"}.get(text, "")


def detail(text: str, unit: str, instrument: str) -> str:
    """What the source's unit cell said beyond the unit."""
    left = text
    for word in (instrument, "Genant-modified Sharp" if instrument.startswith("mTSS") else "", unit):
        if word and word not in ("fraction",):
            left = left.replace(word, "", 1)
    left = left.removeprefix("fraction").strip(" ,")
    plain = re.fullmatch(r"\(([^()]*)\)", left)
    return (plain.group(1) if plain else left) if left not in RATES else ""


def versus(row: Row, arms: list[Row]) -> str:
    """Arm that a contrast row is measured against; empty where the row is no contrast of two arms."""
    contrast = row["statistic"] in RATIOS | {"difference", "pct_change_vs_placebo"} or "vs placebo" in row["detail"]
    if not contrast or not_between_arms(row):
        return ""
    others = [a for a in arms if a["arm_id"] != row["arm_id"]]
    placebo = [a for a in others if a["role"] == "placebo"]
    if len(placebo) > 1:
        prefix = re.split(r"[_-]", row["arm_id"])[0]
        named = [a for a in placebo if re.split(r"[_-]", a["arm_id"])[0] == prefix]
        same = [a for a in placebo if a["arm_id"] in ("pbo", row["arm_id"].replace("ron", "pbo"))]
        placebo = named or same
    comparator = NAMED.get((row["trial_id"], row["arm_id"]))
    if comparator:
        return comparator
    if len(placebo) == 1:
        return placebo[0]["arm_id"]
    return others[0]["arm_id"] if len(others) == 1 else ""


# Control arms of trials where neither a lone placebo nor a lone other arm says it (read from the printed text).
NAMED = {
    ("bliss-believe", "bel_rtx"): "bel_pbo",
    ("strap", "etn_tcz"): "rtx",
    ("redo", "500x1"): "1000x1",
    ("redo", "200x1"): "1000x1",
    ("pexivas", "pex"): "nopex",
    ("pexivas", "gc_low"): "gc_std",
    ("clear-avacopan", "ava_pred20"): "pred60",
    ("clear-avacopan", "ava"): "pred60",
}


def not_between_arms(row: Row) -> bool:
    """A ratio between subgroups or risk factors of one arm, not between arms."""
    text = f"{row['detail']} {row['subgroup']}".lower()
    marks = (
        "pr3",
        "ri>9",
        "per year of age",
        "ratio of rr",
        "seropositive minus",
        "seropositive vs seronegative",
    )
    single = ("rituximab-igg4rd-wallace2016", "rituximab-leeds-cohort", "rituximab-ucl-cohort")
    return any(m in text for m in marks) or row["trial_id"] in single


def baseline_row(row: Row) -> None:
    """Split a baseline cell: unit, mean or median, spread as a number or a low-high span."""
    text = row["unit"]
    row["low"] = row["high"] = ""
    span = SPAN.fullmatch(row["spread"]) or SPAN.search((re.search(r"\[range ([^\]]*)\]", text) or [""])[0])
    if span:
        row["low"], row["high"] = span.group(1), span.group(2)
        row["spread"], row["spread_kind"] = "", row["spread_kind"] or "range"
    se = re.search(r"\[se ([\d.]+)\]", text)
    if se:
        row["spread"], row["spread_kind"] = se.group(1), "se"
    fraction = row["characteristic"].removesuffix("_IFN_low").removesuffix("_IFN_high").endswith("_frac")
    row["statistic"] = "fraction" if fraction else "median" if "median" in text else "mean"
    row["unit"] = "fraction" if fraction else clean_unit(row["characteristic"], text)
    left = text.replace(row["unit"], "", 1).replace("(median)", "").strip(" ,")
    row["detail"] = re.sub(r"\[(range|se)[^\]]*\]", "", left).strip(" ()").removeprefix("median").strip()
    if row["unit"] == "cells/uL":
        row["detail"] = row["detail"].replace("cells/ul", "").strip()
    if row["unit"] == "kIU/L":
        row["detail"] = row["detail"].replace("klU/L", "").strip()


def clean_unit(characteristic: str, text: str) -> str:
    """Unit of a baseline characteristic that is no fraction."""
    fixed = {"klU/L": "kIU/L", "cells/ul": "cells/uL", "count": "number", "median": "number", "": "points"}
    head = text.split(" (")[0].split(" [")[0].split(",")[0]
    if characteristic.startswith("BAFF"):
        return ""
    if head == "ultrasound substudy":
        return "points"
    return fixed.get(head, head)
