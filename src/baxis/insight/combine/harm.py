"""What a combination costs: serious infections along the simulated course, serious class harms, and IgG lost.

The numbers are those of `clinic.result.safety`. Class harms of two drugs add up; a class without a row counts nothing, which says
that no rate is held, not that it is harmless.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from baxis import axis
from baxis.clinic.conduct.arm_run import ArmRun
from baxis.clinic.design.design import Design
from baxis.clinic.people.population import Population
from baxis.clinic.result import safety
from baxis.core import streams

Array = NDArray[np.float64]
INFECTION, OTHERS = "serious infection", "other serious harms"


@dataclass(frozen=True, eq=False)
class Cost:
    """Expected serious infections of each patient (n,) of one arm by the last week (NaN without a base rate), log sds of
    the base rate and of the arm's factors, serious class harms as (name, events of a patient above control, log sd)."""

    infections: Array
    log_sd: tuple[float, float]
    others: tuple[tuple[str, float, float], ...]


def cost(design: Design, people: Population, run: ArmRun) -> Cost:
    """Harms of one simulated arm."""
    found = safety.infections(design, people, run)
    others = safety.class_harms(design, run.arm)
    told = tuple((h.name, events, sd) for h, events, sd in others if h.serious and h.form != "once" and events > 0)
    if found is None:
        return Cost(np.full(len(people.ids), np.nan), (0.0, 0.0), told)
    base, each, log_sd = found
    return Cost(each, (base.log_sd, float(np.sqrt(max(log_sd**2 - base.log_sd**2, 0.0)))), told)


def draws(costs: Sequence[Cost], keep: NDArray[np.int64], weights: Array, seed: int) -> dict[str, Array]:
    """Shares of patients with a serious infection, and other serious harms a patient, each (R, A) for A arms.

    weights (R, n): replicates of the kept patients, the first the sample itself, without error of the sources. What the
    sources do not know is the same in all arms, so that differences between arms keep only what differs.
    """
    r = len(weights)
    shared = streams.generator(seed, "harms of a combination").standard_normal((r, 2))
    shared[0] = 0.0
    names = sorted({name for c in costs for name, _, _ in c.others})
    own = {n: streams.generator(seed, f"harm {n}").standard_normal(r) * (np.arange(r) > 0) for n in names}
    infection = np.empty((r, len(costs)))
    others = np.zeros((r, len(costs)))
    for a, c in enumerate(costs):
        scale = np.exp(shared[:, 0] * c.log_sd[0] + shared[:, 1] * c.log_sd[1])
        infection[:, a] = ((1.0 - np.exp(-scale[:, None] * c.infections[keep])) * weights).sum(axis=1)
        for name, events, sd in c.others:
            others[:, a] += events * np.exp(sd * own[name])
    return {INFECTION: infection, OTHERS: others}


def words(c: Cost) -> str:
    """The class harms of an arm by name, events in 100 patients above control."""
    return ", ".join(f"{name} {100 * events:.1f}" for name, events, _ in sorted(c.others, key=lambda o: -o[1]))


def caveats(drugs: Sequence[str]) -> list[str]:
    """What is known to be wrong, borrowed or easily misread in the harms of these drugs."""
    return safety.caveats({axis.drug(d).class_ for d in drugs})
