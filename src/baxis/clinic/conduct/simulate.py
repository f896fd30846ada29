"""The main job: screen virtual patients, run every arm of a design in them, and record what its visits see."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from baxis.clinic.conduct.arm_run import ArmRun
from baxis.clinic.conduct.arms import run_arm
from baxis.clinic.conduct.laboratory import Laboratory
from baxis.clinic.conduct.settings import Settings
from baxis.clinic.design.design import Arm, Design
from baxis.clinic.instruments import Instrument, Visits
from baxis.clinic.people.population import Population

Screen = Callable[[Laboratory], tuple[Population, int]]
Run = Callable[[Laboratory, Arm, Population], ArmRun]


@dataclass(frozen=True, eq=False)
class SimulatedTrial:
    """A trial as it was run, before anything is judged: the same people in every arm, the run of each arm and what its
    visits recorded (both in the design's order), and how many candidates were screened."""

    design: Design
    settings: Settings
    tool: Instrument
    people: Population
    runs: list[ArmRun]
    visits: list[Visits]
    screened: int


def simulate(
    design: Design, settings: Settings, screen: Screen = Laboratory.screen, run: Run = run_arm
) -> SimulatedTrial:
    """Simulate a trial. screen, run: where people and the run of an arm come from, else from a store of earlier ones.

    Raises BaxisError when the design cannot be run, before anything is simulated.
    """
    lab = Laboratory(design, settings)
    people, screened = screen(lab)
    arms = list(each_arm(lab, people, run))
    return SimulatedTrial(
        design=design, settings=settings, tool=lab.tool, people=people,
        runs=[done for done, _ in arms], visits=[seen for _, seen in arms], screened=screened,
    )  # fmt: skip


def each_arm(lab: Laboratory, people: Population, run: Run = run_arm) -> Iterator[tuple[ArmRun, Visits]]:
    """Arm after arm of a design in these people: its run, and what the visits recorded."""
    for arm in lab.design.arms:
        done = run(lab, arm, people)
        yield done, lab.measure(people, done)
