"""What each patient carries and takes that changes a drug's exposure: drawn by (seed, patient, purpose)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from baxis import axis
from baxis.clinic.design.blocks import Treatment
from baxis.clinic.design.exposure import ADHERENCE, RENAL, SHARES, Array, used
from baxis.clinic.design.prescription import Prescription
from baxis.core import ledger, streams

ALLELES = "fcgr3a_v_alleles"


def number(name: str) -> float:
    """One value of the exposure ledger."""
    return ledger.value("instruments/exposure", name)


def covariates(
    design: Prescription, seed: int, ids: NDArray[np.int64], people: Mapping[str, Array], typical: bool = False
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
