"""Rules that change a patient's therapy, and the day on which each fired."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from baxis.clinic.design.design import Arm, Design, Switch

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Decision:
    """A rule and the first day on which it fired for each patient, (n,), infinite where it never did."""

    rule: Switch
    day: Array
    rescue: bool = False


def rules(design: Design, arm: Arm) -> list[tuple[Switch, bool]]:
    """The arm's switches, and the design's rescue where that changes therapy; each with whether it is the rescue."""
    out = [(s, False) for s in arm.switches]
    r = design.rescue
    if r is not None and (r.treatments or r.stop):
        taken = {t.drug for t in arm.every_treatment}
        stop = tuple(d for d in r.stop if d in taken or d == "all")
        given = {"measures": r.measures, "improvement": r.improvement, "stop": stop, "treatments": r.treatments}
        span = {"week": r.week, "until": design.weeks, "when": "no response", "failure": True}
        out.append((Switch.model_validate({**given, **span}), True))
    return out
