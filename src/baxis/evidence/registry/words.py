"""Readers of the register's free text: weeks, doses, routes, schedules, diseases, endpoints. Unread means ''."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import chain, count

from baxis.core import library

WEEKS = {"d": 1 / 7, "w": 1.0, "m": 365.25 / 12 / 7, "y": 365.25 / 7}
NUMBER = r"[0-9]+(?:\.[0-9]+)?"
UNIT = r"(days?|weeks?|wks?|months?|mos?|years?|yrs?)"
# "Weeks 12, 24 and 52": a unit, then one or several numbers; "52 weeks": a number, then a unit.
UNIT_FIRST = re.compile(
    rf"\b{UNIT}[\s#.-]*({NUMBER}(?:\s*(?:,\s*and|,\s*or|,|and|&|or|to|through|until|-|–|/)\s*{NUMBER}(?![\s-]*(?:{UNIT}|%|mg))(?!\d))*)",
    re.I,
)
NUMBER_FIRST = re.compile(rf"\b({NUMBER})[\s-]*{UNIT}\b", re.I)
# Counted from another moment than the start of the trial.
SINCE_END = re.compile(
    rf"{NUMBER}[\s-]*{UNIT}\s*(?:after|following|post|since|from|beyond)\s+(?:the\s+)?(?:last|final|end|discontinu\w*|"
    rf"stopping|cessation|treatment discontinu\w*|study drug discontinu\w*)",
    re.I,
)
TIME_WORDS = re.compile(
    r"\b(?:at|by|visit|timepoint|time|point|change|from|baseline|to|through|up|until|end|of)\b|[\W_]", re.I
)
DOSE = re.compile(
    r"(?<![\w.,])((?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:[.,][0-9]+)?)[\s-]*"
    r"(mg/kg|mg/m\^?2|mg/m²|mg|g|mcg|µg|μg|ug|micrograms?|milligrams?|grams?)(?![^\W\d_])",
    re.I,
)
UNITS = {"mg/m^2": "mg/m2", "mg/m²": "mg/m2", "mcg": "ug", "µg": "ug", "μg": "ug", "microgram": "ug", "micrograms": "ug",
         "milligram": "mg", "milligrams": "mg", "gram": "g", "grams": "g"}  # fmt: skip
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
    """Last time point of a time frame in weeks since the start, e.g. 'Baseline, Weeks 12 and 52' -> '52'; '' when none.

    Times that count from the last dose say nothing about the week and are passed over."""
    text = SINCE_END.sub(" ", text)
    found = [(m[1], n) for m in UNIT_FIRST.finditer(text) for n in re.findall(NUMBER, m[2])]
    found += [(m[2], m[1]) for m in NUMBER_FIRST.finditer(UNIT_FIRST.sub(" ; ", text))]
    if not found:
        return ""
    last = max(float(value) * WEEKS[unit[0].lower()] for unit, value in found)
    return f"{round(last):d}" if last >= 1 else f"{last:.2g}"


def only_time(text: str) -> str:
    """Week of a title that names a time and nothing else ('Week 24', 'Baseline' -> '0'); '' for any other."""
    said = text.strip().casefold()
    if said in ("baseline", "at baseline", "baseline (day 0)", "screening/baseline"):
        return "0"
    if re.search("[<>≤≥=]", said):
        return ""
    rest = NUMBER_FIRST.sub(" ", UNIT_FIRST.sub(" ", said))
    return "" if TIME_WORDS.sub("", rest) else week(said)


def amount(text: str) -> str:
    """A printed amount as a plain number: '1,000' -> '1000', '0,5' -> '0.5'."""
    if re.fullmatch(r"[1-9][0-9]{0,2}(,[0-9]{3})+(\.[0-9]+)?", text):
        return text.replace(",", "")
    return text.replace(",", ".")


def dose(text: str) -> tuple[str, str]:
    """First dose in a text: ('10', 'mg/kg'), or empty strings; micrograms are turned into mg."""
    m = DOSE.search(text)
    if not m:
        return "", ""
    unit = UNITS.get(m[2].lower(), m[2].lower())
    return (f"{float(amount(m[1])) / 1000:.10g}", "mg") if unit == "ug" else (amount(m[1]), unit)


def doses(text: str) -> frozenset[tuple[float, str]]:
    """Every dose in a text, grams and micrograms in mg."""
    scale = {"g": (1000.0, "mg"), "ug": (0.001, "mg")}
    found = set()
    for m in DOSE.finditer(text):
        unit = UNITS.get(m[2].lower(), m[2].lower())
        factor, name = scale.get(unit, (1.0, unit))
        found.add((round(float(amount(m[1])) * factor, 9), name))
    return frozenset(found)


def drug(text: str) -> str:
    """Drug in small letters, of 'Drug: Belimumab 200 mg'; only letters, digits and the marks that names have."""
    name = re.sub(r"^\s*[A-Za-z_ ]{3,24}:\s*", "", text).strip().casefold()
    name = DOSE.sub("\0", name).split("\0")[0]
    name = re.sub(r"[^\w\s()/,.'-]", " ", name.replace("+", " "))
    return " ".join(name.split()).strip(" ,-(./'")[:80].strip()


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
    """An identifier from a text: letters, digits, '_' and '.', a letter or digit first; '' when none is left."""
    return re.sub(r"[^A-Za-z0-9.]+", "_", text).strip("_.")[:size].strip("_.")


def unique(name: str, taken: Iterable[str]) -> str:
    """The name, with a number where it is taken."""
    have = set(taken)
    return next(n for n in chain([name], (f"{name}_{i}" for i in count(2))) if n not in have)
