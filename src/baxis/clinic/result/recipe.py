"""The recipe of a result: what it takes to get the same bytes again, and how sure its inputs are."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from baxis import axis
from baxis._version import __version__
from baxis.clinic.conduct.settings import Settings
from baxis.clinic.design.design import Design
from baxis.clinic.design.prescribed import remarks
from baxis.clinic.people.own_population import read_population
from baxis.clinic.result.asked import asked
from baxis.core import library

if TYPE_CHECKING:
    from baxis.clinic.conduct.arm_run import ArmRun

NOTICE = "Research use only. Not for the care of a person."
SCOPE = (
    "adults with the disease as its trials enrol them; outside, for want of evidence: children, pregnancy, renal replacement, active "
    "infection or cancer, death as an outcome, horizons beyond ten years"
)
INTERVALS = (
    "sampling of a trial of the published size, of the simulated patients, and the posterior of shared constants and disease weights; "
    "signalling, kinetics and B-cell constants are held fixed"
)


def basis(design: Design | None, settings: Settings, remarks: Iterable[str] = ()) -> dict[str, Any]:
    """What the recipe of every kind of result holds: what was asked for, versions, seed, and what a reader must know.

    design: None where each row has its own. remarks: on the design. Raises what `read_population` raises.
    """
    own = read_population(settings.population, design.disease) if settings.population and design else None
    read = [f"population {own.name}: {note}" for note in own.notes] if own else []
    return {
        **({"population": own.digest} if own else {}),
        **asked(design, settings, own.digest if own else None),
        "baxis": __version__,
        "library": library.digest(),
        "model": axis.system().digest,
        "seed": settings.seed,
        "remarks": [*remarks, *read],
    }


def recipe(design: Design, settings: Settings, runs: list[ArmRun], screened: int) -> dict[str, Any]:
    """Code version, library and design hash, seed, tolerances, and counts of failures and doubtful numbers."""
    body = json.dumps(
        design.model_dump(exclude={"readings"}), sort_keys=True
    )  # its words do not make it another design
    counts = axis.count_numbers(design.disease, tuple(t.drug for a in design.arms for t in a.every_treatment))
    return {
        **basis(design, settings, remarks(design)),
        **({"match": True} if design.match or settings.match else {}),
        "design": hashlib.sha256(body.encode()).hexdigest()[:16],
        "patients": settings.patients,
        "screened": screened,
        "rtol": settings.rtol,
        "atol": settings.atol,
        "oral_dosing": settings.dosing,
        "machine": platform.machine(),
        "failures": int(sum((run.status != 0).sum() for run in runs)),
        "numbers": counts,
        "intervals": INTERVALS,
        "scope": SCOPE,
        "notice": NOTICE,
    }
