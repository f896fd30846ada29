"""A strategy as data: lines of drugs, when to give again, what to aim at, how glucocorticoid falls. Read from TOML.

A file holds one strategy or several (`[[strategies]]`), and may name the trial whose patients and background they meet.
Names are checked as a whole before anything is simulated.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from baxis.clinic.instruments import instrument
from baxis.core import library
from baxis.core.errors import Faults, InvalidValue, UnknownName, nearest
from baxis.core.reading import disease_names, fault_words

_FROZEN = ConfigDict(frozen=True, extra="forbid")
FOLDER = "strategies"


class Again(BaseModel):
    """When a course is given again: each condition that is named suffices. b_cells: measured CD19 count (cells/uL) at
    or above; autoantibody: titre over its lowest since the last course; every_weeks: by the calendar; off_target: the
    target is missed; as_often_as: at random, as often as that strategy gave it (a control)."""

    model_config = _FROZEN
    b_cells: float | None = Field(default=None, gt=0)
    autoantibody: float | None = Field(default=None, gt=1)
    every_weeks: float | None = Field(default=None, gt=0)
    off_target: bool = False
    as_often_as: str = ""


class Line(BaseModel):
    """One line of treatment: a drug (`DRUG`, or `DRUG AMOUNT UNIT ROUTE SCHEDULE`), given for `weeks` (then the next
    line), again as `again` says and not after `until_week`. further: what each further course is, where that is another
    regimen of the drug than the first course. keep: it goes on when the next line begins."""

    model_config = _FROZEN
    drug: str
    weeks: float | None = Field(default=None, gt=0)
    until_week: float | None = Field(default=None, gt=0)
    again: Again | None = None
    further: str = ""
    keep: bool = False

    @model_validator(mode="after")
    def _again(self) -> Line:
        if self.further and self.again is None:
            raise ValueError("further needs again, which says when a further course is given")
        return self


class Target(BaseModel):
    """What is aimed at: a measure of the disease's instrument at or below a value. missed: checks running off target
    after which the next line begins; kept: checks running on target after which the drug is withdrawn (it begins anew
    when the target is lost)."""

    model_config = _FROZEN
    measure: str
    at_most: float
    missed: int | None = Field(default=None, ge=1)
    kept: int | None = Field(default=None, ge=1)


class Steroid(BaseModel):
    """Prednisone of those who take it: at most `taper`'s dose (mg/day) from each of its weeks on. in_target: the weeks
    count only while the target is met. flare: dose given when the target is lost, from where the taper goes on.
    everyone: those who take none begin with the first dose too (an induction)."""

    model_config = _FROZEN
    taper: tuple[tuple[float, float], ...] = Field(min_length=1)
    in_target: bool = False
    flare: float | None = Field(default=None, gt=0)
    everyone: bool = False

    @model_validator(mode="after")
    def _falls(self) -> Steroid:
        weeks, doses = zip(*self.taper, strict=True)
        if list(weeks) != sorted(set(weeks)) or list(doses) != sorted(doses, reverse=True) or min(doses) < 0:
            raise ValueError("taper: weeks must rise, and doses must fall and not be below 0")
        return self


class Strategy(BaseModel):
    """A named strategy; no lines: no drug. check_weeks: how often the rule looks at the patient."""

    model_config = _FROZEN
    name: str = Field(min_length=1)
    lines: tuple[Line, ...] = ()
    check_weeks: float = Field(default=12.0, gt=0)
    target: Target | None = None
    steroid: Steroid | None = None

    @model_validator(mode="after")
    def _whole(self) -> Strategy:
        aims = self.target is not None
        if not aims and any(x.again and x.again.off_target for x in self.lines):
            raise ValueError("again.off_target needs a target")
        if not aims and self.steroid and (self.steroid.in_target or self.steroid.flare):
            raise ValueError("steroid.in_target and steroid.flare need a target")
        return self


@dataclass(frozen=True)
class StrategyFile:
    """A file of strategies: for one disease, in a trial's setting (empty: the disease's own), over `weeks`."""

    disease: str
    strategies: tuple[Strategy, ...]
    setting: str = ""
    weeks: float | None = None
    trial: str = ""
    notes: str = ""


def read_plan(file: str | Path, disease: str | None = None) -> StrategyFile:
    """Strategies of a TOML file, or of a shipped one by name. Raises InvalidValue, UnknownName or Faults (all at once)."""
    text = str(file)
    if text.endswith(".toml") or "/" in text or "\\" in text:
        if not Path(text).is_file():
            raise InvalidValue("strategy file", text, "the path of an existing TOML file, or a shipped name")
        raw = library.parse_toml(text)
    else:
        known = library.names(FOLDER)
        if text not in known:
            raise UnknownName("strategy file", text, known, "or the path of a .toml file")
        raw = library.read_toml(FOLDER, text)
    own = str(raw.get("disease", disease or ""))
    own = disease_names.code(own) if own else own
    if disease and own != disease:
        raise InvalidValue(f"{text}, disease", own, f"{disease}, as asked for")
    fields = ("disease", "setting", "weeks", "trial", "notes", "strategies")
    faults = [str(UnknownName("field", k, fields)) for k in raw if k not in fields and "strategies" in raw]
    rows = raw.get("strategies") or [{k: v for k, v in raw.items() if k not in fields}]
    found = []
    for i, row in enumerate(rows):
        try:
            found.append(Strategy(**row))
        except (ValidationError, TypeError) as e:
            faults += [f"strategy {i + 1}: {said}" for said in _said(e)]
    faults += [f for s in found for f in _unknown(s, own)]
    faults += _doubled([s.name for s in found])
    if faults:
        raise Faults(text, faults)
    weeks = raw.get("weeks")
    return StrategyFile(own, tuple(found), raw.get("setting", ""), weeks, raw.get("trial", ""), raw.get("notes", ""))


def _doubled(names: list[str]) -> list[str]:
    return [f"strategy {n!r} stands twice" for n in sorted({n for n in names if names.count(n) > 1})]


def _unknown(strategy: Strategy, disease: str) -> list[str]:
    """The target must be a measure of the disease's instrument."""
    if not strategy.target or not disease:
        return []
    units = instrument(disease).units
    if strategy.target.measure in units:
        return []
    return [f"{strategy.name}: {UnknownName(f'measure of {disease}', strategy.target.measure, units)}"]


def _said(error: ValidationError | TypeError) -> list[str]:
    """Each fault with its place, what was got, and the nearest field."""
    if isinstance(error, TypeError):
        return ["a table of fields is wanted"]
    fields = {k for m in (Strategy, Line, Again, Target, Steroid) for k in m.model_fields}
    out = []
    for e in error.errors():
        place = ".".join(str(p) for p in e["loc"]) or "strategy"
        if e["type"] == "extra_forbidden":
            near = nearest(str(e["loc"][-1]), fields)
            out.append(f"{place}: unknown field" + (f"; did you mean {near!r}?" if near else ""))
            continue
        out.append(f"{place}: {fault_words.said(e)}")
    return out
