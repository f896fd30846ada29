"""The blocks of a design: treatments, background, entry, rescue, switches, randomisation, arms, endpoints."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from baxis import axis
from baxis.clinic.design.fields import Block
from baxis.clinic.design.held import Held
from baxis.core.errors import InvalidValue
from baxis.core.reading import dose_words, schedule

DOSE_UNITS = dose_words.UNITS
# A letter or digit, then any visible characters but a slash: what prints and draws it takes every one as plain text.
ARM_ID = r"^\w(?:[^/\x00-\x1f\x7f-\x9f]{0,98}[^/\s\x00-\x1f\x7f-\x9f])?$"
MOST_TREATMENTS, MOST_RULES, MOST_N = 20, 20, 1_000_000


def drug_name(text: str) -> str:
    """International name of a drug by name or alias; a name that the library does not have stays as it is."""
    file = axis.drug_file(text)
    return text if file is None else str(axis.drug_sheet(file).get("inn", file))


DrugName = Annotated[str, AfterValidator(drug_name)]


class Treatment(Block):
    """One drug as given: amount, route, schedule, from which day it starts (0 = first dose day; of a switch: the day of
    the decision), and the day from which on no more dose is given."""

    drug: DrugName
    dose: float = Field(ge=0)
    dose_unit: Literal["mg", "g", "ug", "mg/kg", "mg/m2"] = "mg"
    route: Literal["po", "iv", "sc"]
    schedule: str
    start_day: float = Field(default=0.0, ge=0)
    stop_day: float | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _ordered(self) -> Treatment:
        if self.stop_day is not None and self.stop_day <= self.start_day:
            raise ValueError(f"stop_day {self.stop_day:g} is not after start_day {self.start_day:g}")
        return self

    @field_validator("schedule")
    @classmethod
    def _readable(cls, text: str) -> str:
        return _in_words(lambda: schedule.parse(text).text)

    @field_validator("route", "dose_unit", mode="before")
    @classmethod
    def _worded(cls, value: Any, info: ValidationInfo) -> Any:
        if not isinstance(value, str):
            return value
        return _in_words(lambda: (dose_words.route if info.field_name == "route" else dose_words.unit)(value))


def _in_words(read: Callable[[], str]) -> str:
    """What `read` gives; its fault as a ValueError, to which pydantic adds the place of the field."""
    try:
        return read()
    except InvalidValue as e:
        raise ValueError(str(e)) from None


class Taper(Block):
    """From `week` on, the dose of a background drug is at most `dose` (same unit as the treatment)."""

    week: float = Field(ge=0)
    dose: float = Field(ge=0)


class Background(Block):
    """A background drug that a share of the patients takes in every arm, with its taper."""

    drug: DrugName
    dose: float = Field(gt=0)
    dose_cv: float = Field(default=0.0, ge=0, lt=2)
    dose_unit: Literal["mg", "g", "mg/week"] = "mg"
    share: float = Field(default=1.0, ge=0, le=1)
    from_entry: bool = False
    taper: tuple[Taper, ...] = Field(default=(), max_length=MOST_RULES)
    taper_share: float = Field(default=1.0, ge=0, le=1)


class Entry(Block):
    """One entry criterion: a measure of the disease's instrument, or age_y, within [min, max] at a visit."""

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


class Rescue(Block):
    """From `week` on, a patient whose every named measure has improved by less than `improvement` (a fraction of its
    baseline) is rescued: a non-responder from that visit, and on `treatments` where the design names what rescue gives
    (their start_day counts from that visit); `stop`: drugs of the arm that end then, `all` for every one."""

    week: float = Field(gt=0)
    measures: tuple[str, ...] = Field(min_length=1)
    improvement: float = Field(gt=0, lt=1)
    treatments: tuple[Treatment, ...] = ()
    stop: tuple[DrugName, ...] = ()


class Switch(Block):
    """A rule that changes a patient's therapy at a visit: the one at `week`, or every visit from `week` to `until`.

    It fires on `when` = "response" or "no response" of a responder endpoint, or of `measures` (improved by at least
    `improvement`, each for a response, none for no response); or on a `measure` or biomarker `above` or `below` a bound
    at that visit. Then the drugs in `stop` end ("all": every one of the arm) and `treatments` begin, their start_day
    counted from that visit. Once a patient, unless `repeat`. failure: a non-responder from then on.
    """

    week: float = Field(gt=0)
    until: float | None = None
    when: Literal["response", "no response"] | None = None
    endpoint: str | None = None
    measures: tuple[str, ...] = ()
    improvement: float | None = Field(default=None, gt=0, lt=1)
    measure: str | None = None
    above: float | None = None
    below: float | None = None
    stop: tuple[DrugName, ...] = ()
    treatments: tuple[Treatment, ...] = ()
    repeat: bool = False
    failure: bool = False

    @model_validator(mode="after")
    def _one_rule(self) -> Switch:
        if sum((self.endpoint is not None, bool(self.measures), self.measure is not None)) != 1:
            raise ValueError("give one of endpoint, measures or measure")
        if (self.measure is None) == (self.when is None):
            raise ValueError("give when with endpoint or measures; a measure takes above or below instead")
        if (self.measure is None) != (self.above is None and self.below is None):
            raise ValueError("give above, below or both with measure, and only there")
        if bool(self.measures) != (self.improvement is not None):
            raise ValueError("give improvement with measures, and only there")
        if self.until is not None and self.until < self.week:
            raise ValueError(f"until {self.until:g} lies before week {self.week:g}")
        if not (self.stop or self.treatments or self.failure):
            raise ValueError("a switch must stop or start something, or count as failure")
        return self

    @property
    def text(self) -> str:
        """The rule in words."""
        if self.measure is not None:
            bounds = [f"{w} {b:g}" for w, b in (("above", self.above), ("below", self.below)) if b is not None]
            rule = f"{self.measure} {' and '.join(bounds)}"
        else:
            name = self.endpoint or f"{100 * (self.improvement or 0):g} % in {', '.join(self.measures)}"
            rule = f"{self.when} by {name}"
        return f"{rule} at week {self.week:g}" + (f" to {self.until:g}" if self.until is not None else "")


class Randomisation(Block):
    """Randomised withdrawal: only responders by `endpoint` at `week` are randomised to the arms, and only they are judged.
    Events count from that visit. Until then all arms should take the same."""

    week: float = Field(gt=0)
    endpoint: str


class Arm(Block):
    """One arm: its id, published size, treatments (none for placebo), and targets that a virtual inhibitor holds."""

    arm_id: str = Field(pattern=ARM_ID)
    arm_label: str = Field(default="", max_length=1000)
    n: int = Field(gt=0, le=MOST_N)
    role: Literal["placebo", "active", "comparator", "combination"]
    treatments: tuple[Treatment, ...] = Field(default=(), max_length=MOST_TREATMENTS)
    switches: tuple[Switch, ...] = Field(default=(), max_length=MOST_RULES)
    held: tuple[Held, ...] = Field(default=(), max_length=MOST_RULES)

    @property
    def every_treatment(self) -> tuple[Treatment, ...]:
        """The arm's treatments and those that its switches may start."""
        return (*self.treatments, *(t for s in self.switches for t in s.treatments))


class Endpoint(Block):
    """One endpoint by its standard name, at one week."""

    name: str
    week: float = Field(gt=0)
    primary: bool = False


class Exposure(Block):
    """What a design sets for all its patients; None leaves it to the library. Shares of patients lie in 0 to 1.

    adherence: share of the prescribed oral doses that everybody takes. ada: share with antibodies against each drug.
    crcl_ml_min: everybody's creatinine clearance.
    """

    fed: float | None = Field(default=None, ge=0, le=1)
    fasted: float | None = Field(default=None, ge=0, le=1)
    ppi: float | None = Field(default=None, ge=0, le=1)
    cyp3a_inhibitor: float | None = Field(default=None, ge=0, le=1)
    cyp3a_inducer: float | None = Field(default=None, ge=0, le=1)
    ada: float | None = Field(default=None, ge=0, le=1)
    adherence: float | None = Field(default=None, gt=0, le=1)
    fcgr3a: Literal["VV", "VF", "FF"] | None = None
    crcl_ml_min: float | None = Field(default=None, ge=5, le=250)

    @model_validator(mode="after")
    def _one_direction(self) -> Exposure:
        if self.cyp3a_inhibitor and self.cyp3a_inducer:
            raise ValueError("CYP3A is inhibited or induced: give one of cyp3a_inhibitor and cyp3a_inducer")
        return self
