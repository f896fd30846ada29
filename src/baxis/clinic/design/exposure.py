"""What a patient takes, carries and remembers that changes a drug's exposure or effect, and what a design says of it.

Every patient has, for the drugs of the design, the circumstances that their library files give a number for (see
`axis.tables.circumstances`): antibodies against a drug by its published incidence, FCGR3A genotype by its frequency, creatinine
clearance by Cockcroft and Gault, the share of prescribed oral doses that is taken. Food, acid reducers and CYP3A
inhibitors or inducers are off unless the design gives the share of patients who have them. Numbers stand in
`library/instruments/exposure.csv`. Every draw is keyed by (seed, patient, purpose).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from baxis import axis
from baxis.clinic.design.blocks import Exposure
from baxis.clinic.design.fields import written
from baxis.clinic.design.prescription import Prescription
from baxis.core.errors import InvalidValue, UnknownName

Array = NDArray[np.float64]
SHARES = ("fed", "fasted", "ppi", "cyp3a_inhibitor", "cyp3a_inducer")  # shares of patients that a design may set
ADHERENCE, RENAL = "adherence", "crcl_ml_min"


def parse(settings: list[str]) -> dict[str, float | str]:
    """`NAME=VALUE` texts as fields of Exposure; UnknownName or InvalidValue."""
    out: dict[str, float | str] = {}
    for text in settings:
        name, sign, value = text.partition("=")
        if name not in Exposure.model_fields:
            raise UnknownName("exposure", name, Exposure.model_fields, "write NAME=VALUE, e.g. ppi=1 or fcgr3a=FF")
        if name != "fcgr3a" and not written(value):
            raise InvalidValue(f"exposure {name}", value or sign or "nothing", "a number, e.g. ppi=1")
        out[name] = value.strip().upper() if name == "fcgr3a" else float(value)
    return out


def used(design: Prescription) -> tuple[axis.Drug, ...]:
    """Drugs of the arms that have kinetics, each once, in order."""
    rescue = design.rescue.treatments if design.rescue else ()
    every = [axis.drug(t.drug) for t in (*(t for a in design.arms for t in a.every_treatment), *rescue)]
    return tuple({d.name: d for d in every if not d.background}.values())


def unanswered(design: Prescription) -> list[str]:
    """What the design sets and no drug of it has a published effect for: one sentence each."""
    given = design.exposure.model_dump(exclude_none=True)
    if not given:
        return []
    drugs = used(design)
    acting = {c.name for d in drugs for c in d.circumstances if c.ratio is not None}
    if any(d.oral for d in drugs):
        acting.add(ADHERENCE)
    if any(row["covariate"] == RENAL for d in drugs for row in d.size):
        acting.add(RENAL)
    names = ", ".join(d.name for d in drugs) or "none with kinetics"
    has = f"what is known: {', '.join(sorted(acting)) or 'nothing'}"
    return [
        f"exposure.{n}: no published effect on a drug of the design ({names}); {has}" for n in given if n not in acting
    ]
