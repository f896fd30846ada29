"""How a drug is given and how much of it was ever given: its file and the trials' arms say so, nothing else.

From these come the routes that a drug has, a regimen to suggest, and whether a dose is far from all that is known.
Amounts by weight or body surface are compared for a person of 70 kg and 1.8 m2.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from baxis.axis.tables import drug_table
from baxis.core import library, units
from baxis.core.errors import BaxisError
from baxis.core.reading import dose_words, schedule

PERSON = {"": 1.0, "kg": 70.0, "m2": 1.8}
FAR, LITTLE = 5.0, 20.0  # times the largest, and the smallest, known dose from which on a dose is told as far
CONFUSED = 20.0  # times beyond the known from which on another unit that fits is taken to be meant
HEAVIEST = 200_000.0  # mg at once: immunoglobulin, the heaviest medicine, is given at 2 g/kg, 140 g
MONTH = 28.0
_DOSE = re.compile(
    r"(?<![\d.])(?P<numbers>\d[\d.]*(?:\s*(?:-|/|,|or|to|and)\s*\d[\d.]*)*)\s*(?P<unit>mg/kg|mg/m2|mg|g/m2|g|ug)(?P<day>/d(?:ay)?)?(?![/\w])"
    r"(?P<tail>(?:(?!\d[\d.]*\s*(?:mg|g|ug)\b)[^;])*)"
)
_ROUTE = re.compile(r"\b(IV|SC|oral|po)\b", re.IGNORECASE)
_OFTEN = re.compile(r"\b(BID|QD|TID|weekly|monthly|q\d+w)\b", re.IGNORECASE)
_OFTEN_WORDS = {"weekly": "qw", "monthly": "q4w"}


@dataclass(frozen=True, slots=True)
class DoseGiven:
    """A dose that was given: amount and unit as printed, mg at once in the reference person, and mg in the first four
    weeks where the schedule is known."""

    amount: float
    unit: str
    mg: float
    month: float | None
    route: str = ""
    often: str = ""


def in_mg(amount: float, unit: str) -> float:
    """Milligrams in the reference person."""
    mass, _, per = unit.partition("/")
    return amount * units.factor(mass, "mg") * PERSON[per]


def over_month(doses: list[schedule.Dose], amount: float, unit: str) -> float:
    """Milligrams that these doses of the first four weeks sum to; a dose without an amount has the given one."""
    each = [in_mg(amount if d.amount is None else d.amount, d.unit or unit) for d in doses if d.day < MONTH]
    return math.fsum(each)


def known(drug: str) -> tuple[DoseGiven, ...]:
    """Doses of a drug by name that its file (`usual_doses`) and the trials' arms print."""
    file = drug_table.file_of(drug)
    return () if file is None else _known(file, library.roots())


def routes(drug: str) -> tuple[str, ...]:
    """Routes (po, iv, sc) that a drug has: its own, those of its `usual_doses`, and those of trial arms with it alone."""
    file = drug_table.file_of(drug)
    return () if file is None else _routes(file, library.roots())


@lru_cache(maxsize=256)
def _routes(file: str, roots: tuple[Path, ...]) -> tuple[str, ...]:
    raw = drug_table.sheet(file)
    said = [
        str(raw["route"]),
        *raw.get("routes", ()),
        *(m[1] for m in _ROUTE.finditer(str(raw.get("usual_doses", "")))),
    ]
    said += [row["route"] for row in _arms(roots).get(file, ()) if row["route"]]
    found = set()
    for text in said:
        try:
            found.add(dose_words.route(text))
        except BaxisError:
            continue
    if raw["modality"] == "cell therapy":
        found = {"iv"}
    return tuple(r for r in dose_words.ROUTES if r in found)


@lru_cache(maxsize=256)
def _known(file: str, roots: tuple[Path, ...]) -> tuple[DoseGiven, ...]:
    raw = drug_table.sheet(file)
    found = list(_usual(str(raw.get("usual_doses", ""))))
    for row in _arms(roots).get(file, ()):
        found += _of_arm(row)
    return tuple(found) if raw["modality"] != "cell therapy" else ()


def _usual(text: str) -> Iterator[DoseGiven]:
    for m in _DOSE.finditer(text):
        often, route = _OFTEN.search(m["tail"]), _ROUTE.search(m["tail"])
        words = often[1].casefold() if often else "qd" if m["day"] else ""
        plan = _OFTEN_WORDS.get(words, words)
        way = dose_words.route(route[1]) if route else ""
        for number in re.findall(r"\d+(?:\.\d+)?", m["numbers"]):
            unit = m["unit"].replace("g/m2", "mg/m2") if m["unit"] == "g/m2" else m["unit"]
            amount = float(number) * (1000.0 if m["unit"] == "g/m2" else 1.0)
            if amount > 0:
                month = over_month(schedule.parse(plan).doses(MONTH), amount, unit) if plan else None
                yield DoseGiven(amount, unit, in_mg(amount, unit), month, way, plan)


def _of_arm(row: dict[str, str]) -> list[DoseGiven]:
    """The dose columns of a trial's arm, and the doses that its schedule carries."""
    unit = row["dose_unit"] or "mg"
    if unit not in dose_words.UNITS or not row["dose"] or float(row["dose"]) <= 0:
        return []
    amount = float(row["dose"])
    try:
        doses = schedule.parse(row["regimen"] or row["schedule"], words=False).doses(365.0)
    except BaxisError:
        return [DoseGiven(amount, unit, in_mg(amount, unit), None, row["route"])]
    given = {(d.amount, d.unit) for d in doses if d.amount} | {(amount, unit)}
    month = over_month(doses, amount, unit)
    return [DoseGiven(a, u or unit, in_mg(a, u or unit), month, row["route"]) for a, u in sorted(given, key=str) if a]


@lru_cache(maxsize=4)
def _arms(roots: tuple[Path, ...]) -> dict[str, list[dict[str, str]]]:
    """Rows of trial arms by drug file, of one drug each."""
    out: dict[str, list[dict[str, str]]] = {}
    for row in library.read_table("evidence/arms"):
        file = drug_table.file_of(row["drug"]) if row["drug"] else None
        if file is not None:
            out.setdefault(file, []).append(row)
    return out


def example(drug: str) -> str:
    """A regimen to suggest, `100 mg po bid`: the largest usual dose whose rhythm is printed; empty where none is."""
    own = routes(drug)
    rows = [k for k in known(drug) if k.often and (k.route or own[0]) in own]
    if not rows or not own:
        return ""
    best = max(rows, key=lambda k: k.mg)
    return f"{best.amount:g} {best.unit} {best.route or own[0]} {best.often}"


def range_text(drug: str) -> str:
    """The known doses as `25 to 200 mg`; empty where none are known."""
    rows = sorted(known(drug), key=lambda k: k.mg)
    if not rows:
        return ""
    low, high = rows[0], rows[-1]
    return (
        f"{high.amount:g} {high.unit}"
        if low.mg == high.mg
        else f"{low.amount:g} {low.unit} to {high.amount:g} {high.unit}"
    )


def impossible(drug: str, amount: float, unit: str) -> str:
    """Why a dose is too large to be meant, with what probably is; empty for one that can be."""
    mg, rows = in_mg(amount, unit), known(drug)
    high = max((k.mg for k in rows), default=math.inf)
    meant = _meant(drug, amount, unit)
    if mg > CONFUSED * high and meant:
        return f"{_away(drug, mg)}{meant}"
    if mg > HEAVIEST:
        said = f"; known doses of {drug}: {range_text(drug)}" if rows else ""
        return f"no medicine is given in more than {HEAVIEST / 1000:g} g at once{said}{meant}"
    return ""


def far(drug: str, amount: float, unit: str) -> str:
    """How far a single dose is from all that is known; empty for one that is not."""
    mg, rows = in_mg(amount, unit), known(drug)
    if not rows or mg == 0:
        return ""
    if min(k.mg for k in rows) / LITTLE <= mg <= FAR * max(k.mg for k in rows):
        return ""
    return f"{_away(drug, mg)}{_meant(drug, amount, unit)}"


def _meant(drug: str, amount: float, unit: str) -> str:
    """The unit under which the same number is a known dose, as a question; empty where there is none."""
    rows = known(drug)
    for other in dict.fromkeys(("mg", *(k.unit for k in rows))):
        mg = in_mg(amount, other)
        if other != unit and rows and min(k.mg for k in rows) / 2 <= mg <= 2 * max(k.mg for k in rows):
            return f"; did you mean {amount:g} {other}?"
    return ""


def far_month(drug: str, mg: float) -> str:
    """How far the sum of four weeks is above all that is known; empty for one that is not, or where none is known."""
    most = max((k.month for k in known(drug) if k.month), default=0.0)
    if not most or mg <= FAR * most:
        return ""
    return f"{_figure(mg)} mg in the first four weeks, {_figure(mg / most)} times the most known ({_figure(most)} mg)"


def _away(drug: str, mg: float) -> str:
    """A dose as a multiple of the largest known, or as a part of the smallest, with the known range."""
    rows = known(drug)
    low, high = min(k.mg for k in rows), max(k.mg for k in rows)
    size = f"{_figure(mg / high)} times the largest" if mg > high else f"1/{_figure(low / mg)} of the smallest"
    return f"{size} known dose ({range_text(drug)})"


def _figure(x: float) -> str:
    return f"{x:.0f}" if x >= 100 else f"{x:.3g}"
