"""What a strategy decides at a visit, for all patients at once, from measured values alone (with the laboratory's noise)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from baxis.clinic.instruments import Visits
from baxis.clinic.people.labs import noise, reported
from baxis.clinic.people.population import Population
from baxis.core import streams
from baxis.insight.strategies.drugs import LineDrugs
from baxis.insight.strategies.plan import Strategy

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
TITRES = {"ANCA": 1.0, "RF": 0.0}  # measures of an autoantibody, and the titre below which a rise means nothing


class Patients:
    """Where each patient stands in a strategy: line, since when, on or off the drug, checks on and off target.

    begun, until, first (n, lines): day on which each line (or its last course) began, from which it is not given, and on
    which it first began.
    """

    def __init__(self, strategy: Strategy, lines: tuple[LineDrugs, ...], people: Population, chance: float) -> None:
        n, m = len(people.ids), max(len(lines), 1)
        self.strategy, self.lines, self.people, self.chance = strategy, lines, people, chance
        self.begun, self.until = np.full((n, m), np.nan), np.full((n, m), np.inf)
        self.first = np.full((n, m), np.nan)
        self.line, self.since = np.zeros(n, dtype=np.int64), np.zeros(n)
        self.on = np.zeros(n, dtype=bool)
        self.on_target, self.lost = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
        self.missed, self.kept = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
        self.lowest = np.full(n, np.inf)

    def visit(self, k: int, week: float, visits: Visits, outputs: dict[str, Array]) -> NDArray[np.int64]:
        """Decide at visit k; returns the number of lines or courses begun, (n,)."""
        before = self.begun.copy()
        self._look(k, visits)
        titre = self._titre(k, visits, outputs)
        self.lowest = np.minimum(self.lowest, titre)
        if not self.lines:
            return np.zeros(self.line.size, dtype=np.int64)
        if k == 0:
            self._begin(np.ones(self.line.size, dtype=bool), 0.0)
        else:
            self._ended(week)
            if self._checks(week):
                self._aim(week)
                self._again(k, week, outputs, titre)
        new = (self.begun != before) & np.isfinite(self.begun)
        self.lowest = np.where(new.any(axis=1), titre, self.lowest)
        return np.asarray(new.sum(axis=1), dtype=np.int64)

    def treated(self, day: float) -> NDArray[np.int64]:
        """(n,): the line whose drug is given (a course counts for 24 weeks), -1 for none."""
        out = np.full(self.line.size, -1, dtype=np.int64)
        for j, line in enumerate(self.lines):
            with np.errstate(invalid="ignore"):
                since = day - self.begun[:, j]
                on = (since >= 0) & ((since < 168.0) if line.course else (day < self.until[:, j]))
            out[on] = j
        return out

    def _checks(self, week: float) -> bool:
        every = self.strategy.check_weeks
        return abs(week / every - round(week / every)) < 1e-6

    def _look(self, k: int, visits: Visits) -> None:
        """Whether the target is met, and whether it has just been lost."""
        aim = self.strategy.target
        if aim is None:
            return
        now = visits[aim.measure][:, k + 1] <= aim.at_most + 1e-9
        self.lost, self.on_target = self.on_target & ~now, now

    def _titre(self, k: int, visits: Visits, outputs: dict[str, Array]) -> Array:
        """The measured autoantibody at visit k: the instrument's where it has one, else the model's with assay noise."""
        for name in TITRES:
            if name in visits.measures:
                return np.asarray(visits[name][:, k + 1])
        error = streams.normal(self.people.seed, "autoantibody at visits", self.people.ids, k + 1)[:, k]
        return np.asarray(outputs["aas"][:, k] * np.exp(noise("igg4") * error))  # the widest cv of an immunoassay

    def _begin(self, who: Mask, week: float) -> None:
        """These patients begin their line anew."""
        rows = np.flatnonzero(who)
        self.begun[rows, self.line[rows]] = week * 7.0
        self.until[rows, self.line[rows]] = np.inf
        self.first = np.where(np.isnan(self.first), self.begun, self.first)
        self.since[who], self.on[who], self.missed[who] = week, True, 0

    def _stop(self, who: Mask, week: float) -> None:
        rows = np.flatnonzero(who)
        self.until[rows, self.line[rows]] = week * 7.0
        self.on[who] = False

    def _next(self, who: Mask, week: float) -> None:
        """These patients go on to their next line (or stop after the last)."""
        keep = np.array([x.keep for x in self.strategy.lines])[self.line]
        self._stop(who & ~keep, week)
        more = who & (self.line + 1 < len(self.lines))
        self.line[more] += 1
        self._begin(more, week)

    def _ended(self, week: float) -> None:
        """Lines that are given for so many weeks."""
        weeks = np.array([np.inf if x.weeks is None else x.weeks for x in self.strategy.lines])[self.line]
        self._next(self.on & (week - self.since >= weeks - 1e-9), week)

    def _aim(self, week: float) -> None:
        """Next line when the target was missed too often, withdrawal when it was kept, and back when it is lost."""
        aim = self.strategy.target
        if aim is None:
            return
        self.missed = np.where(self.on_target, 0, self.missed + 1)
        self.kept = np.where(self.on_target, self.kept + 1, 0)
        if aim.missed is not None:
            self._next(self.on & (self.missed >= aim.missed) & (self.line + 1 < len(self.lines)), week)
        if aim.kept is not None:
            course = np.array([x.course for x in self.lines])[self.line]
            self._stop(self.on & ~course & (self.kept >= aim.kept), week)
            self._begin(~self.on & ~course & ~self.on_target, week)

    def _again(self, k: int, week: float, outputs: dict[str, Array], titre: Array) -> None:
        """Courses given again."""
        for j, (line, drugs) in enumerate(zip(self.strategy.lines, self.lines, strict=True)):
            rule = line.again
            if rule is None or (line.until_week is not None and week > line.until_week + 1e-9):
                continue
            who = np.zeros(self.line.size, dtype=bool)
            if rule.b_cells is not None:
                who |= measured_b_cells(k, outputs, self.people) >= rule.b_cells
            if rule.autoantibody is not None:
                floor = next((f for n, f in TITRES.items() if n in _names(self.people.disease)), 0.0)
                who |= (titre >= rule.autoantibody * self.lowest) & (titre >= floor)
            if rule.every_weeks is not None:
                who |= week - self.begun[:, j] / 7.0 >= rule.every_weeks - 1e-9
            if rule.off_target:
                who |= ~self.on_target
            if rule.as_often_as:
                who |= streams.uniform(self.people.seed, f"dealt course {k}", self.people.ids)[:, 0] < self.chance
            last = drugs.dosings[0].days[-1] if drugs.course else 0.0
            free = week * 7.0 - self.begun[:, j] > last  # a course is not begun within another
            self._begin(who & (self.line == j) & free, week)


def measured_b_cells(k: int, outputs: dict[str, Array], people: Population) -> Array:
    """CD19 count (n,) in cells/uL as the laboratory reads it at visit k: own level and noise."""
    error = streams.normal(people.seed, f"CD19 at visit {k}", people.ids)[:, 0]
    count = reported("bcount", outputs["bcount"][:, k], people.seed, people.ids)
    return np.asarray(count * np.exp(noise("bcount") * error))


def _names(disease: str) -> dict[str, str]:
    from baxis.clinic.instruments import instrument

    return instrument(disease).units
