"""Readers of the register's free text: weeks, doses, routes, schedules, diseases, endpoints. Unread means ''."""

from __future__ import annotations

import re
from functools import lru_cache

from ...core import library

WEEKS = {"d": 1 / 7, "w": 1.0, "m": 365.25 / 12 / 7, "y": 365.25 / 7}
UNIT_FIRST = re.compile(r"\b(day|week|month|year)s?\s+(\d+(?:\.\d+)?)", re.I)
NUMBER_FIRST = re.compile(r"\b(\d+(?:\.\d+)?)[\s-]*(day|week|month|year)s?\b", re.I)
DOSE = re.compile(r"(\d+(?:[.,]\d+)?)\s*(mg/kg|mg/m\^?2|mg|g)\b", re.I)
ROUTES = (
    ("sc", r"sub-?cutaneous|\bs\.?c\.?\b"),
    ("iv", r"intravenous|infusion|\bi\.?v\.?\b"),
    ("im", r"intramuscular"),
    ("po", r"\boral|tablet|capsule|by mouth|\bp\.?o\.?\b"),
)
SCHEDULES = (
    ("bid", r"twice (?:a |per )?dai?ly|twice a day|two times (?:a|per) day|\bbid\b|\bb\.i\.d"),
    ("tid", r"three times (?:a |per )?da(?:y|ily)|\btid\b"),
    ("qd", r"once (?:a |per )?dai?ly|once a day|\bqd\b|\bo\.d\.|\bdaily\b"),
    ("q2w", r"every (?:other|second|two|2) weeks?|\bq2w\b|bi-?weekly"),
    ("q4w", r"every (?:four|4) weeks|\bq4w\b|once (?:a|per|every) month|monthly"),
    ("q12w", r"every (?:twelve|12) weeks|\bq12w\b"),
    ("qw", r"once (?:a |per |every )?week(?:ly)?|every week|\bqw\b|\bweekly\b"),
)


def week(text: str) -> str:
    """Last time point of a time frame in weeks since the start, e.g. 'Baseline, Week 52' -> '52'; '' when none."""
    found = [(m.start(), float(m[2]), m[1][0].lower()) for m in UNIT_FIRST.finditer(text)]
    if not found:
        found = [(m.start(), float(m[1]), m[2][0].lower()) for m in NUMBER_FIRST.finditer(text)]
    if not found:
        return ""
    last = max(value * WEEKS[unit] for _, value, unit in found)
    return f"{round(last):d}" if last >= 1 else f"{last:.2g}"


def dose(text: str) -> tuple[str, str]:
    """First dose in a text: ('10', 'mg/kg'), or empty strings."""
    m = DOSE.search(text)
    return (m[1].replace(",", "."), m[2].lower().replace("^", "")) if m else ("", "")


def route(text: str) -> str:
    """po, iv, sc or im."""
    return next((code for code, pattern in ROUTES if re.search(pattern, text, re.I)), "")


def schedule(text: str) -> str:
    """Plain repeated schedules only; loading doses are left to the reader."""
    if re.search(r"loading|\bthen\b|followed by|days? \d+(,| and)", text, re.I):
        return ""
    return next((code for code, pattern in SCHEDULES if re.search(pattern, text, re.I)), "")


@lru_cache(maxsize=1)
def patterns() -> dict[str, list[tuple[re.Pattern[str], str]]]:
    """Compiled patterns of `registry_terms.csv` by kind (disease, endpoint, characteristic)."""
    out: dict[str, list[tuple[re.Pattern[str], str]]] = {}
    for row in library.read_table("evidence/registry_terms"):
        out.setdefault(row["kind"], []).append((re.compile(row["pattern"], re.I), row["code"]))
    return out


def code(kind: str, text: str) -> str:
    """Our word for the register's, by the first pattern that fits; '' when none does."""
    return next((word for pattern, word in patterns()[kind] if pattern.search(text)), "")


def slug(text: str, size: int = 60) -> str:
    """An identifier from a text: letters, digits and '_'."""
    return re.sub(r"[^A-Za-z0-9.]+", "_", text).strip("_")[:size].strip("_")
