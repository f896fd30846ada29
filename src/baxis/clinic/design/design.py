"""A trial design: who enters, what each arm takes, what is measured when. Read from TOML, checked as a whole.

The field names are those of the evidence tables (trial_id, disease, arm_id, n, role, drug, dose, dose_unit, route,
schedule, endpoint name and week), so that a design reads like its rows.
"""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel, Field, ValidationError, model_validator

from baxis import axis
from baxis.clinic.design import prescribed
from baxis.clinic.design.blocks import (
    ARM_ID,
    DOSE_UNITS,
    Arm,
    Background,
    Block,
    Endpoint,
    Entry,
    Exposure,
    Randomisation,
    Rescue,
    Switch,
    Taper,
    Treatment,
)
from baxis.clinic.design.exposure import unanswered
from baxis.clinic.design.held import Held
from baxis.clinic.design.words import canonical
from baxis.core import library
from baxis.core.errors import BaxisError, Faults, UnknownName, nearest
from baxis.core.reading import fault_words

__all__ = ["DOSE_UNITS", "Arm", "Background", "Design", "Endpoint", "Entry", "Randomisation", "Rescue", "Switch", "Taper",
           "Treatment", "build"]  # fmt: skip


MOST_ARMS, MOST_ENDPOINTS, MOST_ENTRY, MOST_VISITS, MOST_TEXT = 50, 100, 50, 600, 10_000


class Design(Block):
    """A whole trial; frozen, equal by value. `replace` alters, `model_dump` and `Design(**d)` make the round trip.

    readings: how words that are not the library's own were read (`read 'every 4 weeks' as q4w`).
    """

    trial_id: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=200)
    disease: str
    weeks: float = Field(gt=0, le=520)
    visit_weeks: float = Field(default=4.0, ge=1 / 7)
    population: str = Field(default="", max_length=MOST_TEXT)
    prior_treatment: str = Field(default="", max_length=200)
    background: str = Field(default="", max_length=MOST_TEXT)
    background_therapy: tuple[Background, ...] = Field(default=(), max_length=MOST_ENTRY)
    entry: tuple[Entry, ...] = Field(default=(), max_length=MOST_ENTRY)
    rescue: Rescue | None = None
    randomisation: Randomisation | None = None
    match: bool = False
    exposure: Exposure = Exposure()
    arms: tuple[Arm, ...] = Field(min_length=1, max_length=MOST_ARMS)
    endpoints: tuple[Endpoint, ...] = Field(min_length=1, max_length=MOST_ENDPOINTS)
    notes: str = ""
    source: str = ""
    readings: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _in_our_words(cls, data: Any) -> Any:
        return canonical(data) if isinstance(data, dict) else data

    @model_validator(mode="after")
    def _whole(self) -> Design:
        if self.weeks / self.visit_weeks > MOST_VISITS:
            raise ValueError(
                f"visit_weeks {self.visit_weeks:g} in {self.weeks:g} weeks; allowed: at most {MOST_VISITS} visits, "
                f"here {self.weeks / MOST_VISITS:.3g} weeks or more apart"
            )
        ids = [a.arm_id for a in self.arms]
        doubled = sorted({i for i in ids if ids.count(i) > 1})
        if doubled:
            raise ValueError(f"arm_id stands twice: {', '.join(doubled)}")
        none = [a.arm_id for a in self.arms if a.role == "placebo"]
        if len(none) > 1:
            raise ValueError(
                f"{len(none)} arms have the role placebo ({', '.join(none)}), and arms are compared with one control; "
                "pool them into one arm with n of all, or give the others another role"
            )
        late = [f"{e.name} at week {e.week:g}" for e in self.endpoints if e.week > self.weeks]
        if late:
            raise ValueError(f"endpoint after the last week ({self.weeks:g}): {', '.join(late)}")
        if sum(e.primary for e in self.endpoints) > 1:
            raise ValueError("more than one endpoint is marked primary")
        self._timely()
        return self

    def _timely(self) -> None:
        """Decisions lie within the trial; what a rule stops is what an arm takes."""
        r, rescue = self.randomisation, self.rescue
        if r is not None and any(e.week <= r.week for e in self.endpoints):
            raise ValueError(f"an endpoint is judged at or before the randomisation (week {r.week:g})")
        for arm in self.arms:
            late = [s.week for s in arm.switches if s.week >= self.weeks]
            if late:
                raise ValueError(
                    f"arm {arm.arm_id}: a switch at week {late[0]:g}, but the trial ends at {self.weeks:g}"
                )
            taken = {"all", *(t.drug for t in arm.every_treatment)}
            _stopped([d for s in arm.switches for d in s.stop], taken, f"arm {arm.arm_id}: a switch")
        if rescue:
            taken = {"all", *(t.drug for a in self.arms for t in a.every_treatment)}
            _stopped(list(rescue.stop), taken, "rescue")

    @property
    def primary(self) -> Endpoint:
        """The primary endpoint (the first one when none is marked)."""
        return next((e for e in self.endpoints if e.primary), self.endpoints[0])

    @property
    def control(self) -> Arm:
        """The arm that the others are compared with: placebo, else comparator, else the first."""
        by_role = [a for role in ("placebo", "comparator") for a in self.arms if a.role == role]
        return by_role[0] if by_role else self.arms[0]

    def replace(self, **changes: Any) -> Design:
        """A checked copy with some fields changed."""
        return build({**self.model_dump(), **changes}, f"design {self.trial_id}")


def _stopped(drugs: list[str], taken: set[str], who: str) -> None:
    """A rule may stop only what is taken."""
    for drug in drugs:
        if drug not in taken:
            raise ValueError(f"{who} stops {drug!r}; allowed: {', '.join(sorted(taken))}")


def build(data: dict[str, Any], where: str) -> Design:
    """Design from plain data. Raises Faults that list every fault at once, each with its place and what is allowed."""
    try:
        design = Design(**data)
    except (ValidationError, BaxisError) as e:
        raise _faults(e, where, data) from None
    _check_names(design, where)
    return design


def _check_names(design: Design, where: str) -> None:
    """Drugs and diseases must be in the library, routes and doses those that a drug can have; every fault is named."""
    diseases = library.names("diseases")
    faults = []
    if design.disease not in diseases:
        faults.append(str(UnknownName("disease", design.disease, diseases)))
    rescue = design.rescue.treatments if design.rescue else ()
    used = {t.drug for t in (*rescue, *(t for a in design.arms for t in a.every_treatment))} | {
        b.drug for b in design.background_therapy
    }
    for drug in sorted(d for d in used if axis.drug_file(d) is None):
        faults.append(_no_drug(drug))
    if not faults:
        faults = prescribed.faults(design) + unanswered(design)
    if faults:
        raise Faults(where, faults)


def _no_drug(name: str) -> str:
    """Why a drug cannot be simulated: not at all known, or known and without kinetics."""
    try:
        return f"drug {name} cannot be simulated: {axis.drug_status(name)}"
    except UnknownName:
        return str(UnknownName("drug", name, axis.drugs(), "`baxis list drugs` shows which can be simulated"))


def _faults(error: ValidationError | BaxisError, where: str, data: dict[str, Any]) -> Faults:
    if isinstance(error, BaxisError):
        return Faults(where, [str(error)])
    return Faults(where, [_sentence(e, data) for e in error.errors(include_url=False) if not _hollow(e)])


def _hollow(e: Any) -> bool:
    """A list told as too short only because its items have faults of their own."""
    return e["type"] == "too_short" and len(e["input"]) >= e["ctx"]["min_length"]


def _place(loc: tuple[Any, ...], data: dict[str, Any]) -> str:
    """Where a fault lies, with the arm's own id in place of its number."""
    parts = [str(p) for p in loc]
    try:
        if len(loc) > 1 and loc[0] == "arms":
            name = str(data["arms"][loc[1]]["arm_id"])
            parts[1] = name if re.fullmatch(ARM_ID, name) else str(loc[1])
    except (KeyError, IndexError, TypeError):
        pass
    return ".".join(parts) or "design"


def _owner(loc: tuple[Any, ...]) -> type[BaseModel]:
    """The block in which a field stands."""
    names = [p for p in loc[:-1] if isinstance(p, str)]
    blocks: dict[str, type[BaseModel]] = {
        "arms": Arm, "held": Held, "exposure": Exposure, "treatments": Treatment, "switches": Switch, "rescue": Rescue, "randomisation": Randomisation,
        "endpoints": Endpoint, "entry": Entry, "background_therapy": Background, "taper": Taper,
    }  # fmt: skip
    return blocks.get(names[-1], Design) if names else Design


def _sentence(e: Any, data: dict[str, Any]) -> str:
    place = _place(e["loc"], data)
    if e["type"] == "extra_forbidden":
        owner = _owner(e["loc"])
        near = nearest(str(e["loc"][-1]), owner.model_fields)
        return f"{place}: unknown field" + (f"; did you mean {near!r}?" if near else "")
    if e["type"] == "string_pattern_mismatch":
        return f"{place}: got {fault_words.got(e['input'])}; allowed: {NAMES[str(e['loc'][-1])]}"
    return f"{place}: {fault_words.said(e)}"


NAMES = {"trial_id": "a name of small letters, digits, '.', '_' and '-'",
         "arm_id": "a name of up to 100 letters, digits, blanks and signs other than '/', a letter or digit first (any words go into arm_label)"}  # fmt: skip
