"""Where a combination is tried: the setting of a trial of the disease, and each drug as a trial gave it.

Setting: the largest double-blind trial of the disease that can be simulated. Regimen: the user's own, else that of the
largest trial arm with the drug alone, in the disease if there is one. Trials with the role `validation` are left out,
and no outcome is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pandas as pd

from baxis import axis, evidence
from baxis.axis.dosing import drug_doses, treatment
from baxis.clinic.design.design import Design, Treatment
from baxis.clinic.design.read import read_design
from baxis.core.errors import BaxisError, UnknownName, Unsupported
from baxis.core.reading import disease_names
from baxis.insight.bench import given

SHIPPED = "setting and regimens are taken from the shipped tables; give regimens of your own as 'DRUG AMOUNT UNIT ROUTE SCHEDULE'"
_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)(?=\s*(?:mg/kg|mg/m2|mg|g|ug)\b)")


def known_disease(disease: str) -> str:
    """The code as the library writes it."""
    return disease_names.code(disease, [d for d in axis.diseases() if d != "healthy"])


def home(disease: str) -> Design:
    """Population and background of the disease: its largest simulable double-blind trial outside validation."""
    trials = evidence.load().trials
    design = next(_designs(trials[trials["disease"] == disease]), None)
    if design is None:
        raise Unsupported(f"no trial in {disease} can be simulated, so that a combination has no setting")
    return design


def regimen(text: str, disease: str) -> tuple[Treatment, ...]:
    """Treatments of `DRUG` (as a trial gave it) or `DRUG AMOUNT UNIT ROUTE SCHEDULE`. UnknownName, InvalidValue."""
    if not is_drug(text) and treatment.has_amount(text):
        own, amount, unit, route, timing = treatment.parse(text)
        return (given.treatment(own, (amount, unit), route, timing, ("regimen", text)),)
    name = axis.drug(text).name
    found = _given(name, disease)
    if not found:
        raise Unsupported(_unwritten(name))
    return found


def _unwritten(name: str) -> str:
    """What to do where no trial tells how a drug was given."""
    if axis.drug(name).cell_therapy:
        return f"no trial gives {name} in a dose unit that is held: it is given iv as cells, for which no dose is read here"
    example = drug_doses.example(name) or "100 mg po qd"
    return f"no trial gives a regimen of {name} that can be read; write one, e.g. '{name} {example}'"


def is_drug(text: str) -> bool:
    """Whether all of it is the name of a drug (some hold a number)."""
    try:
        return bool(axis.drug(text).name)
    except UnknownName:
        return False


def scaled(treatments: tuple[Treatment, ...], factor: float, start_day: float = 0.0) -> tuple[Treatment, ...]:
    """Every dose of a regimen times `factor` (loading doses within the schedule too), begun on `start_day`."""
    out = []
    for t in treatments:
        timing = _AMOUNT.sub(lambda m: f"{float(m[1]) * factor:.12g}", t.schedule)
        update = {"dose": t.dose * factor, "schedule": timing, "start_day": t.start_day + start_day}
        out.append(t.model_copy(update=update))
    return tuple(out)


def merged(treatments: list[Treatment]) -> tuple[Treatment, ...]:
    """One treatment for the same drug given twice in the same way: its clearance sees the sum of the doses."""
    out: dict[tuple[str, ...], Treatment] = {}
    for t in treatments:
        bare = _AMOUNT.sub("", t.schedule)
        key: tuple[str, ...] = (t.drug, t.dose_unit, t.route, bare, f"{t.start_day}")
        if key in out and bare == t.schedule:
            t = t.model_copy(update={"dose": t.dose + out[key].dose})
        elif key in out:
            key = (*key, str(len(out)))
        out[key] = t
    return tuple(out.values())


def words(treatments: tuple[Treatment, ...]) -> str:
    """A regimen as text."""
    return " + ".join(f"{t.drug} {t.dose:g} {t.dose_unit} {t.route} {t.schedule}" for t in treatments)


def _given(name: str, disease: str) -> tuple[Treatment, ...]:
    """Regimen of the largest arm with the drug alone (arms of a trial: the highest dose)."""
    tables = evidence.load()
    spellings = {s.casefold() for s in (name, *axis.drug(name).aliases)}
    rows = tables.arms[tables.arms["drug"].map(lambda d: str(d).casefold() in spellings)]
    trials = tables.trials[tables.trials["trial_id"].isin(set(rows["trial_id"]))]
    for some in (trials[trials["disease"] == disease], trials[trials["disease"] != disease]):
        for design in _designs(some):
            alone = [a for a in design.arms if a.treatments and all(t.drug == name for t in a.treatments)]
            if alone:
                best = max(alone, key=lambda a: (max(t.dose for t in a.treatments), a.n))
                return best.treatments
    return ()


def _designs(trials: pd.DataFrame) -> Iterator[Design]:
    """Designs that can be simulated, double-blind ones first, then the largest."""
    kept = trials[trials["role"] != "validation"]
    rank = kept.assign(blinded=kept["blind"].eq("double"), size=pd.to_numeric(kept["n_randomised"]).fillna(0))
    for trial_id in rank.sort_values(["blinded", "size", "trial_id"], ascending=[False, False, True])["trial_id"]:
        try:
            yield read_design(trial_id)
        except BaxisError:
            continue
