"""What a design prescribes, held against what is known: routes, doses, whether a dose is ever given, who may enter.

`faults` are refused before anything is simulated; `remarks` are told with the result.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from baxis import axis
from baxis.axis.dosing import drug_doses
from baxis.clinic.design.blocks import Background, Treatment
from baxis.clinic.design.prescription import Prescription
from baxis.clinic.instruments import CODES
from baxis.core import ledger, library
from baxis.core.reading import schedule

# words of a population that say what its patients had failed, or that they are well, by the value of `prior_treatment`
SAID = {
    "TNF-IR": (r"\btnf", r"inadequate|fail|refractory|intoler|insufficient|\bir\b|non-?respon"),
    "remission": (r"remission", r""),
}
PRIOR = "expectation."
DENIED = r"naive|naïve|no prior|without|\bnot\b|excluded|never"


def given(design: Prescription) -> Iterator[tuple[str, Treatment, float]]:
    """(place, treatment, day from which its start_day counts) of everything that a design may give."""
    for arm in design.arms:
        for t in arm.treatments:
            yield f"arm {arm.arm_id}", t, 0.0
        for s in arm.switches:
            for t in s.treatments:
                yield f"arm {arm.arm_id}, switch at week {s.week:g}", t, 7.0 * s.week
    if design.rescue:
        for t in design.rescue.treatments:
            yield "rescue", t, 7.0 * design.rescue.week


def counted(t: Treatment, weeks: float, day: float = 0.0) -> tuple[int, int | None, str]:
    """(doses that fall within the trial, doses prescribed or None for a course without an end, what cuts it off)."""
    plan, end = schedule.parse(t.schedule), 7.0 * weeks - day - t.start_day
    last = end if t.stop_day is None else min(end, t.stop_day - t.start_day)
    whole = None if plan.endless else plan.total
    cut = f"{weeks:g} weeks" if last >= end else f"the days before stop_day {t.stop_day:g}"
    return len(plan.doses(last)) if last > 0 else 0, whole, cut


def never(design: Prescription) -> list[str]:
    """Courses of which not one dose is given, each with its count."""
    out = []
    for place, t, day in given(design):
        n, whole, cut = counted(t, design.weeks, day)
        if n == 0:
            said = (
                "no dose falls" if whole is None else f"0 of {whole} dose{'s' * (whole != 1)} fall{'s' * (whole == 1)}"
            )
            out.append(f"{place}: {t.drug} {t.schedule}{_from(t)}: {said} within {cut}")
    return out


def _from(t: Treatment) -> str:
    return f" from day {t.start_day:g}" if t.start_day else ""


def faults(design: Prescription) -> list[str]:
    """Routes that a drug does not have, and doses that cannot be meant."""
    out = []
    for place, t, _ in given(design):
        out += [f"{place}: {text}" for text in of_treatment(t)]
    for b in design.background_therapy:
        text = drug_doses.impossible(b.drug, b.dose, b.dose_unit.partition("/")[0])
        out += [f"background: {b.drug} {b.dose:g} {b.dose_unit}: {text}"] if text else []
    return list(dict.fromkeys(out))


def of_treatment(t: Treatment) -> list[str]:
    """What is wrong with one treatment of a drug of the library: its route, and each amount in it."""
    file = axis.drug_file(t.drug)
    if file is None:
        axis.drug(t.drug)  # says why it has none
        return []
    sheet = axis.drug_sheet(file)  # as it is written: its numbers are not needed
    name = str(sheet.get("inn", file))
    if any(a["target"] == "car" for a in sheet.get("action", ())):
        return [f"{name} is given as cells, which a design has no dose unit for"]
    out, has = [], drug_doses.routes(name)
    if has and t.route not in has:
        ways = ", ".join(has)
        said = "is not taken by mouth" if t.route == "po" else f"has no route {t.route}"
        out.append(f"{name} {said}; allowed: {ways}, as its file and its trials give it")
    for amount, unit in amounts(t):
        text = drug_doses.impossible(name, amount, unit)
        out += [f"{name} {amount:g} {unit}: {text}"] if text else []
    return out


def amounts(t: Treatment) -> list[tuple[float, str]]:
    """Every different dose of a treatment: its own, and those that its schedule carries."""
    parts = schedule.parse(t.schedule).parts
    own = [(p.amount, p.unit or t.dose_unit) for p in parts if p.amount is not None]
    used = [(t.dose, t.dose_unit)] if any(p.amount is None for p in parts) or not own else []
    return list(dict.fromkeys((*used, *own)))


def remarks(design: Prescription) -> list[str]:
    """What a reader must know of a design that runs: how words were read, far doses, courses cut off, who may enter."""
    out = list(design.readings)
    for place, t, day in given(design):
        out += [f"{place}: {text}" for text in (*_far(t), *_cut(t, design.weeks, day), *_absorbed(t))]
    out += [f"background: {text}" for b in design.background_therapy for text in _far_background(b)]
    if not design.entry:
        out.append("No entry criteria: patients of every severity enter, also those with little to gain.")
    out += _prior(design)
    return list(dict.fromkeys(out))


def of_regimens(regimens: Iterable[Iterable[Treatment]], weeks: float) -> list[str]:
    """What a reader must know of treatments that stand in no design: far doses, courses cut off, absorption assumed."""
    every = [t for regimen in regimens for t in regimen]
    return list(dict.fromkeys(text for t in every for text in (*_far(t), *_cut(t, weeks, 0.0), *_absorbed(t))))


def _far(t: Treatment) -> Iterator[str]:
    drug = axis.drug(t.drug).name
    single = [(a, u, text) for a, u in amounts(t) if (text := drug_doses.far(drug, a, u))]
    for amount, unit, text in single:
        yield f"{drug} {amount:g} {unit} is far from what is known: {text}"
    if single:
        return
    text = drug_doses.far_month(
        drug, drug_doses.over_month(schedule.parse(t.schedule).doses(28.0), t.dose, t.dose_unit)
    )
    if text:
        yield f"{drug} {t.dose:g} {t.dose_unit} {t.schedule} is far from what is known: {text}"


def _far_background(b: Background) -> Iterator[str]:
    text = drug_doses.far(b.drug, b.dose, b.dose_unit.partition("/")[0])
    if text:
        yield f"{b.drug} {b.dose:g} {b.dose_unit} is far from what is known: {text}"


def _cut(t: Treatment, weeks: float, day: float) -> Iterator[str]:
    n, whole, cut = counted(t, weeks, day)
    if whole is not None and 0 < n < whole:
        yield f"{t.drug} {t.schedule}{_from(t)}: {n} of {whole} doses fall within {cut}"


def _absorbed(t: Treatment) -> Iterator[str]:
    drug = axis.drug(t.drug)
    if t.route == "sc" and not drug.background and "ka" not in drug.kinetics:
        yield f"{drug.name} sc: its file has no absorption; 1/day and the whole dose are taken (assumed)"


def _prior(design: Prescription) -> Iterator[str]:
    """The population's words name what `prior_treatment` would hold, or that holds a word which changes nothing."""
    if design.disease not in CODES:
        return
    known = [k.removeprefix(PRIOR) for k in ledger.read(f"instruments/{design.disease}") if k.startswith(PRIOR)]
    own, said = design.prior_treatment, design.population.casefold()
    if own:
        used = {*known, *(r["prior_treatment"] for r in library.read_table("scoreboard/prior_rules"))}
        if own not in used:
            have = f"it knows {', '.join(known)}" if known else "it knows none"
            yield f"prior_treatment {own!r} changes nothing: the instrument of {design.disease} has no such term; {have}"
        return
    for value in known:
        name, failed = SAID.get(value, (re.escape(value.casefold()), ""))
        if re.search(name, said) and re.search(failed, said) and not re.search(DENIED, said):
            yield (
                f'population {design.population!r} is only words: prior_treatment = "{value}" would give the placebo '
                "response of such patients"
            )
