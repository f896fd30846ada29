"""One trial simulated for the board: only the arms and endpoints that its contrasts need."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from baxis.clinic.conduct.happenings import dropout_visit
from baxis.clinic.conduct.settings import Settings
from baxis.clinic.conduct.simulate import simulate
from baxis.clinic.design.design import Design, Endpoint
from baxis.clinic.instruments import Instrument
from baxis.clinic.instruments.events import first_event
from baxis.clinic.result.summarise import judge
from baxis.clinic.statistics.survival import Times

Array = NDArray[np.float64]
Key = tuple[str, str, float]  # arm, endpoint, week


@dataclass(frozen=True, eq=False)
class Reached:
    """One endpoint of one arm: value of each patient who reached the visit (m,), and which patient it is (m,)."""

    values: Array
    patients: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Timed:
    """Times to an event of one arm's patients, and which patient each is (m,)."""

    times: Times
    patients: NDArray[np.int64]


@dataclass(frozen=True)
class ArmEndpoints:
    """Endpoints, times to event, published sizes of arms, candidates screened, solver failures."""

    judged: dict[Key, Reached]
    times: dict[Key, Timed]
    sizes: dict[str, int]
    screened: int
    failures: int


def arm_endpoints(
    design: Design, arms: set[str], endpoints: list[tuple[str, float]], settings: Settings
) -> ArmEndpoints:
    """Run some arms of a design and judge some (endpoint, week). Raises BaxisError when the design cannot be run."""
    from baxis.clinic.instruments import instrument

    small = needed(design, arms, endpoints, instrument(design.disease))
    done = simulate(small, settings)
    people, tool = done.people, done.tool
    judged: dict[Key, Reached] = {}
    times: dict[Key, Timed] = {}
    failures = 0
    for run, visits in zip(done.runs, done.visits, strict=True):
        ok = run.status == 0
        failures += len(run.failures)
        for name, week in endpoints:
            key = (run.arm.arm_id, name, week)
            if name in tool.hazard:
                left = dropout_visit(tool, visits.days, people, people.seed)
                times[key] = Timed(first_event(tool, name, visits, week * 7.0, left).take(ok), people.ids[ok])
            else:
                asked = Endpoint(name=name, week=week)
                judged[key] = Reached(judge(small, tool, asked, run, visits, people), people.ids[ok])
    return ArmEndpoints(judged, times, {a.arm_id: a.n for a in small.arms}, done.screened, failures)


def needed(design: Design, arms: set[str], endpoints: list[tuple[str, float]], tool: Instrument) -> Design:
    """The design with these arms, and visits at the weeks of these endpoints.

    For a time to event any endpoint of the instrument stands in: it only sets the weeks of the visits.
    """
    some = next(iter(tool.endpoints()))
    asked = {(name if name in tool.endpoints() else some, week) for name, week in endpoints}
    return design.replace(
        arms=[a.model_dump() for a in design.arms if a.arm_id in arms],
        endpoints=[{"name": name, "week": week} for name, week in sorted(asked)],
    )
