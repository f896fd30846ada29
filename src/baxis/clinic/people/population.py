"""Virtual patients: a disease's spread on its cited parameters, demographics, background therapy, own rest.

Algorithm, in the open: (1) the patient belongs to one of the disease's endotypes, by their shares; each parameter with
a published or assumed spread is log-normal about its value there, and parameters of one group share half of their
variance; (2) the patient carries one posterior draw of
the shared constants and disease weights, its own tissue weights a Dirichlet draw about that; (3) demographics; (4) background
drugs by their share; (5) the patient is run from the disease's typical rest to its own under that background (10
years); (6) the entry criteria are applied to what the instrument records at screening and baseline, in the order of
patient numbers. Every draw is keyed by (seed, patient, purpose).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from baxis import axis, engine
from baxis.clinic.design.design import Background, Design
from baxis.clinic.people import posterior
from baxis.clinic.people.bounds import BOUNDS, SEX
from baxis.clinic.people.covariates import covariates as drawn
from baxis.clinic.people.matched import Matched
from baxis.clinic.people.own_population import OwnPopulation
from baxis.core import ledger, streams

Array = NDArray[np.float64]
RUN_IN_DAYS = 3650.0
DEMOGRAPHIC = (*BOUNDS, SEX)
SHARED_VARIANCE = 0.5  # of parameters in one group


@dataclass(frozen=True, eq=False)
class Population:
    """Patients of one disease under background: ids (n,), parameters (n, P), rest (n, N), status (n,), covariates.

    outputs: the model's observables at rest, (n,) each, in model units (1 = healthy unless the glossary says else).
    drawn: posterior draw that each carries, (n,). typical: they are typical patients, whose kinetics do not vary.
    matched: how they were chosen to fit a published baseline, None where they were taken as they came.
    """

    disease: str
    seed: int
    ids: NDArray[np.int64]
    parameters: Array
    rest: Array
    status: NDArray[np.int8]
    covariates: dict[str, Array]
    outputs: dict[str, Array]
    drawn: NDArray[np.int64] | None = None
    typical: bool = False
    matched: Matched | None = None

    @property
    def carried(self) -> NDArray[np.int64]:
        """Posterior draw of each patient, (n,); CENTRAL where they have the disease's own table."""
        return np.full(self.ids.shape, posterior.CENTRAL) if self.drawn is None else self.drawn

    def take(self, index: NDArray[np.int64]) -> Population:
        """The patients at these positions."""
        covariates = {k: v[index] for k, v in self.covariates.items()}
        outputs = {k: v[index] for k, v in self.outputs.items()}
        return replace(
            self,
            ids=self.ids[index],
            parameters=self.parameters[index],
            rest=self.rest[index],
            status=self.status[index],
            covariates=covariates,
            outputs=outputs,
            drawn=self.carried[index],
        )


def join(parts: list[Population]) -> Population:
    """Several draws of one disease and seed as one population, in order."""
    first = parts[0]

    def table(name: str) -> dict[str, Array]:
        return {k: np.concatenate([getattr(p, name)[k] for p in parts]) for k in getattr(first, name)}

    return replace(
        first,
        ids=np.concatenate([p.ids for p in parts]),
        parameters=np.concatenate([p.parameters for p in parts]),
        rest=np.concatenate([p.rest for p in parts]),
        status=np.concatenate([p.status for p in parts]),
        covariates=table("covariates"),
        outputs=table("outputs"),
        drawn=np.concatenate([p.carried for p in parts]),
    )


def draw(
    design: Design,
    seed: int,
    ids: NDArray[np.int64],
    options: engine.Options,
    weights: Array | None = None,
    own: OwnPopulation | None = None,
) -> Population:
    """Patients with these stream numbers, at their own rest under the design's background therapy.

    weights (n, k): tissue-arm weights to give them instead of their own (calibration spreads them wide).
    own: a user's population; what it names replaces the disease's draw.
    """
    parameters = spread_parameters(design.disease, seed, ids)
    if weights is not None:
        parameters[:, weight_columns()] = weights
    return rested(design, (seed, ids), parameters, options, own)


def rested(
    design: Design, who: tuple[int, NDArray[np.int64]], parameters: Array, options: engine.Options,
    own: OwnPopulation | None = None,
) -> Population:  # fmt: skip
    """Patients with these parameters (n, P) at their own rest under the design's background. who: seed and numbers (n,)
    of the streams that give demographics and background doses."""
    seed, ids = who
    given = own.values(seed, ids) if own else {}
    for name, values in given.items():
        if name not in DEMOGRAPHIC:
            parameters[:, axis.index(name)] = values[:, None]
    covariates = demographics(design.disease, seed, ids, given)
    covariates |= drawn(design, seed, ids, covariates)
    for drug in design.background_therapy:
        doses = background_dose(drug, seed, ids)
        covariates[f"{drug.drug}_dose"] = doses
        if not drug.from_entry:
            set_input(parameters, drug, doses)
    carried = posterior.draw_of(ids, design.disease)
    ran = run_in(parameters, typical_rest(design.disease)[carried], options)
    outputs = {name: ran.values[:, -1, i] for i, name in enumerate(axis.outputs())}
    return Population(
        disease=design.disease,
        seed=seed,
        ids=ids,
        parameters=parameters,
        rest=ran.final,
        status=ran.status,
        covariates=covariates,
        outputs=outputs,
        drawn=carried,
    )


def typical_rest(disease: str) -> Array:
    """Rest states (D + 1, N) of the typical patient of each posterior draw, that of the disease's own table last."""
    found, own = posterior.draws(disease), axis.rest(disease)[None]
    return own if found is None else np.concatenate([found.rest, own])


def typical_parameters(disease: str) -> Array:
    """Parameters (D + 1, P) of the typical patient of each posterior draw, those of the disease's own table last."""
    found, own = posterior.draws(disease), axis.parameters(disease)[None]
    return own if found is None else np.concatenate([found.parameters, own])


def run_in(parameters: Array, start: Array, options: engine.Options) -> engine.Ensemble:
    """Each patient run from a typical rest (n, N) or (N,) to its own, for ten years; observables at the end."""
    start = np.broadcast_to(start, (len(parameters), len(axis.system().states)))
    names = [o.output for o in axis.outputs().values()]
    return engine.simulate(axis.kernel(), parameters, start, times=[RUN_IN_DAYS], outputs=names, options=options)


class RandomSource(Protocol):
    """Where random numbers come from: `core.streams`, or a point of the space of patients that inference moves."""

    def normal(self, seed: int, purpose: str, patients: ArrayLike, n: int = 1) -> Array:
        """Standard normals, (patients, n)."""

    def uniform(self, seed: int, purpose: str, patients: ArrayLike, n: int = 1) -> Array:
        """Uniforms in (0, 1), (patients, n)."""


def spread_parameters(disease: str, seed: int, ids: NDArray[np.int64], source: RandomSource = streams) -> Array:
    """Parameter matrix (n, P) of patients about the disease's typical vector."""
    out = typical_parameters(disease)[posterior.draw_of(ids, disease)]
    _endotypes(out, disease, source.uniform(seed, "endotype", ids)[:, 0])
    for name, (log_sd, group) in axis.spreads(disease).items():
        z = source.normal(seed, f"parameter {name}", ids)[:, 0]
        if group:
            shared = source.normal(seed, f"group {group}", ids)[:, 0]
            z = np.sqrt(SHARED_VARIANCE) * shared + np.sqrt(1 - SHARED_VARIANCE) * z
        out[:, axis.index(name)] *= np.exp(log_sd * z)[:, None]
    _spread_weights(out, source.uniform(seed, "tissue weights", ids, len(weight_columns())))
    return out


def endotype_of(disease: str, u: Array) -> NDArray[np.int64]:
    """Index (n,) of the disease's endotype that patients with these uniforms (n,) belong to; 0 where it has none."""
    shares = np.cumsum([k.share for k in axis.disease(disease).endotypes] or [1.0])
    return np.searchsorted(shares, u * shares[-1], side="right").clip(max=shares.size - 1)


def _endotypes(out: Array, disease: str, u: Array) -> None:
    """Each patient belongs to one endotype of the disease's mixture, which moves its regulators."""
    own, chosen, kinds = axis.parameters(disease), endotype_of(disease, u), axis.disease(disease).endotypes
    for k, kind in enumerate(kinds):
        for name, value in kind.regulators.items():
            where = np.ix_(chosen == k, axis.index(name))
            # a weight is moved in the proportion in which the endotype differs from the table: its level is the draw's
            out[where] = out[where] * value / own[axis.index(name)] if name in axis.weight_names() else value


def weight_columns() -> list[int]:
    """Columns of the tissue-arm weights in the parameter matrix."""
    return [i for name in axis.weight_names() for i in axis.index(name)]


def _spread_weights(out: Array, u: Array) -> None:
    """Tissue-arm weights of each patient: a Dirichlet draw about those that the patient has from draw and endotype."""
    from scipy.special import gammaincinv

    index = weight_columns()
    shape = out[:, index] / out[:, index].sum(axis=1, keepdims=True)
    shape = shape * number("weights.concentration")
    gamma = np.where(shape > 1e-9, gammaincinv(np.maximum(shape, 1e-9), u), 0.0)
    out[:, index] = gamma / gamma.sum(axis=1, keepdims=True)


def demographics(
    disease: str, seed: int, ids: NDArray[np.int64], given: dict[str, Array] | None = None
) -> dict[str, Array]:
    """Age, sex, weight and body surface (Mosteller) from `library/instruments/demographics.csv`, or as given."""
    n, given = number, given or {}
    female = (streams.uniform(seed, "sex", ids)[:, 0] < n(f"{disease}.female")).astype(float)
    female = given.get("female", female)
    age = n(f"{disease}.age") + n(f"{disease}.age_sd") * streams.normal(seed, "age", ids)[:, 0]
    z = streams.normal(seed, "size", ids, 2)
    weight = np.where(female > 0, n("weight.female"), n("weight.male")) * np.exp(n("weight.log_sd") * z[:, 0])
    height = np.where(female > 0, n("height.female"), n("height.male")) + n("height.sd") * z[:, 1]
    weight, height = given.get("weight_kg", weight), given.get("height_cm", height)
    bsa = np.sqrt(height * weight / 3600.0)
    return {"age_y": given.get("age_y", np.clip(age, 18, 85)), "female": female, "weight_kg": weight, "bsa_m2": bsa}


def number(name: str) -> float:
    """One value of the demographics ledger."""
    return ledger.value("instruments/demographics", name)


def background_dose(drug: Background, seed: int, ids: NDArray[np.int64]) -> Array:
    """Dose of a background drug for each patient (n,), in the design's unit; 0 for those who do not take it."""
    takes = streams.uniform(seed, f"background {drug.drug}", ids)[:, 0] < drug.share
    sd = np.sqrt(np.log1p(drug.dose_cv**2))
    dose = drug.dose * np.exp(sd * streams.normal(seed, f"dose of {drug.drug}", ids)[:, 0] - 0.5 * sd * sd)
    return np.where(takes, dose, 0.0)


def set_input(parameters: Array, drug: Background, doses: Array) -> None:
    """Write background exposure into the parameter matrix, in the model's own unit of that drug."""
    name, factor = axis.background_input(drug.drug, drug.dose_unit)
    parameters[:, axis.index(name)] = (factor * doses)[:, None]


def typical_patients(design: Design, parameters: Array, start: Array, options: engine.Options) -> Population:
    """Typical patients with these parameters (n, P) at rest under the mean background: nothing varies but these."""
    n, parameters = len(parameters), parameters.copy()
    ids = np.zeros(n, dtype=np.int64)
    size = {"weight_kg": np.full(n, number("weight.female")), "height_cm": np.full(n, number("height.female"))}
    covariates = demographics(design.disease, 0, ids, {"female": np.ones(n), **size})
    covariates["age_y"] = np.full(n, number(f"{design.disease}.age"))
    covariates |= drawn(design, 0, ids, covariates, typical=True)
    for drug in design.background_therapy:
        doses = np.full(n, drug.dose * drug.share)
        covariates[f"{drug.drug}_dose"] = doses
        if not drug.from_entry:
            set_input(parameters, drug, doses)
    ran = run_in(parameters, start, options)
    outputs = {name: ran.values[:, -1, i] for i, name in enumerate(axis.outputs())}
    return Population(
        disease=design.disease,
        seed=0,
        ids=ids,
        parameters=parameters,
        rest=ran.final,
        status=ran.status,
        covariates=covariates,
        outputs=outputs,
        typical=True,
    )


def typical(design: Design, options: engine.Options) -> dict[str, Array]:
    """Observables (D + 1,) of the typical patient of each draw, of the disease's own table last: courses are relative
    to these."""
    start = typical_rest(design.disease)
    return typical_patients(design, typical_parameters(design.disease), start, options).outputs
