"""Harms of each arm: rates with source and interval, and what the simulated IgG and steroid dose make of them.

`library/safety/harms.csv` holds every number; nothing here knows a drug. Forms of a row: `base`, the rate of a harm in a
disease under its usual therapy; `factor`, what multiplies it (prednisone dose, low IgG, a drug class); `rate` and `risk`,
class harms per time on the drug and by a stated week; `once`, at the first dose; `measure`, read from the simulated
course. A patient's rate follows its own dose and IgG from visit to visit, relative to the doses that the arms start
from, because the published base rates were seen under such doses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from baxis import axis
from baxis.clinic.design.design import Arm, Design
from baxis.clinic.people.labs import reported as as_reported
from baxis.clinic.statistics.intervals import central
from baxis.clinic.therapy.steroid import steroid_dose
from baxis.core import library, streams
from baxis.core.storing.written import none_of
from baxis.core.storing.written import share as in_percent

if TYPE_CHECKING:
    from baxis.clinic.conduct.arm_run import ArmRun
    from baxis.clinic.people.population import Population
    from baxis.evidence import Evidence

Array = NDArray[np.float64]
TABLE = "safety/harms"
COLUMNS = ("arm_id", "harm", "name", "expected", "per_100_years", "pi50", "pi90", "control", "published", "published_unit", "source", "note")  # fmt: skip
YEAR = 365.25
DRAWS = 4000
TWO, BIOLOGIC = "two biologics at once", ("mAb", "fusion protein")
NARROW = "cohorts reach further down, so this is no sign that the drug spares IgG"
CAVEATS = {
    "PI3Kdelta inhibitor": (
        "Under PI3K delta inhibitors the model raises IgG by about a third: class switching follows FOXO1 on the evidence of "
        "patients with overactive PI3K delta, while seletalisib is recorded to lower IgG. That gain is never set against another "
        "drug's loss. Colitis and liver harm, the reason why the class was left, are in the harms."
    ),
    "BTK inhibitor": "Bleeding and atrial fibrillation under BTK inhibitors are rates of ibrutinib in blood cancer: upper bounds.",
}
Z90 = 1.6448536269514722
Z95 = 1.959963984540054


@dataclass(frozen=True)
class Harm:
    """One row of the table: value with its interval, where it holds, and whether it is serious by its own definition."""

    harm: str
    name: str
    form: str
    scope: str
    value: float
    log_sd: float
    weeks: float
    control: float | None
    endpoint: str
    source: str
    note: str
    serious: bool


def rows(form: str | Sequence[str]) -> list[Harm]:
    """Rows of one form or several, in file order."""
    wanted = (form,) if isinstance(form, str) else tuple(form)
    return [_harm(r) for r in library.read_table(TABLE) if r["form"] in wanted]


def _harm(row: dict[str, str]) -> Harm:
    low, high = row["low"], row["high"]
    log_sd = float(np.log(float(high) / float(low)) / (2 * Z95)) if low and high else 0.0
    source = f"{row['source']}: {row['place']}"
    return Harm(
        harm=row["harm"], name=row["name"], form=row["form"], scope=row["scope"], value=float(row["value"]), log_sd=log_sd, weeks=float(row["weeks"] or "nan"),
        control=float(row["control"]) if row["control"] else None, endpoint=row["endpoint"], source=source, note=row["note"], serious=row["serious"] == "yes",
    )  # fmt: skip


def harms(design: Design, people: Population, runs: Sequence[ArmRun], tables: Evidence) -> pd.DataFrame:
    """Table with COLUMNS: one row an arm and harm. `expected` is the share of patients with the harm by the last week;
    its intervals hold the source's own and a trial of the arm's size. Class harms of other arms stand as control."""
    out: list[dict[str, Any]] = []
    classes = {arm.arm_id: _classes(arm) for arm in design.arms}
    asked = [h for h in rows(("rate", "risk", "once")) if any(_within(h.scope, c) for c in classes.values())]
    for run in runs:
        found = _infection(design, people, run)
        found += [_low_igg(people, run, h) for h in rows("measure")]
        found += [_class_harm(design, run.arm, h, classes[run.arm.arm_id]) for h in asked]
        for harm, share, rate, log_sd in found:
            row = _row(run.arm, harm, (share, rate, log_sd), (people.seed, int((run.status == 0).sum())))
            out.append(row | _published(design.trial_id, run.arm.arm_id, harm, tables))
    table = pd.DataFrame(out, columns=list(COLUMNS))
    return table.drop_duplicates(["arm_id", "harm", "name"]).reset_index(drop=True)


def _classes(arm: Arm) -> set[str]:
    return {axis.drug(t.drug).class_ for t in arm.every_treatment}


def _within(scope: str, classes: set[str]) -> bool:
    """Whether a scope (`BTK inhibitor`, `CAR-T`) names one of the classes or a family of it."""
    return any(c == scope or c.startswith(f"{scope} ") or c.endswith(f" {scope}") for c in classes)


def to_know(table: pd.DataFrame, design: Design) -> list[str]:
    """Sentences that belong beside the harms of a design: what is borrowed, what is a bound, what cannot be seen here."""
    classes = {c for arm in design.arms for c in _classes(arm)}
    notes = dict(zip(table["note"], table["name"], strict=True))
    none = [f"{name}: {note}." for note, name in notes.items() if isinstance(note, str) and NARROW in note]
    return [*caveats(classes), *none[:1]]


def caveats(classes: set[str]) -> list[str]:
    """What is known to be wrong, borrowed or easily misread in the harms of drug classes."""
    out = [text for family, text in CAVEATS.items() if any(c.startswith(family) for c in classes)]
    for h in rows("factor"):
        if h.value < 1 and _within(h.scope, classes):
            low, high = (h.value * np.exp(s * Z95 * h.log_sd) for s in (-1, 1))
            open_ = low < 1 < high
            out.append(
                f"Serious infection under {h.scope}: the published ratio to control is {h.value:g} ({low:.2g} to {high:.2g}), below 1"
                + ("; its interval holds 1, so fewer infections are not shown." if open_ else ".")
            )
    return out


def reported(row: Mapping[Any, Any]) -> str:
    """A published harm as printed: a share in per cent, a rate with its unit; empty where none was published."""
    value = row["published"]
    if value is None or value != value:
        return ""
    if row["published_unit"] == "fraction":
        return in_percent(value)
    return f"{value:g} {row['published_unit'].replace('patient-years', 'y')}"


Found = tuple[Harm, float, float, float]


def _infection(design: Design, people: Population, run: ArmRun) -> list[Found]:
    """Serious infections of an arm: expected share and rate."""
    found = infections(design, people, run)
    if found is None:
        return []
    base, each, log_sd = found
    hazard = each[run.status == 0]
    years = float(run.days[-1] - run.days[1]) / YEAR
    return [(base, float((1 - np.exp(-hazard)).mean()), float(100 * hazard.mean() / years), log_sd)]


def infection_base(disease: str) -> Harm | None:
    """Base rate of serious infection in a disease under its usual therapy; None where no source gives one."""
    return next((h for h in rows("base") if h.scope == disease), None)


def class_factor(classes: set[str]) -> tuple[float, float]:
    """(factor, log sd) of drug classes on the rate of serious infection; (1, 0) without a published one."""
    drug = [h for h in rows("factor") if _within(h.scope, classes)]
    return float(np.prod([h.value for h in drug])), float(np.sqrt(sum(h.log_sd**2 for h in drug)))


def steroid_factor(dose: Array) -> Array:
    """Factor of prednisone-equivalent doses (mg/day, any shape) on the rate of serious infection."""
    return _by_dose(dose, {h.scope: h for h in rows("factor")})


def infection_factor(dose: Array, igg: Array, start: float, drug: Array | float = 1.0) -> Array:
    """What multiplies a disease's rate of serious infection, for each patient at each visit (n, T).

    dose: prednisone, mg/day; igg: g/L, both (n, T); start: mean `steroid_factor` of the doses that the base rate was seen
    under; drug: factor of the drug classes given.
    """
    factors = {h.scope: h for h in rows("factor")}
    low = np.where(igg < 5.0, factors["IgG below 5 g/L"].value, 1.0)
    return np.asarray(_by_dose(dose, factors) / start * low * drug)


def infections(design: Design, people: Population, run: ArmRun) -> tuple[Harm, Array, float] | None:
    """Expected serious infections of each patient (n,) by the last week: the disease's base rate times the factors of
    each patient at each visit; with the base row and the log sd of the sources. None where no base rate is held."""
    base = infection_base(design.disease)
    if base is None:
        return None
    days = run.days[1:]
    dose = steroid_dose(design, run.taken, people, run.days)
    dose = np.zeros((len(people.ids), run.days.size)) if dose is None else dose
    start = float(steroid_factor(dose[:, 0]).mean())
    igg = as_reported("igg", run.outputs["igg"], people.seed, people.ids)
    times, drug_sd = class_factor(_classes(run.arm))
    if biologics(run.arm) > 1:
        two = next(h for h in rows("factor") if h.scope == TWO)
        times, drug_sd = times * two.value, float(np.hypot(drug_sd, two.log_sd))
    rate = base.value / (100 * YEAR) * infection_factor(dose[:, 1:], igg[:, 1:], start, times)
    hazard = ((rate[:, 1:] + rate[:, :-1]) / 2 * np.diff(days)).sum(axis=1)
    return base, np.asarray(hazard), float(np.hypot(base.log_sd, drug_sd))


def class_harms(design: Design, arm: Arm) -> list[tuple[Harm, float, float]]:
    """Harms of the arm's drug classes: row, expected events of a patient by the last week above the source's control, log sd.

    Only what the table holds: a class without a row is one whose harms are not held, not one without harm.
    """
    classes, out = _classes(arm), []
    for harm in rows(("rate", "risk", "once")):
        if _within(harm.scope, classes):
            with_drug = _class_harm(design, arm, harm, classes)[1]
            without = _class_harm(design, arm, harm, set())[1] if harm.control is not None else 0.0
            out.append((harm, max(with_drug - without, 0.0), harm.log_sd))
    return out


def biologics(arm: Arm) -> int:
    """Number of different biologic drugs of an arm."""
    return len({t.drug for t in arm.treatments if axis.drug(t.drug).modality in BIOLOGIC})


def _by_dose(dose: Array, factors: dict[str, Harm]) -> Array:
    """Factor of a prednisone-equivalent dose in mg/day."""
    steps = [factors[f"prednisone {s} mg/day"].value for s in ("up to 5", "up to 10", "above 10")]
    return np.select([dose <= 0, dose <= 5, dose <= 10], [1.0, steps[0], steps[1]], steps[2])


def _low_igg(people: Population, run: ArmRun, harm: Harm) -> Found:
    """Share of patients who go below the level; where none does, the note says where their levels are."""
    igg = as_reported("igg", run.outputs["igg"], people.seed, people.ids)[run.status == 0]
    below = (igg[:, 2:] < harm.value).any(axis=1)
    if below.size and not below.any():
        low, high = np.quantile(igg[:, 1], [0.05, 0.95])
        harm = replace(
            harm,
            note=f"{none_of(below.size)}: IgG of the virtual patients starts at {low:.1f} to {high:.1f} g/L (5 to 95 %); {NARROW}",
        )
    return harm, float(below.mean()) if below.size else float("nan"), float("nan"), 0.0


def _class_harm(design: Design, arm: Arm, harm: Harm, classes: set[str]) -> Found:
    """Share by the last week under the class; in other arms the source's control value, or nothing."""
    on = _within(harm.scope, classes)
    value = harm.value if on else harm.control
    if value is None:
        return harm, float("nan"), float("nan"), 0.0
    starts = [t.start_day for t in arm.every_treatment if _within(harm.scope, {axis.drug(t.drug).class_})] or [0.0]
    weeks = max(design.weeks - min(starts) / 7.0, 0.0)
    if harm.form == "risk":
        weeks = min(weeks, harm.weeks)  # what a source saw by a week is not carried beyond it
    if harm.form == "once":
        return harm, value, float("nan"), harm.log_sd
    yearly = value / 100 if harm.form == "rate" else -np.log1p(-value) / (harm.weeks * 7.0 / YEAR)
    share = 1 - np.exp(-yearly * weeks * 7.0 / YEAR)
    return harm, float(share), 100 * float(yearly), harm.log_sd


def _row(arm: Arm, harm: Harm, found: tuple[float, float, float], drawn: tuple[int, int]) -> dict[str, Any]:
    """One row of the table, with predictive intervals for an arm of this size. drawn: seed, finished patients."""
    (share, rate, log_sd), (seed, people_n) = found, drawn
    row = {"arm_id": arm.arm_id, "harm": harm.harm, "name": harm.name, "expected": share, "per_100_years": rate}
    row |= {"control": harm.control, "source": harm.source, "note": harm.note, "pi50": None, "pi90": None}
    if np.isfinite(share):
        random = streams.generator(seed, f"harm {arm.arm_id} {harm.harm} {harm.name}")
        hazard = -np.log1p(-min(share, 0.999)) * np.exp(log_sd * random.standard_normal(DRAWS))
        chance = 1 - np.exp(-hazard)
        if harm.form == "measure":  # counted in virtual patients: none in n leaves a share open
            chance = random.beta(share * people_n + 0.5, (1 - share) * people_n + 0.5, DRAWS)
        seen = random.binomial(arm.n, chance) / arm.n
        row |= {"pi50": central(seen, 0.5), "pi90": central(seen, 0.9)}
    return row


def _published(trial: str, arm_id: str, harm: Harm, tables: Evidence) -> dict[str, Any]:
    """What the trial itself reported of this harm in this arm, as printed."""
    rows_ = tables.outcomes
    rows_ = rows_[(rows_.trial_id == trial) & (rows_.arm_id == arm_id) & (rows_.endpoint == harm.endpoint)]
    rows_ = rows_[(rows_.subgroup == "") & rows_.statistic.isin(["rate", "proportion"]) & (harm.endpoint != "")]
    if rows_.empty:
        return {"published": None, "published_unit": ""}
    found = rows_.sort_values("statistic").iloc[0]
    return {"published": float(found.value), "published_unit": str(found.unit)}
