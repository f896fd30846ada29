"""A patient from now on under a regimen, by draws from the posterior."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from baxis.clinic.conduct.settings import Settings
from baxis.clinic.design.design import Arm, Treatment
from baxis.clinic.people import covariates
from baxis.clinic.people.population import Population, typical
from baxis.insight.bench import given
from baxis.insight.combine import setting
from baxis.insight.patient import scores
from baxis.insight.patient.course import Ratings, Table, program, run, started
from baxis.insight.patient.inference.posterior import Posterior
from baxis.insight.patient.visits import Measurements

WEEKS, STEP = 24.0, 4.0  # followed from now on; between looks


class Future:
    """Draws of the posterior put through the past once more, and carried on from the last visit under a regimen."""

    def __init__(self, found: Posterior, visits: Measurements, at: NDArray[np.int64], settings: Settings) -> None:
        self.visits, self.options = visits, settings.options()
        self.home = setting.home(found.design.disease)
        self.people, self.design = found.people.take(found.who[at]), found.design
        self.seen, self.tools = found.seen.take(found.who[at]), found.tools[at]
        self.score = scores.main(self.home.disease)
        self.weeks = np.arange(0.0, WEEKS + 1e-9, STEP)
        self.ratings = Ratings(self.home.disease, typical(self.home, self.options))

    def carrying(self, regimen: tuple[Treatment, ...], n: int | None = None) -> Population:
        """The patients (the first n) with what changes their exposure to the candidate."""
        people = self.people if n is None else self.people.take(np.arange(n))
        arm = Arm(arm_id="candidate", n=1, role="active", treatments=regimen)
        design = self.design.replace(arms=[arm.model_dump()])
        own = covariates.covariates(design, people.seed, people.ids, people.covariates)
        return replace(people, covariates=own | people.covariates)

    def check(self, regimen: tuple[Treatment, ...]) -> None:
        """InvalidValue for more drugs than can be followed, before anything is simulated."""
        given.within(regimen, WEEKS, "candidate")
        program(self.visits, self.carrying(regimen, 1), self.design, regimen, WEEKS)

    def run(self, regimen: tuple[Treatment, ...]) -> tuple[Table, Table, NDArray[np.bool_]]:
        """(observables, instrument's measures) (n, weeks) from now on, and who ran to the end."""
        people, now = self.carrying(regimen), self.visits.now - started(self.visits)
        days = now + self.weeks * 7.0
        after, ok = run(program(self.visits, people, self.design, regimen, WEEKS), people, days, self.options)
        times = np.array(self.visits.times)
        late = times < self.visits.now - 1e-9  # a last visit on the last day is the first of the future
        whole = {k: np.concatenate([self.seen.outputs[k][:, late], v], axis=1) for k, v in after.items()}
        every = np.concatenate([times[late], self.visits.now + self.weeks * 7.0])
        who = np.arange(len(people.ids))
        measured = self.ratings.observe(whole, every, people, who, self.tools)
        return after, {k: v[:, int(late.sum()) :] for k, v in measured.items()}, ok
