"""Default designs: arms, doses, background, entry criteria and endpoints of a trial from its evidence rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from baxis import evidence as ev
from baxis.clinic.design.design import Arm, Design, Treatment, build
from baxis.clinic.design.from_evidence.dosing import treatments
from baxis.clinic.design.from_evidence.people import background, entry, prior_treatment
from baxis.clinic.design.from_evidence.rows import Row, Rows, index
from baxis.clinic.design.from_evidence.rules import cohort_text
from baxis.clinic.design.from_evidence.what import endpoints
from baxis.clinic.instruments import Instrument, instrument
from baxis.core.errors import BaxisError, UnknownName, Unsupported

if TYPE_CHECKING:
    import pandas as pd

UNKNOWN_SIZE = 100


@dataclass(frozen=True)
class Derived:
    """A trial's default design, or why there is none.

    notes: what was assumed or could not be read; left_out: arms that cannot be simulated, with why; pools: pooled
    analysis groups as the arms that they are made of.
    """

    trial_id: str
    design: Design | None
    why: str = ""
    notes: tuple[str, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    pools: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def default_design(trial_id: str, evidence: ev.Evidence | None = None, versus: str = "") -> Design:
    """Design of a trial without a design file; what could not be read stands in its `notes`.

    versus: control arm, for a trial of several cohorts. Raises UnknownName for a trial that the evidence does not
    hold, Unsupported with the reason for one that cannot be simulated.
    """
    found = derive(trial_id, evidence, versus)
    if found.design is None:
        raise Unsupported(f"trial {trial_id} cannot be simulated: {found.why}")
    return found.design


def derive(trial_id: str, evidence: ev.Evidence | None = None, versus: str = "") -> Derived:
    """Default design with its notes and arms left out, or why there is none. UnknownName for an unknown trial."""
    tables = evidence or ev.load()
    rows = index(tables)
    if trial_id not in rows.trials:
        raise UnknownName("trial", trial_id, rows.trials)
    try:
        return _derive(rows.trials[trial_id], rows, versus)
    except BaxisError as e:
        return Derived(trial_id, None, str(e))


def _derive(trial: Row, rows: Rows, versus: str) -> Derived:
    tool = _tool(trial["disease"])
    specs = [s for s in rows.specs.get(trial["trial_id"], []) if versus in ("", s["versus"])]
    control = versus or (specs[0]["versus"] if specs else "")
    arms, left_out, pools, notes = _arms(trial, rows, control)
    measured, said = endpoints(trial, rows.reported.get(trial["trial_id"], []), tool, specs)
    population = cohort_text(trial["population"], control)
    criteria, said_entry = entry(trial["disease"], population, tool)
    drugs, later, said_background = background(trial["disease"], trial["background"], population)
    own = {t.drug for arm in arms for t in arm.treatments}
    drugs = [b for b in drugs if not (b.from_entry and b.drug in own)]
    weeks = max(e.week for e in measured)
    arms = [_whole(arm, later, weeks) for arm in arms]
    told = (*said, *said_entry, *said_background, *notes)
    design = build(
        {
            "trial_id": trial["trial_id"], "disease": trial["disease"], "weeks": weeks,
            "population": population, "prior_treatment": prior_treatment(trial["disease"], population),
            "background": trial["background"], "background_therapy": drugs, "entry": criteria, "arms": arms,
            "endpoints": measured, "notes": "; ".join(told), "source": trial["nct"] or trial["source"],
        },
        f"default design of {trial['trial_id']}",
    )  # fmt: skip
    return Derived(trial["trial_id"], design, "", told, left_out, pools)


def _tool(disease: str) -> Instrument:
    try:
        return instrument(disease)
    except UnknownName:
        raise Unsupported(f"no clinical instrument for {disease}") from None


def _arms(
    trial: Row, tables: Rows, control: str
) -> tuple[list[Arm], dict[str, str], dict[str, tuple[str, ...]], list[str]]:
    """Arms that can be simulated, control first; arms left out; pooled groups; notes."""
    rows, pools = _pooled(_cohort(tables.arms.get(trial["trial_id"], []), control))
    found, notes, left_out = [], [], {}
    for row in sorted(rows, key=lambda a: a["arm_id"] != control):
        try:
            given, said = treatments(row, tables.agents, tables.plans, trial["disease"], rows)
        except Unsupported as e:
            left_out[row["arm_id"]] = str(e)
            continue
        size, assumed = _size(row, trial, len(rows))
        notes += said + assumed
        found.append(
            Arm(
                arm_id=row["arm_id"],
                arm_label=row["arm_label"],
                n=size,
                role=row["role"],
                treatments=tuple(given),
            )
        )
    _enough(found, control, left_out)
    return found, left_out, pools, notes


def _whole(arm: Arm, later: list[Treatment], weeks: float) -> Arm:
    """The arm with what every arm is given later (but for a drug of its own), nothing starting after the last week."""
    own = {t.drug for t in arm.treatments}
    given = (*arm.treatments, *(t for t in later if t.drug not in own))
    return arm.model_copy(update={"treatments": tuple(t for t in given if t.start_day < weeks * 7.0)})


def _enough(found: list[Arm], control: str, left_out: dict[str, str]) -> None:
    told = "; ".join(f"arm {k}: {v}" for k, v in left_out.items())
    if not found:
        raise Unsupported(told or "no arms in the tables")
    if control and control not in {a.arm_id for a in found}:
        raise Unsupported(f"control arm {control}: {left_out.get(control, 'not in the tables')}")
    if not any(a.treatments for a in found):
        raise Unsupported(told or "no arm with a drug in the tables")
    if len(found) == 1 and left_out:
        raise Unsupported(told)


def _cohort(rows: list[Row], control: str) -> list[Row]:
    """Arms of the contrast's cohort: those with the control's prefix (`p1_`, `iv_`), where arms are so named."""
    prefix, found, _ = control.partition("_")
    alike = [a for a in rows if a["arm_id"].startswith(prefix + "_")]
    return alike if found and len(prefix) <= 2 and 1 < len(alike) < len(rows) else rows


def _pooled(rows: list[Row]) -> tuple[list[Row], dict[str, tuple[str, ...]]]:
    """Arms of their own, and pooled groups (a drug without a dose beside arms of that drug with one)."""
    pools: dict[str, tuple[str, ...]] = {}
    for row in rows:
        same = [a["arm_id"] for a in rows if a["drug"] == row["drug"] and a["dose"] == a["dose"]]
        if row["dose"] != row["dose"] and same and row["role"] != "placebo":
            pools[row["arm_id"]] = tuple(same)
    named = [a for a in rows if a["arm_id"] not in pools]
    return [
        a for a in named if "pooled" not in a["arm_label"] or a["dose"] == a["dose"] or a["role"] == "placebo"
    ], pools


def _size(row: Row, trial: Row, arms: int) -> tuple[int, list[str]]:
    if row["n"] > 0:
        return int(row["n"]), []
    if trial["n_randomised"] > 0:
        share = max(1, round(trial["n_randomised"] / arms))
        return share, [f"{row['arm_id']}: size not in the tables; an equal share of those randomised is taken"]
    return UNKNOWN_SIZE, [f"{row['arm_id']}: size not in the tables; {UNKNOWN_SIZE} is taken"]


def coverage(evidence: ev.Evidence | None = None) -> pd.DataFrame:
    """Every trial of the evidence: trial_id, role, disease, designed (bool), why not, notes (count), arms left out."""
    import pandas as pd

    tables = evidence or ev.load()
    rows = []
    for trial in tables.rows("trials"):
        found = derive(trial["trial_id"], tables)
        rows.append({
            "trial_id": trial["trial_id"], "role": trial["role"], "disease": trial["disease"],
            "designed": found.design is not None, "why": found.why, "notes": len(found.notes),
            "left_out": "; ".join(f"{k}: {v}" for k, v in found.left_out.items()),
        })  # fmt: skip
    return pd.DataFrame(rows)
