"""A trial run from the caches: the same numbers as `run_trial`, bit for bit, without drawing the same people again."""

from __future__ import annotations

from baxis import axis
from baxis.clinic.conduct.arm_run import ArmRun
from baxis.clinic.conduct.arms import run_arm
from baxis.clinic.conduct.laboratory import Laboratory
from baxis.clinic.conduct.settings import settle
from baxis.clinic.conduct.simulate import simulate
from baxis.clinic.design.design import Arm
from baxis.clinic.face import TrialResult
from baxis.clinic.people.population import Population
from baxis.clinic.result.summarise import summarise
from baxis.clinic.therapy.regimen import averages
from baxis.faces.web.frame import work
from baxis.faces.web.trial.form import Asked

PEOPLE, RUNS, RESULTS = work.Cache(12), work.Cache(24), work.Cache(24)


def run(asked: Asked, dosing: str = "auto") -> TrialResult:
    """The result of a question, from the cache where its parts were computed before. dosing: as in Settings."""
    return RESULTS.get((asked, dosing), lambda: _run(asked, dosing))


def slow(asked: Asked) -> bool:
    """Whether an oral drug is followed dose by dose, many times slower than its average, and is not at hand."""
    given = [t for arm in asked.design.arms for t in arm.treatments if not axis.drug(t.drug).background]
    followed = any(averages(t, "averaged") and not averages(t, "auto") for t in given)
    return followed and not RESULTS.has((asked, "auto"))


def _run(asked: Asked, dosing: str) -> TrialResult:
    settings = settle(
        None, {"patients": asked.patients, "seed": asked.seed, "dosing": dosing, "progress": work.progress}
    )
    # arms do not enter screening; everything else of a design may
    shared = asked.design.model_dump_json(exclude={"arms"}), asked.patients, asked.seed

    def screen(lab: Laboratory) -> tuple[Population, int]:
        return PEOPLE.get(shared, lab.screen)

    def run(lab: Laboratory, arm: Arm, people: Population) -> ArmRun:
        return RUNS.get((shared, arm, dosing), lambda: run_arm(lab, arm, people))

    return TrialResult.of(summarise(simulate(asked.design, settings, screen, run)))
