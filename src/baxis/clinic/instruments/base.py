"""What every instrument shares: the model's course, fluctuation between visits, trial effect, and recorded visits."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from baxis.core import ledger, streams
from baxis.core.errors import UnknownName

Array = NDArray[np.float64]
Endpoint = Callable[["Visits", int], Array]
Event = Callable[["Visits"], NDArray[np.bool_]]
STEROID = "steroid_mg"
ROUNDING = 1e-9  # measures are decimals: exactly 0.3 points, or 20 %, must not hang on their binary form


@dataclass(frozen=True, eq=False)
class Course:
    """The model at the visits: days (T,), each output (n, T) relative to the typical patient of the disease at rest.

    ids (n,) are the patients' stream numbers; the first visit is screening, the second baseline (day 0). outputs may
    hold `steroid_mg`, the prednisone-equivalent dose in mg/day (not relative); without it a steroid rule binds nobody.
    """

    seed: int
    ids: NDArray[np.int64]
    days: Array
    outputs: dict[str, Array]
    prior_treatment: str = ""

    def log(self, name: str) -> Array:
        """Natural log of an output, floored at 1e-3 of typical (a cured patient has a finite score)."""
        return np.log(np.maximum(self.outputs[name], 1e-3))

    @property
    def steroid(self) -> Array:
        """Prednisone-equivalent dose (n, T), mg/day; NaN where the clinic gives none, so that no rule can fail on it."""
        shape = (self.ids.size, self.days.size)
        return np.asarray(np.broadcast_to(self.outputs.get(STEROID, np.float64("nan")), shape))


@dataclass(frozen=True, eq=False)
class Visits:
    """What was recorded: each measure (n, T) in its own unit; `days` (T,). Visit 0 is screening, visit 1 baseline."""

    days: Array
    measures: dict[str, Array]

    def __getitem__(self, name: str) -> Array:
        return self.measures[name]

    def change(self, name: str, k: int) -> Array:
        """Change of a measure from baseline to visit k, (n,)."""
        return self.measures[name][:, k] - self.measures[name][:, 1]


class Instrument(ABC):
    """A disease's instrument: numbers in `library/instruments/<code>.csv`, measures at visits, named endpoints."""

    code: str
    units: ClassVar[dict[str, str]]
    needs: tuple[str, ...]
    continuous: frozenset[str] = frozenset()
    adverse: frozenset[str] = frozenset()  # 1 is an event: drop-out before it is no event, and no failure is imputed
    hazard: ClassVar[dict[str, str]] = {}  # endpoint that is a hazard ratio: name of its event

    def __init__(self, numbers: Mapping[str, float] | None = None) -> None:
        self.numbers = dict(numbers or {})

    def number(self, name: str) -> float:
        """One value of this instrument's ledger (or the one given in its place, as calibration does)."""
        return self.numbers[name] if name in self.numbers else ledger.value(f"instruments/{self.code}", name)

    @abstractmethod
    def observe(self, course: Course) -> Visits:
        """Measures at each visit of the course."""

    @abstractmethod
    def endpoints(self) -> dict[str, Endpoint]:
        """Named endpoints: (visits, index of the visit) -> (n,) of 0/1 for a responder, or of points."""

    @abstractmethod
    def failed(self, visits: Visits) -> NDArray[np.bool_]:
        """(n, T): the patient has by then met the rule of treatment failure (rescue): a non-responder from there."""

    def events(self) -> dict[str, Event]:
        """Named events for time-to-event analysis: visits -> (n, T), true at visits where the event is present."""
        return {}

    @property
    def counted(self) -> frozenset[str]:
        """Endpoints that count an event: seen while attending, or not; no failure is imputed after drop-out."""
        return self.adverse | frozenset(self.hazard)

    def by_event(self) -> dict[str, Endpoint]:
        """Hazard-ratio endpoints as what one patient shows: the event seen by a visit (0/1)."""
        events = self.events()
        return {name: partial(seen_by, events[event]) for name, event in self.hazard.items()}

    def endpoint(self, name: str) -> Endpoint:
        """One endpoint by name; UnknownName with the nearest."""
        table = self.endpoints()
        if name not in table:
            raise UnknownName(f"endpoint in {self.code}", name, table)
        return table[name]

    def trial_effect(self, course: Course) -> Array:
        """(T,) log fall of activity that being in a trial brings to every arm: one term a disease, none a trial.

        Where the ledger has a term for the population's prior treatment (`expectation.TNF-IR`), that one is taken.
        """
        since = np.maximum(course.days, 0.0)
        own = f"expectation.{course.prior_treatment}"
        known = own in ledger.read(f"instruments/{self.code}")
        size = self.number(own if known else "expectation")
        return -size * (1.0 - np.exp(-since / self.number("tau_expectation")))


def fluctuation(course: Course, purpose: str, tau: float, components: int = 1) -> Array:
    """Stationary Ornstein-Uhlenbeck paths of unit variance, (n, T, components), exact between visits.

    tau: correlation time, days. The same patient has the same path in every arm.
    """
    n, t = course.ids.size, course.days.size
    z = streams.normal(course.seed, purpose, course.ids, t * components).reshape(n, t, components)
    out = np.empty_like(z)
    out[:, 0] = z[:, 0]
    for k in range(1, t):
        a = np.exp(-(course.days[k] - course.days[k - 1]) / tau)
        out[:, k] = a * out[:, k - 1] + np.sqrt(1.0 - a * a) * z[:, k]
    return out


def domains(tool: Instrument, course: Course, names: tuple[str, ...] | int) -> Array:
    """Log activity of each domain, (n, T, domains): what all share, what lasts in a patient, what fluctuates.

    The tool's ledger gives gain_inflammation, shift_population, sd_patient, sd_fluctuation, tau_fluctuation (day) and
    share_common, the part of the fluctuation's variance that all domains have in common.
    """
    k = names if isinstance(names, int) else len(names)
    common, own = tool.number("share_common"), 1.0 - tool.number("share_common")
    tau, sd = tool.number("tau_fluctuation"), tool.number("sd_fluctuation")
    z = np.sqrt(common) * fluctuation(course, f"{tool.code} fluctuation", tau) + np.sqrt(own) * fluctuation(
        course, f"{tool.code} organ fluctuation", tau, k
    )
    shared = tool.number("gain_inflammation") * course.log("infl") + tool.trial_effect(course)
    lasting_part = tool.number("sd_patient") * lasting(course, f"{tool.code} organ", k)
    return np.asarray(shared[..., None] + tool.number("shift_population") + lasting_part + sd * z)


def lagged(course: Course, activity: Array, tau: float) -> Array:
    """Activity (n, T) through a first-order delay of `tau` days, exact for a path linear between visits."""
    out = activity.copy()
    for k in range(1, course.days.size):
        step = course.days[k] - course.days[k - 1]
        a = np.exp(-step / tau)
        slope = (activity[:, k] - activity[:, k - 1]) / step
        start = activity[:, k - 1] - slope * tau  # particular solution at the earlier visit
        out[:, k] = start + slope * step + (out[:, k - 1] - start) * a
    return out


def threshold(tool: Instrument, item: str, spread: float) -> float:
    """Log activity above which an item is present, from its ledger row `prevalence.<item>` and the latent sd."""
    from scipy.special import ndtri

    return float(-ndtri(tool.number(f"prevalence.{item}")) * spread)


def bounded(middle: float, top: float, logit: Array) -> Array:
    """A scale from 0 to `top` whose logit moves by `logit` from `middle`."""
    return np.asarray(top / (1.0 + np.exp(-(np.log(middle / (top - middle)) + logit))))


def seen_by(event: Event, visits: Visits, k: int) -> Array:
    """The event has been seen after baseline and by visit k, (n,) of 0/1."""
    return np.asarray(event(visits)[:, 2 : k + 1].any(axis=1), dtype=float)


def at_most(value: Array, limit: float | Array) -> NDArray[np.bool_]:
    """value <= limit, a decimal boundary counted as reached."""
    return np.asarray(value <= limit + ROUNDING)


def at_least(value: Array, limit: float | Array) -> NDArray[np.bool_]:
    """value >= limit, a decimal boundary counted as reached."""
    return np.asarray(value >= limit - ROUNDING)


def improved(v: Visits, name: str, k: int, fraction: float) -> NDArray[np.bool_]:
    """(n,): the measure is lower at visit k by at least `fraction` of its baseline; nothing improves from zero."""
    start = v[name][:, 1]
    return np.asarray((start > 0) & at_most(v[name][:, k], (1.0 - fraction) * start))


def steroid_ok(visits: Visits, k: int, most: float) -> NDArray[np.bool_]:
    """(n,): the steroid dose at visit k is at most `most` mg/day of prednisone; an unknown dose passes."""
    return np.asarray(~(visits.measures[STEROID][:, k] > most + ROUNDING))


def noise(course: Course, purpose: str, components: int = 1) -> Array:
    """Independent standard normal noise of each visit, (n, T, components)."""
    n, t = course.ids.size, course.days.size
    return streams.normal(course.seed, purpose, course.ids, t * components).reshape(n, t, components)


def lasting(course: Course, purpose: str, components: int = 1) -> Array:
    """Lasting standard normal differences between patients, (n, 1, components)."""
    return streams.normal(course.seed, purpose, course.ids, components)[:, None, :]
