"""A trial design: who enters, what each arm takes, what is measured when. Read from TOML, checked as a whole.

The field names are those of the evidence tables (trial_id, disease, arm_id, n, role, drug, dose, dose_unit, route,
schedule, endpoint name and week), so that a design reads like its rows.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from ..core import library, schedule
from ..core.errors import BaxisError, Faults, InvalidValue, UnknownName, nearest
from .exposure import Exposure, unanswered

DOSE_UNITS = ("mg", "g", "ug", "mg/kg", "mg/m2")
_FROZEN = ConfigDict(frozen=True, extra="forbid")


class Treatment(BaseModel):
    """One drug as given: amount, route, schedule, and from which day it starts (0 = first dose day)."""

    model_config = _FROZEN
    drug: str
    dose: float = Field(ge=0)
    dose_unit: Literal["mg", "g", "ug", "mg/kg", "mg/m2"] = "mg"
    route: Literal["po", "iv", "sc"]
    schedule: str
    start_day: float = Field(default=0.0, ge=0)

    @field_validator("schedule")
    @classmethod
    def _readable(cls, text: str) -> str:
        try:
            return schedule.parse(text).text
        except InvalidValue as e:  # pydantic then adds the place of the field
            raise ValueError(str(e)) from None


class Taper(BaseModel):
    """From `week` on, the dose of a background drug is at most `dose` (same unit as the treatment)."""

    model_config = _FROZEN
    week: float = Field(ge=0)
    dose: float = Field(ge=0)


class Background(BaseModel):
    """A background drug that a share of the patients takes in every arm, with its taper."""

    model_config = _FROZEN
    drug: str
    dose: float = Field(gt=0)
    dose_cv: float = Field(default=0.0, ge=0, lt=2)
    dose_unit: Literal["mg", "g", "mg/week"] = "mg"
    share: float = Field(default=1.0, ge=0, le=1)
    from_entry: bool = False
    taper: tuple[Taper, ...] = ()
    taper_share: float = Field(default=1.0, ge=0, le=1)


class Entry(BaseModel):
    """One entry criterion: a measure of the disease's instrument, or age_y, within [min, max] at a visit."""

    model_config = _FROZEN
    measure: str
    min: float | None = None
    max: float | None = None
    unit: str = ""
    at: Literal["screening", "baseline"] = "screening"

    @model_validator(mode="after")
    def _bounded(self) -> Entry:
        if self.min is None and self.max is None:
            raise ValueError("give min, max or both")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min} lies above max {self.max}")
        return self


class Rescue(BaseModel):
    """From `week` on, a patient whose every named measure has improved by less than `improvement` (a fraction of its
    baseline) is rescued: a non-responder from that visit."""

    model_config = _FROZEN
    week: float = Field(gt=0)
    measures: tuple[str, ...] = Field(min_length=1)
    improvement: float = Field(gt=0, lt=1)


class Arm(BaseModel):
    """One arm: its id, published size and treatments (none for placebo)."""

    model_config = _FROZEN
    arm_id: str = Field(min_length=1)
    arm_label: str = ""
    n: int = Field(gt=0)
    role: Literal["placebo", "active", "comparator", "combination"]
    treatments: tuple[Treatment, ...] = ()


class Endpoint(BaseModel):
    """One endpoint by its standard name, at one week."""

    model_config = _FROZEN
    name: str
    week: float = Field(gt=0)
    primary: bool = False


class Design(BaseModel):
    """A whole trial; frozen, equal by value. `replace` alters, `model_dump` and `Design(**d)` make the round trip."""

    model_config = _FROZEN
    trial_id: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")
    disease: str
    weeks: float = Field(gt=0, le=520)
    visit_weeks: float = Field(default=4.0, gt=0)
    population: str = ""
    prior_treatment: str = ""
    background: str = ""
    background_therapy: tuple[Background, ...] = ()
    entry: tuple[Entry, ...] = ()
    rescue: Rescue | None = None
    exposure: Exposure = Exposure()
    arms: tuple[Arm, ...] = Field(min_length=1)
    endpoints: tuple[Endpoint, ...] = Field(min_length=1)
    notes: str = ""
    source: str = ""

    @model_validator(mode="after")
    def _whole(self) -> Design:
        ids = [a.arm_id for a in self.arms]
        doubled = sorted({i for i in ids if ids.count(i) > 1})
        if doubled:
            raise ValueError(f"arm_id stands twice: {', '.join(doubled)}")
        late = [f"{e.name} at week {e.week:g}" for e in self.endpoints if e.week > self.weeks]
        if late:
            raise ValueError(f"endpoint after the last week ({self.weeks:g}): {', '.join(late)}")
        if sum(e.primary for e in self.endpoints) > 1:
            raise ValueError("more than one endpoint is marked primary")
        return self

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


def build(data: dict[str, Any], where: str) -> Design:
    """Design from plain data. Raises Faults that list every fault at once, each with its place and what is allowed."""
    try:
        design = Design(**data)
    except (ValidationError, BaxisError) as e:
        raise _faults(e, where, data) from None
    _check_names(design, where)
    return design


def read_design(name: str | Path, folders: tuple[Path, ...] = ()) -> Design:
    """Design of a TOML file (a name that ends in .toml or holds a path separator), or of a trial id.

    A trial without a design file gets the default one, read off its evidence rows (`notes` says what was assumed);
    folders: own evidence tables laid over the shipped ones. Raises UnknownName, InvalidValue, Unsupported or Faults.
    """
    text = str(name)
    if text.endswith(".toml") or "/" in text or "\\" in text:
        file = Path(text)
        if not file.is_file():
            raise InvalidValue("design file", text, "the path of an existing TOML file, or a trial id")
        return build(library.parse_toml(file), str(file))
    if text in library.names("designs"):
        return build(library.read_toml("designs", text), f"design {text}")
    from .. import evidence
    from .default_design import default_design

    tables = evidence.load(*folders)
    known = set(tables.trials["trial_id"])
    if text not in known:
        raise UnknownName("trial", text, known, "or give the path of a design.toml")
    return default_design(text, tables)


def _check_names(design: Design, where: str) -> None:
    """Drugs and diseases must be in the library; every unknown one is named."""
    drugs, diseases = library.names("drugs"), library.names("diseases")
    faults = []
    if design.disease not in diseases:
        faults.append(str(UnknownName("disease", design.disease, diseases)))
    used = {t.drug for a in design.arms for t in a.treatments} | {b.drug for b in design.background_therapy}
    for drug in sorted(used - set(drugs)):
        faults.append(str(UnknownName("drug", drug, drugs, "`baxis list drugs` shows which can be simulated")))
    if not faults:
        faults = unanswered(design)
    if faults:
        raise Faults(where, faults)


def _faults(error: ValidationError | BaxisError, where: str, data: dict[str, Any]) -> Faults:
    if isinstance(error, BaxisError):
        return Faults(where, [str(error)])
    return Faults(where, [_sentence(e, data) for e in error.errors()])


def _place(loc: tuple[Any, ...], data: dict[str, Any]) -> str:
    """Where a fault lies, with the arm's own id in place of its number."""
    parts = [str(p) for p in loc]
    try:
        if len(loc) > 1 and loc[0] == "arms":
            parts[1] = str(data["arms"][loc[1]]["arm_id"])
    except (KeyError, IndexError, TypeError):
        pass
    return ".".join(parts) or "design"


def _sentence(e: Any, data: dict[str, Any]) -> str:
    place = _place(e["loc"], data)
    if e["type"] == "extra_forbidden":
        owners: dict[int, type[BaseModel]] = {1: Design, 3: Arm, 5: Treatment}
        owner = owners.get(len(e["loc"]), Design)
        near = nearest(str(e["loc"][-1]), owner.model_fields)
        return f"{place}: unknown field" + (f"; did you mean {near!r}?" if near else "")
    if e["type"] == "missing":
        return f"{place}: missing; it is required"
    message = e["msg"].removeprefix("Value error, ")
    got = e.get("input")
    shown = f" (got {got!r})" if isinstance(got, str | int | float | bool) else ""
    return f"{place}: {message}{shown}"
