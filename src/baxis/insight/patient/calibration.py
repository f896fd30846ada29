"""Simulation-based calibration of the posterior (Talts 2018, arXiv:1804.06788): do intervals hold what they say?

Virtual patients outside the prior's draw get a file as a clinic would write it: noisy laboratory values and ratings at
several visits, after the same past treatment. The rank of the truth in its own posterior must be uniform, for states
that the file does not hold and for a parameter. That proves the inference, not the model.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from baxis import axis
from baxis.clinic.conduct.settings import Settings
from baxis.clinic.instruments import CODES
from baxis.clinic.people.labs import levels, noise
from baxis.core import streams
from baxis.insight.patient.infer import infer
from baxis.insight.patient.inference.posterior import MOST, Likelihood, Posterior
from baxis.insight.patient.inference.prior import APART, Made, Pool
from baxis.insight.patient.visits import Given, Measurements, Rating

Array = NDArray[np.float64]
FIRST, EACH = 10_000_000, 1_000_000  # stream numbers of true patients, outside every prior that is drawn: each
# disease's own, for the same numbers in two diseases would be one experiment told twice


@dataclass(frozen=True)
class Protocol:
    """What is written of each true patient: laboratory measures (model names) and scores at days, past treatments.

    detection: measures and the multiple of health below which only that is written, as `<`.
    """

    disease: str
    labs: tuple[str, ...]
    scores: tuple[str, ...]
    days: tuple[float, ...]
    given: tuple[Given, ...] = ()
    detection: tuple[tuple[str, float], ...] = ()

    def empty(self) -> Measurements:
        """A file of these visits and treatments whose values are yet to be filled."""
        names = tuple(n for n in self.labs for _ in self.days)
        days = tuple(d for _ in self.labs for d in self.days)
        ratings = tuple(Rating(s, 1.0, d) for s in self.scores for d in self.days)
        return Measurements(names, np.ones(len(names)), days, ratings, self.given)


def usual(disease: str) -> Protocol:
    """The protocol that the shipped calibration uses: three laboratory measures, the main score, two visits, and
    rituximab 200 days before with 10 mg of prednisone a day."""
    from baxis.insight.patient.scores import main

    past = (Given(-200.0, "prednisone", 10.0, "mg/day"), Given(-200.0, "rituximab", 1000.0, "mg", "iv", "days 1,15"))
    return Protocol(disease, ("igg", "c3", "bcount"), (main(disease).measure,), (-84.0, 0.0), past)


def below(disease: str) -> Protocol:
    """The usual protocol at a coarse laboratory, which finds IgG from 0.8 and CD19 from 0.1 of health on: of the true
    patients most have a value that is a limit."""
    return replace(usual(disease), detection=(("igg", 0.8), ("bcount", 0.1)))


def numbers(disease: str, patients: int, after: int = 0) -> NDArray[np.int64]:
    """Stream numbers (patients,) of a disease's true patients from the one numbered `after` on."""
    return np.arange(after, after + patients) + FIRST + EACH * CODES.index(disease)


def ranks(protocol: Protocol, patients: int, settings: Settings, most: int = MOST, after: int = 0) -> pd.DataFrame:
    """One row a true patient, those numbered from `after` on: rank (0 to 1) of each quantity in its posterior, effective
    sample, whether refined, laboratory values that were limits.

    Quantities: states that the file does not hold (infl, plasmablast, ifn) at the last visit, and a parameter (the first
    that varies in the disease).
    """
    made = Made(protocol.empty(), protocol.disease, settings)
    like = Likelihood(protocol.empty(), made)
    truth = made.pool(numbers(protocol.disease, patients, after))
    rows = []
    for i, number in enumerate(truth.people.ids - numbers(protocol.disease, 1)[0]):
        visits = written(protocol, like, truth, i)
        found = infer(visits, protocol.disease, replace(settings, progress=None), most)
        rows.append(
            {"patient": number}
            | _ranked(found, truth, i)
            | {"effective": found.ess, "refined": bool(found.moves), "below": visits.signs.count("<")}
        )
        if settings.progress:
            settings.progress(i + 1, len(truth.people.ids))
    return pd.DataFrame(rows)


def written(protocol: Protocol, like: Likelihood, truth: Pool, i: int) -> Measurements:
    """The file of true patient i, with the own levels of the person and the noise of laboratory and raters."""
    seed, own = truth.people.seed, truth.people.ids[i]
    empty = protocol.empty()
    columns = {d: int(np.searchsorted(like.times, d)) for d in protocol.days}
    values = []
    person = {k: float(v[0]) for k, v in levels(seed, np.array([own])).items()}
    for k, (name, day) in enumerate(zip(empty.names, empty.days, strict=True)):
        z = streams.normal(seed, f"calibration value {k}", [own])[0, 0]
        factor = np.exp(noise(name) * z + person[name])
        values.append(truth.seen.outputs[name][i, columns[day]] * factor)
    shown = like.made.observe(truth, np.array([i]), np.array([own + 7 * APART]))
    ratings = []
    for k, r in enumerate(empty.ratings):
        z = streams.normal(seed, f"calibration rating {k}", [own])[:, 0]
        value = like.scores[r.measure].rated(shown[r.measure][:1, columns[r.day]], z)[0]
        ratings.append(Rating(r.measure, float(value), r.day))
    least = np.array([dict(protocol.detection).get(name, 0.0) for name in empty.names])
    signs = tuple("<" if v < low else "" for v, low in zip(values, least, strict=True))
    return Measurements(empty.names, np.maximum(values, least), empty.days, tuple(ratings), empty.given, signs=signs)


def _ranked(found: Posterior, truth: Pool, i: int) -> dict[str, float]:
    out = {}
    for name in ("infl", "plasmablast", "ifn"):
        x, own = found.seen.outputs[name][found.who, -1], truth.seen.outputs[name][i, -1]
        out[name] = _rank(x, own, found.weights)
    varies = next(iter(axis.spreads(found.design.disease)))
    column = axis.index(varies)[0]
    x, own = found.people.parameters[found.who, column], truth.people.parameters[i, column]
    u = streams.uniform(truth.people.seed, f"calibration tie {varies}", [truth.people.ids[i]])[0, 0]
    return out | {"parameter": _rank(x, own, found.weights, u)}


def _rank(x: Array, own: float, weights: Array, u: float = 0.5) -> float:
    """Weighted rank, ties broken by u."""
    return float(weights[x < own].sum() + u * weights[x == own].sum())


def uniform(ranks_: Array, bins: int = 5) -> dict[str, float]:
    """Tests of uniformity: p of Kolmogorov and Smirnov, p of chi-square over bins, share in the middle 50 and 90 %."""
    from scipy import stats

    counts = np.histogram(ranks_, bins=bins, range=(0, 1))[0]
    return {
        "n": float(ranks_.size),
        "ks": float(stats.kstest(ranks_, "uniform").pvalue),
        "chi2": float(stats.chisquare(counts).pvalue),
        "in 50 %": float(np.mean(np.abs(ranks_ - 0.5) <= 0.25)),
        "in 90 %": float(np.mean(np.abs(ranks_ - 0.5) <= 0.45)),
    }
