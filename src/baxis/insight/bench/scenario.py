"""Drug and disease as a two-arm design: the regimen and the setting of a real trial, beside the same without the drug.

Where the user names no trial, the setting is the largest simulable placebo-controlled trial of that drug in that
disease (else in any disease, then put into the disease's own largest simulable trial). Outcomes play no part in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from baxis import axis, evidence
from baxis.axis.dosing import drug_doses, treatment
from baxis.clinic.conduct.settings import Settings
from baxis.clinic.design import prescribed
from baxis.clinic.design.design import Arm, Design, Endpoint
from baxis.clinic.design.read import read_design
from baxis.clinic.instruments import Instrument, instrument
from baxis.clinic.result import published
from baxis.core import library, names
from baxis.core.errors import BaxisError, InvalidValue, Unsupported
from baxis.core.reading import disease_names, schedule
from baxis.insight.bench import given

PAUSE = 16.0  # weeks from the last dose to the endpoint from which on that is told: longer than any trial's interval but courses
DRUG, CONTROL = "drug", "no drug"
OWN = "setting and regimen of"


@dataclass(frozen=True)
class Scenario:
    """design: arms `drug` and `no drug` under one background, one endpoint; origin: the trials that it was taken from."""

    drug: str
    design: Design
    tool: Instrument
    origin: str
    published: tuple[float, float, float] | None = (
        None  # the setting's trial, drug against control, with its 95 % interval
    )

    @property
    def better(self) -> int:
        """+1 where a higher value of the endpoint is a benefit, -1 where a lower one is, 0 where neither is said."""
        name = self.endpoint.name
        known = {r["endpoint"]: r["benefit_sign"] for r in library.read_table("evidence/endpoints")}
        if known.get(name):
            return int(known[name])
        return -1 if name in self.tool.continuous | self.tool.counted else 1

    @property
    def treated(self) -> Arm:
        """The arm with the drug."""
        return self.design.arms[0]

    @property
    def control(self) -> Arm:
        """The same background without it."""
        return self.design.arms[1]

    @property
    def endpoint(self) -> Endpoint:
        """What the effect is judged by."""
        return self.design.primary

    @property
    def regimen(self) -> str:
        """The drug as given, in words."""
        parts = [
            f"{t.drug} {t.dose:g} {t.dose_unit} {t.route} {t.schedule}"
            for t in self.treated.treatments
            if t.drug == self.drug
        ]
        return " + ".join(parts)

    @property
    def remarks(self) -> list[str]:
        """What a reader must know of the design: how words were read, far doses, courses cut off, who may enter."""
        return [*prescribed.remarks(self.design), *([self.gone] if self.gone else [])]

    @property
    def gone(self) -> str:
        """How long before the endpoint the last dose was, where that is more than PAUSE weeks; else empty."""
        week, last = self.endpoint.week, 0.0
        for t in self.treated.treatments:
            doses = schedule.parse(t.schedule).doses(min(7.0 * week, t.stop_day or 7.0 * week) - t.start_day)
            last = max([last, *(t.start_day + d.day for d in doses)])
        weeks = week - last / 7.0
        if weeks <= PAUSE:
            return ""
        return f"the last dose is on day {last + 1:g}, {weeks:.0f} weeks before week {week:g}: what is shown there is what is left of it"

    def zero_dose(self) -> Arm:
        """The drug's arm at dose zero: the null, which must equal no drug."""
        none = [t.model_copy(update={"dose": 0.0, "schedule": bare(t.schedule)}) for t in self.treated.treatments]
        return self.treated.model_copy(update={"treatments": tuple(none)})


def bare(schedule: str) -> str:
    """A schedule without amounts of its own (a loading dose would not follow a zero dose)."""
    return schedule if "mg" not in schedule else "once"


def scenario(
    drug: str,
    disease: str,
    dose: str | None = None,
    endpoint: str | None = None,
    trial: str | None = None,
    settings: Settings | None = None,
) -> Scenario:
    """Setting of a question about a drug in a disease. Names are checked before anything is simulated.

    dose: `AMOUNT UNIT [ROUTE SCHEDULE]`; endpoint: `NAME` or `NAME@WEEK`; trial: the id of one to take the setting from.
    Raises UnknownName, InvalidValue or Unsupported.
    """
    disease = disease_names.code(disease, [d for d in axis.diseases() if d != "healthy"])
    name = axis.drug(drug).name
    folders = settings.evidence if settings else ()
    tool = instrument(disease)
    found = _named(trial, name, disease, folders) if trial else next(_settings_of(name, disease, folders), None)
    if found is None:
        raise Unsupported(f"no trial of {name} in the evidence can be simulated; give --trial or --dose")
    base, arm, origin = found
    wanted = _endpoint(endpoint, base, tool)
    arm = _dosed(arm, name, dose, wanted.week)
    control = Arm(arm_id=CONTROL, n=arm.n, role="placebo")
    design = base.replace(
        weeks=wanted.week,
        arms=[arm.model_dump(), control.model_dump()],
        endpoints=[wanted.model_dump()],
        background_therapy=[b.model_dump() for b in base.background_therapy if not (b.from_entry and b.drug == name)],
        readings=tuple(dict.fromkeys((*base.readings, *_read(name, dose, arm)))),
    )
    own = _own_arm(base, name) if dose is None and origin.startswith(OWN) else None
    seen = _published(base, own, wanted, folders) if own else None
    return Scenario(name, design, tool, origin, seen)


def _published(base: Design, own: Arm, endpoint: Endpoint, folders: Folders) -> tuple[float, float, float] | None:
    """What the setting's trial published for this contrast, with a 95 % interval; None for a trial kept for validation."""
    tables = evidence.load(*folders)
    role = tables.trials.loc[tables.trials["trial_id"] == base.trial_id, "role"]
    if role.empty or role.iloc[0] == "validation" or endpoint.name in instrument(base.disease).hazard:
        return None
    binary = endpoint.name not in instrument(base.disease).continuous
    arms = own.arm_id, base.control.arm_id
    found = published.difference(published.of_trial(base, tables), arms, endpoint, binary)
    if found["published"] is None or found["published_ci"] is None:
        return None
    return (found["published"], *found["published_ci"])


Found = tuple[Design, Arm, str]
Folders = tuple[Path, ...]


def _named(trial: str, drug: str, disease: str, folders: Folders) -> Found:
    design = read_design(trial, folders)
    if design.disease != disease:
        raise InvalidValue(f"trial {trial}", design.disease, f"a trial in {disease}")
    arm = _arm_of(design, drug)
    if arm is None:
        return design, Arm(arm_id=DRUG, n=100, role="active"), f"setting of {trial}"
    return design, arm, f"{OWN} {trial}"


def _arm_of(design: Design, drug: str) -> Arm | None:
    """The arm with the drug alone, as that of a scenario, or None."""
    best = _own_arm(design, drug)
    return best.model_copy(update={"arm_id": DRUG, "role": "active"}) if best else None


def _own_arm(design: Design, drug: str) -> Arm | None:
    """The trial's arm with the drug alone at its largest dose, or None."""
    own = [a for a in design.arms if a.treatments and all(t.drug == drug for t in a.treatments)]
    if not own:
        return None
    return max(own, key=lambda a: (max(t.dose for t in a.treatments), a.n))


def _settings_of(drug: str, disease: str, folders: Folders) -> Iterator[Found]:
    """Candidates, best first."""
    tables = evidence.load(*folders)
    ids = set(tables.arms.loc[tables.arms["drug"].map(lambda d: _same(d, drug)), "trial_id"])
    trials = tables.trials[tables.trials["trial_id"].isin(ids)]
    for _, design in _designs(trials[trials["disease"] == disease], folders):
        arm = _arm_of(design, drug)
        if arm is not None:
            yield design, arm, f"{OWN} {design.trial_id}"
    home = next(iter(_designs(tables.trials[tables.trials["disease"] == disease], folders)), None)
    for _, design in _designs(trials[trials["disease"] != disease], folders):
        arm = _arm_of(design, drug)
        if arm is not None and home is not None:
            yield home[1], arm, f"setting of {home[0]}, regimen of {design.trial_id} ({design.disease})"
    if home is not None:
        yield home[1], Arm(arm_id=DRUG, n=100, role="active"), f"setting of {home[0]}"


def _same(name: str, drug: str) -> bool:
    try:
        return axis.drug(name).name == drug
    except BaxisError:
        return False


def _designs(trials: pd.DataFrame, folders: Folders) -> Iterator[tuple[str, Design]]:
    """Designs that can be simulated: blinded against control before the rest, then the largest."""
    rank = trials.assign(blinded=trials["blind"].eq("double"), size=pd.to_numeric(trials["n_randomised"]).fillna(0))
    for trial_id in rank.sort_values(["blinded", "size", "trial_id"], ascending=[False, False, True])["trial_id"]:
        try:
            yield trial_id, read_design(trial_id, folders)
        except BaxisError:
            continue


def _dosed(arm: Arm, drug: str, dose: str | None, weeks: float) -> Arm:
    """The arm with another dose of its drug; without route and schedule, those that it has."""
    if dose is None:
        if not arm.treatments:
            raise Unsupported(no_dose(drug))
        kept = [t for t in arm.treatments if prescribed.counted(t, weeks)[0]]
        return arm.model_copy(update={"treatments": tuple(kept)})
    own, amount, unit, route, schedule = treatment.parse(f"{drug} {dose}")
    if arm.treatments and not route:
        first = arm.treatments[0]
        route, schedule = first.route, schedule or first.schedule
    found = given.treatment(own, (amount, unit), route, schedule, ("dose", dose))
    given.within((found,), weeks, f"dose {dose!r}")
    return arm.model_copy(update={"treatments": (found,)})


def _read(drug: str, dose: str | None, arm: Arm) -> list[str]:
    """How the words of a dose were read, where they are not the design's own."""
    if dose is None:
        return []
    t = arm.treatments[0]
    amount = f"{t.dose:g} {t.dose_unit}"
    said = treatment.parse(f"{drug} {dose}")
    meant = f"{amount} {t.route} {t.schedule}" if said[3] or said[4] else amount
    return [text] if (text := names.reading(dose, meant)) else []


def no_dose(drug: str) -> str:
    """What to do where no trial tells how a drug was given."""
    if axis.drug(drug).cell_therapy:
        return f"No trial gives {drug}'s dose in a unit that a design holds: it is given as cells"
    example = drug_doses.example(drug) or "100 mg po qd"
    return f"No trial gives {drug}'s dose; give --dose, e.g. '{example}'"


def _endpoint(text: str | None, design: Design, tool: Instrument) -> Endpoint:
    """The endpoint asked for; by default the design's primary one (the first that a single patient can be judged by)."""
    usable = {n: None for n in tool.endpoints() if n not in tool.hazard}
    if text is None:
        order = [design.primary, *design.endpoints]
        chosen = next((e for e in order if e.name in usable), None)
        name, week = (chosen.name, chosen.week) if chosen else (next(iter(usable)), design.weeks)
        return Endpoint(name=name, week=week, primary=True)
    name, at, when = text.partition("@")
    name = names.known(f"endpoint in {design.disease}", name, usable)
    try:
        week = float(when) if at else next((e.week for e in design.endpoints if e.name == name), design.primary.week)
        return Endpoint(name=name, week=week, primary=True)
    except ValueError:
        raise InvalidValue("endpoint", text, "NAME or NAME@WEEK, week above 0") from None
