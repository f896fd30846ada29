"""What the lines of a strategy give: slots and exposures of their drugs, and the doses that fall between two visits."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from baxis import axis, engine
from baxis.clinic.design.design import Arm, Design, Treatment
from baxis.clinic.people.bounds import PREDNISONE_EQUIVALENT
from baxis.clinic.people.population import Population
from baxis.clinic.therapy.regimen import dose_amounts, doses_taken, plan
from baxis.core.errors import InvalidValue, Unsupported
from baxis.core.reading import schedule
from baxis.insight.combine import setting
from baxis.insight.strategies.defaults import is_course
from baxis.insight.strategies.plan import Line, Strategy

Array = NDArray[np.float64]
SHORT = 14.0  # days: longest step between doses that is averaged to a daily exposure (weekly methotrexate)


@dataclass(frozen=True, eq=False)
class Dosing:
    """One treatment of a line: the state that its doses go to, or (background drugs) the input and daily exposure.

    days (m,): of the doses since the line began; amounts (n, m) in mg; step: days between the last doses. late: (slot
    parameter, days since the first dose, values (n,) from then on): antibodies against the drug and the like.
    """

    target: str
    exposure: bool
    days: Array
    amounts: Array
    step: float
    late: tuple[tuple[str, float, Array], ...] = ()

    def due(self, begun: Array, until: Array, window: tuple[float, float]) -> tuple[Array, Array]:
        """(times, amounts) (n, k) of doses in a window of days, times from its start and inf for none.

        begun (n,): day on which the line began (nan: not at all); until (n,): no dose from that day on.
        """
        start, end = window
        times = begun[:, None] + self.days[None, :]
        with np.errstate(invalid="ignore"):
            inside = (times >= start - 1e-9) & (times < end - 1e-9) & (times < until[:, None] - 1e-9)
        most = int(inside.sum(axis=1).max(initial=0))
        order = np.argsort(~inside, axis=1, kind="stable")[:, :most]
        kept = np.take_along_axis(inside, order, axis=1)
        when = np.where(kept, np.take_along_axis(times, order, axis=1) - start, np.inf)
        return np.maximum(when, 0.0), np.where(kept, np.take_along_axis(self.amounts, order, axis=1), 0.0)

    def given(self, begun: Array, until: Array, window: tuple[float, float]) -> Array:
        """Daily exposure (n,) of a background drug from the start of a window on."""
        last = begun + self.days[-1] + self.step
        with np.errstate(invalid="ignore"):
            on = (begun <= window[0] + 1e-9) & (np.minimum(last, until) > window[0] + 1e-9)
        return np.where(on, self.amounts[:, 0] / self.step, 0.0)

    def changes(self, first: Array, start: float) -> list[tuple[str, Array, Array]]:
        """(parameter, times (n,) from the start of a window, values (n,)) of what begins late; past ones at time 0."""
        return [
            (name, np.maximum(np.nan_to_num(first + day - start, nan=np.inf), 0.0), v) for name, day, v in self.late
        ]


@dataclass(frozen=True)
class LineDrugs:
    """A line ready to be given: its treatments (those of a further course where they are others), whether it is a course,
    the classes of its drugs, and all of it in words."""

    dosings: tuple[Dosing, ...]
    course: bool
    classes: frozenset[str]
    words: str
    further: tuple[Dosing, ...] = ()

    def begun(self, begun: Array, first: Array) -> list[tuple[Dosing, Array]]:
        """Each treatment with the day (n,) on which its course began, nan where another is given. begun, first (n,): day of
        the last course and of the first."""
        with np.errstate(invalid="ignore"):
            later = (begun > first + 1e-9) & bool(self.further)
        own = [(d, np.where(later, np.nan, begun)) for d in self.dosings]
        return own + [(d, np.where(later, begun, np.nan)) for d in self.further]


def prepare(
    strategy: Strategy, design: Design, people: Population, horizon: float
) -> tuple[Array, tuple[LineDrugs, ...]]:
    """Parameters (n, P) with every drug of the strategy in a slot of its own, and its lines. InvalidValue for too many."""
    regimens = [courses(line, design.disease) for line in strategy.lines]
    slots: dict[str, Treatment] = {}
    for t in (t for line in regimens for given in line for t in given):
        if not axis.drug(t.drug).background:
            slots.setdefault(t.drug, t)
    name = re.sub(r"[^A-Za-z0-9]+", " ", strategy.name)[:90].strip() or "strategy"  # any words may name a strategy
    arm = Arm(arm_id=name, n=1, role="active", treatments=tuple(slots.values()))
    bare = design.replace(background_therapy=[])
    parameters, _ = plan(bare, arm, people, "resolved")
    number = {name: k + 1 for k, name in enumerate(slots)}
    lines = []
    for given, later in regimens:
        dosings, further = (
            tuple(_dosing(t, people, (number, parameters), horizon) for t in some) for some in (given, later)
        )
        classes = frozenset(axis.drug(t.drug).class_ for t in given)
        words = setting.words(given) + (f" (each further course: {setting.words(later)})" if later else "")
        further = tuple(replace(d, late=()) for d in further)  # what begins late counts from the first course
        lines.append(LineDrugs(dosings, is_course(given), classes, words, further))
    return parameters, tuple(lines)


def courses(line: Line, disease: str) -> tuple[tuple[Treatment, ...], tuple[Treatment, ...]]:
    """Treatments of a line's first course, and of each further one where that is another. InvalidValue for another drug."""
    given = setting.regimen(line.drug, disease)
    later = setting.regimen(line.further, disease) if line.further else ()
    names = {t.drug for t in given}
    if later and {t.drug for t in later} != names:
        raise InvalidValue("further", line.further, f"another regimen of {', '.join(sorted(names))}")
    if later and not (is_course(given) and is_course(later)):
        raise InvalidValue("further", line.further, "courses that end within 12 weeks, the first and the further one")
    return given, later


def check(t: Treatment) -> None:
    """Unsupported for what no line can give: cells, and glucocorticoid."""
    drug = axis.drug(t.drug)
    if drug.cell_therapy:
        raise Unsupported(f"{drug.name}: cells are given once, so that no strategy can be made of them")
    if drug.name in PREDNISONE_EQUIVALENT:
        raise Unsupported(f"{drug.name}: give glucocorticoid by a strategy's steroid, not as a line")


def _dosing(t: Treatment, people: Population, where: tuple[dict[str, int], Array], horizon: float) -> Dosing:
    drug, (number, parameters) = axis.drug(t.drug), where
    doses = schedule.parse(t.schedule).doses(horizon)
    days = np.array([t.start_day + d.day for d in doses])
    amounts = np.stack([dose_amounts(t, people, d.amount, d.unit) for d in doses], axis=1)
    steps = np.diff(days)
    step = float(steps.min()) if steps.size else 1.0
    if not drug.background:
        slot = number[t.drug]
        late = []
        for day, key, change in drug.circumstance_factors(people.covariates, late=True):
            own = parameters[:, axis.index(f"P{slot}_{key}")[0]]
            late.append((f"P{slot}_{key}", t.start_day + day, own * change))
        amounts = amounts * doses_taken(t, people, len(doses))
        return Dosing(axis.dose_state(drug, slot, t.route), False, days, amounts, step, tuple(late))
    if step > SHORT:
        raise Unsupported(f"{t.drug} {t.schedule}: a background drug given at steps of at most {SHORT:g} days")
    name, factor = axis.background_input(t.drug, "mg/day")
    return Dosing(name, True, days, factor * amounts, step)


Due = list[tuple[Dosing, tuple[Array, Array]]]
Changes = list[tuple[str, Array, Array]]


def events(due: Due, changes: Changes) -> engine.Events | None:
    """Dose events of a window, (n, E), and changes of slot parameters; None when nobody gets anything."""
    filled = [(d.target, engine.ADD, t, a) for d, (t, a) in due if t.shape[1] and np.isfinite(t).any()]
    filled += [(n, engine.SET, t[:, None], v[:, None]) for n, t, v in changes if np.isfinite(t).any()]
    if not filled:
        return None
    targets = [name for name, _, t, _ in filled for _ in range(t.shape[1])]
    kinds = [kind for _, kind, t, _ in filled for _ in range(t.shape[1])]
    times, amounts = (np.concatenate([x[i] for x in filled], axis=1) for i in (2, 3))
    return engine.Events(times, kinds, targets, amounts)
