"""What a patient takes, carries and remembers that changes a drug's exposure or effect, and what a design says of it.

Every patient has, for the drugs of the design, the circumstances that their library files give a number for (see
`axis.circumstances`): antibodies against a drug by its published incidence, FCGR3A genotype by its frequency, creatinine
clearance by Cockcroft and Gault, the share of prescribed oral doses that is taken. Food, acid reducers and CYP3A
inhibitors or inducers are off unless the design gives the share of patients who have them. Numbers stand in
`library/instruments/exposure.csv`. Every draw is keyed by (seed, patient, purpose).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from baxis import axis
from baxis.clinic.design.fields import Block, written
from baxis.core import ledger, streams
from baxis.core.errors import InvalidValue, UnknownName

if TYPE_CHECKING:
    from baxis.clinic.design.design import Design, Treatment

Array = NDArray[np.float64]
SHARES = ("fed", "fasted", "ppi", "cyp3a_inhibitor", "cyp3a_inducer")  # shares of patients that a design may set
ADHERENCE, RENAL, ALLELES = "adherence", "crcl_ml_min", "fcgr3a_v_alleles"


class Exposure(Block):
    """What a design sets for all its patients; None leaves it to the library. Shares of patients lie in 0 to 1.

    adherence: share of the prescribed oral doses that everybody takes. ada: share with antibodies against each drug.
    crcl_ml_min: everybody's creatinine clearance.
    """

    fed: float | None = Field(default=None, ge=0, le=1)
    fasted: float | None = Field(default=None, ge=0, le=1)
    ppi: float | None = Field(default=None, ge=0, le=1)
    cyp3a_inhibitor: float | None = Field(default=None, ge=0, le=1)
    cyp3a_inducer: float | None = Field(default=None, ge=0, le=1)
    ada: float | None = Field(default=None, ge=0, le=1)
    adherence: float | None = Field(default=None, gt=0, le=1)
    fcgr3a: Literal["VV", "VF", "FF"] | None = None
    crcl_ml_min: float | None = Field(default=None, ge=5, le=250)

    @model_validator(mode="after")
    def _one_direction(self) -> Exposure:
        if self.cyp3a_inhibitor and self.cyp3a_inducer:
            raise ValueError("CYP3A is inhibited or induced: give one of cyp3a_inhibitor and cyp3a_inducer")
        return self


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


def used(design: Design) -> tuple[axis.Drug, ...]:
    """Drugs of the arms that have kinetics, each once, in order."""
    rescue = design.rescue.treatments if design.rescue else ()
    every = [axis.drug(t.drug) for t in (*(t for a in design.arms for t in a.every_treatment), *rescue)]
    return tuple({d.name: d for d in every if not d.background}.values())


def unanswered(design: Design) -> list[str]:
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


def number(name: str) -> float:
    """One value of the exposure ledger."""
    return ledger.value("instruments/exposure", name)


def covariates(
    design: Design, seed: int, ids: NDArray[np.int64], people: Mapping[str, Array], typical: bool = False
) -> dict[str, Array]:
    """Covariates (n,) that act on the drugs of the design. people: age_y, female, weight_kg.

    typical: the median patient: what most patients have, mean adherence, one V allele.
    """
    drugs, given = used(design), design.exposure
    acting = {c.name for d in drugs for c in d.circumstances}
    out: dict[str, Array] = {}
    for name in (n for n in SHARES if n in acting):
        share = getattr(given, name)
        out[name] = _carriers(number(name) if share is None else share, seed, name, ids, typical)
    for drug in drugs:
        for c in (c for c in drug.circumstances if c.name == "ada" and c.share and c.ratio is not None):
            share = c.share.value if given.ada is None else given.ada  # type: ignore[union-attr]
            out[c.covariate(drug.name)] = _carriers(share, seed, c.covariate(drug.name), ids, typical)
    if "fcgr3a" in acting:
        out[ALLELES] = _alleles(given.fcgr3a, seed, ids, typical)
    if any(d.oral for d in drugs):
        out[ADHERENCE] = _adherence(given.adherence, seed, ids, typical)
    if any(row["covariate"] == RENAL for d in drugs for row in d.size):
        out[RENAL] = _clearance(given.crcl_ml_min, seed, ids, people, typical)
    return out


def _carriers(share: float, seed: int, purpose: str, ids: NDArray[np.int64], typical: bool) -> Array:
    u = np.full(len(ids), 0.5) if typical else streams.uniform(seed, purpose, ids)[:, 0]
    return np.asarray((u < share).astype(float))


def _alleles(genotype: str | None, seed: int, ids: NDArray[np.int64], typical: bool) -> Array:
    """Number of FCGR3A 158V alleles: 2, 1 or 0."""
    if genotype is not None:
        return np.full(len(ids), float(genotype.count("V")))
    u = np.full(len(ids), 0.5) if typical else streams.uniform(seed, "FCGR3A", ids)[:, 0]
    vv, vf = number("fcgr3a.VV"), number("fcgr3a.VF")
    return np.where(u < vv, 2.0, np.where(u < vv + vf, 1.0, 0.0))


def _adherence(share: float | None, seed: int, ids: NDArray[np.int64], typical: bool) -> Array:
    """Share of prescribed doses taken: a beta distribution about the published mean, or as given."""
    from scipy.special import betaincinv

    mean, k = number("adherence.mean"), number("adherence.concentration")
    if share is not None or typical:
        return np.full(len(ids), mean if share is None else share)
    u = streams.uniform(seed, ADHERENCE, ids)[:, 0]
    return np.asarray(betaincinv(k * mean, k * (1.0 - mean), u))


def _clearance(
    value: float | None, seed: int, ids: NDArray[np.int64], people: Mapping[str, Array], typical: bool
) -> Array:
    """Creatinine clearance, mL/min: Cockcroft and Gault from age, weight, sex and a drawn serum creatinine."""
    if value is not None:
        return np.full(len(ids), value)
    z = np.zeros(len(ids)) if typical else streams.normal(seed, "creatinine", ids)[:, 0]
    female = people["female"] > 0
    typical_mg_dl = np.where(female, number("creatinine.female"), number("creatinine.male"))
    creatinine = typical_mg_dl * np.exp(number("creatinine.log_sd") * z)
    sex = np.where(female, number("cockcroft.female"), 1.0)
    return np.asarray((140.0 - people["age_y"]) * people["weight_kg"] * sex / (72.0 * creatinine))


def taken(treatment: Treatment, people: Mapping[str, Array], n: int) -> Array:
    """Share of the prescribed doses of a treatment that each patient takes, (n,): 1 unless it is an oral drug."""
    return people.get(ADHERENCE, np.ones(n)) if axis.drug(treatment.drug).oral else np.ones(n)
