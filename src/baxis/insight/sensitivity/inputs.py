"""Patients from points of the unit cube: one coordinate an uncertain input, each with its spread in the disease."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv, ndtri

from baxis import axis, engine
from baxis.clinic.design.design import Design
from baxis.clinic.people import posterior
from baxis.clinic.people.population import Population, demographics, number, run_in, set_input, weight_columns

Array = NDArray[np.float64]
ENDOTYPE, DUMMY = "endotype", "dummy (no effect)"
EDGE = 0.01  # Morris and Sobol cut each distribution at its 1st and 99th percentile


@dataclass(frozen=True)
class Cube:
    """The inputs of a disease, in order: parameters with a spread, endotype, weights of the tissue arms, a dummy."""

    design: Design
    seed: int

    @property
    def names(self) -> list[str]:
        """Names of the inputs."""
        kinds = axis.disease(self.design.disease).endotypes
        return [*axis.spreads(self.design.disease), *([ENDOTYPE] if len(kinds) > 1 else []), *self.weights, DUMMY]

    @property
    def weights(self) -> list[str]:
        """Weights that the disease uses."""
        return [n for n, c in zip(axis.weight_names(), self._centre(), strict=True) if c > 0.005]

    def _centre(self) -> Array:
        """Mean weights of the tissue arms."""
        draws = posterior.weights(self.design.disease)
        own = axis.parameters(self.design.disease)[weight_columns()]
        return np.asarray(own if draws is None else draws.mean(axis=0))

    def patients(self, points: Array, options: engine.Options) -> Population:
        """Population of points (n, d) of the unit cube; everything that is no input is the same in all patients."""
        u = EDGE + (1 - 2 * EDGE) * np.clip(points, 0.0, 1.0)
        names, disease, n = self.names, self.design.disease, len(points)
        column = {name: u[:, i] for i, name in enumerate(names)}
        out = np.repeat(axis.parameters(disease)[None], n, axis=0)
        if ENDOTYPE in column:
            self._endotype(out, column[ENDOTYPE])
        for name, (log_sd, _) in axis.spreads(disease).items():
            out[:, axis.index(name)] *= np.exp(log_sd * ndtri(column[name]))[:, None]
        self._weigh(out, column)
        ids = np.zeros(n, dtype=np.int64)
        covariates = demographics(disease, self.seed, ids)
        for drug in self.design.background_therapy:
            doses = np.full(n, drug.dose * drug.share)
            covariates[f"{drug.drug}_dose"] = doses
            if not drug.from_entry:
                set_input(out, drug, doses)
        ran = run_in(out, axis.rest(disease), options)
        outputs = {name: ran.values[:, -1, i] for i, name in enumerate(axis.outputs())}
        return Population(
            disease=disease,
            seed=self.seed,
            ids=ids,
            parameters=out,
            rest=ran.final,
            status=ran.status,
            covariates=covariates,
            outputs=outputs,
        )

    def _endotype(self, out: Array, u: Array) -> None:
        kinds = axis.disease(self.design.disease).endotypes
        shares = np.cumsum([k.share for k in kinds])
        chosen = np.searchsorted(shares, u * shares[-1], side="right").clip(max=len(kinds) - 1)
        for k, kind in enumerate(kinds):
            for name, value in kind.regulators.items():
                out[np.ix_(chosen == k, axis.index(name))] = value

    def _weigh(self, out: Array, column: dict[str, Array]) -> None:
        """Weights from independent gamma draws about the disease's mean, made to sum to 1."""
        shape = self._centre() * number("weights.concentration")
        gamma = np.zeros((len(out), shape.size))
        for i, name in enumerate(axis.weight_names()):
            if name in column:
                gamma[:, i] = gammaincinv(shape[i], column[name])
        out[:, weight_columns()] = gamma / gamma.sum(axis=1, keepdims=True)
