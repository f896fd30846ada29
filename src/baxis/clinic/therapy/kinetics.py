"""Linear oral kinetics in closed form, and inhibition averaged over the dosing interval.

A tablet taken once or twice a day for a year would cost the integrator 700 restarts. Its kinetics is linear, so the
concentration profile is a matrix exponential; what the model needs of it, the free share of each target, is averaged
over time for each patient (quadrature over the profile, build-up and wash-out included) and given to the model as a
piecewise-constant input. The resolved solution, dose by dose, stays available in `regimen`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
NODES = 16  # Gauss-Legendre nodes a dosing interval: the average free share is then exact to about 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    """Per-patient linear kinetics, each (n,): ka absorption, micro-constants (1/day), V1 central volume (L), F."""

    ka: Array
    k10: Array
    k12: Array
    k21: Array
    k13: Array
    k31: Array
    V1: Array
    F: Array

    def matrix(self) -> Array:
        """System matrix (n, 4, 4) of depot, central and two peripheral amounts, 1/day."""
        a = np.zeros((self.ka.size, 4, 4))
        a[:, 0, 0] = -self.ka
        a[:, 1, 0] = self.ka
        a[:, 1, 1] = -(self.k10 + self.k12 + self.k13)
        a[:, 1, 2], a[:, 1, 3] = self.k21, self.k31
        a[:, 2, 1], a[:, 2, 2] = self.k12, -self.k21
        a[:, 3, 1], a[:, 3, 3] = self.k13, -self.k31
        return a


def micro_constants(values: dict[str, Array]) -> Linear:
    """Linear kinetics from CL, V1, Q1, V2, Q2, V3 (L/day, L), ka (1/day), F, each (n,); an absent one is zero."""
    n = values["CL"].size
    zero = np.zeros(n)
    v1 = values["V1"]
    q1, q2 = values.get("Q1", zero), values.get("Q2", zero)
    v2, v3 = values.get("V2", zero), values.get("V3", zero)
    back1 = np.divide(q1, v2, out=np.zeros(n), where=v2 > 0)
    back2 = np.divide(q2, v3, out=np.zeros(n), where=v3 > 0)
    out1, out2 = np.where(v2 > 0, q1 / v1, 0.0), np.where(v3 > 0, q2 / v1, 0.0)
    return Linear(
        ka=values["ka"],
        k10=values["CL"] / v1,
        k12=out1,
        k21=back1,
        k13=out2,
        k31=back2,
        V1=v1,
        F=values.get("F", np.ones(n)),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """Concentrations (n, intervals, nodes) in mg/L on quadrature nodes of consecutive intervals; `edges` in days."""

    edges: Array
    conc: Array
    weights: Array  # (nodes,), sum 1

    def mean(self, f: Array) -> Array:
        """Time average over each interval of a function given on the nodes: (n, intervals)."""
        return np.asarray(f @ self.weights)


def profile(pk: Linear, dose: Array, tau: float, edges: Array, stop: float | Array) -> Profile:
    """Concentration profile of `dose` (n,) mg every `tau` days from day 0 until `stop` (one day, or (n,)), on
    intervals between `edges`.

    edges: (k+1,) days, multiples of tau, starting at 0. Within an interval of several doses the last one is taken as
    representative (intervals are one dose long while the drug builds up or washes out, see `grid`).
    """
    values, vectors = np.linalg.eig(pk.matrix())
    inverse = np.linalg.inv(vectors)
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    at = (nodes + 1.0) * 0.5 * tau
    step = (vectors * np.exp(values * tau)[:, None, :]) @ inverse
    state = np.zeros((dose.size, 4), dtype=complex)
    amount = np.zeros((dose.size, 4))
    amount[:, 0] = dose * pk.F
    conc = np.empty((dose.size, len(edges) - 1, NODES))
    day, until = 0.0, np.broadcast_to(np.asarray(stop) - 1e-9, dose.shape)
    for k, end in enumerate(edges[1:]):
        count = max(1, round((end - day) / tau))
        for _ in range(count):
            taken = day < until
            if taken.any():
                state = state + amount * taken[:, None]
            start = state
            state = np.einsum("nij,nj->ni", step, start)
            day += tau
        modes = np.einsum("nij,nj->ni", inverse, start)[:, :, None] * np.exp(values[:, :, None] * at)
        conc[:, k] = np.einsum("nj,njt->nt", vectors[:, 1, :], modes).real / pk.V1[:, None]
    return Profile(np.asarray(edges), np.maximum(conc, 0.0), weights * 0.5)


def grid(tau: float, until: float, *stops: float) -> Array:
    """Interval edges in days: every dose for the first days of a course and the first after each of its `stops`, then
    ever longer steps."""
    steps = [1, 2, 3, 5, 7, 10, 14, 21, 28]
    after_start = [float(s) for s in steps]
    after_stops = [stop + s for stop in stops if stop < until for s in (0.0, *steps)]
    marks = [0.0, *after_start, *after_stops, until]
    inside = {round(m / tau) * tau for m in marks if m <= until + 1e-9}
    return np.array(sorted(inside | {0.0}))


def reversible_input(profile_: Profile, potency: float, taken: Array | float = 1.0) -> Array:
    """Dimensionless D (n, intervals) with 1/(1+D) the time-averaged free share; `potency` = 1/IC50 in L/mg.

    taken (n,): share of the doses that each patient takes. A missed dose is held to leave its interval free, which is
    exact for a drug that is gone within an interval.
    """
    d = potency * profile_.conc
    held = profile_.mean(d / (1.0 + d)) * np.reshape(taken, (-1, 1))  # no drug gives exactly zero
    return held / (1.0 - held)


def covalent_input(profile_: Profile, kinact: float, ki: float, taken: Array | float = 1.0) -> Array:
    """Average inactivation rate (n, intervals), 1/day: kinact C / (KI + C), KI in mg/L, times the share `taken` (n,)."""
    return profile_.mean(kinact * profile_.conc / (ki + profile_.conc)) * np.reshape(taken, (-1, 1))
