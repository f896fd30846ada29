"""Clinical scores in a patient's file: which each disease takes, in what unit, and how likely a rating is.

A rating is the instrument's score (with the instrument's own fluctuation and noise) plus the error of a rater in the
clinic (`library/biomarkers/scores.csv`, assumed), rounded where the score has steps and never below its least.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from baxis.clinic.instruments import instrument
from baxis.core import library, units
from baxis.core.errors import InvalidValue, UnknownName
from baxis.core.reading import possible

Array = NDArray[np.float64]
TABLE = "biomarkers/scores"


@dataclass(frozen=True)
class Score:
    """One score of a disease: allowed range and step, error `sd` of a rating (of its logarithm when `log`)."""

    measure: str
    unit: str
    aliases: tuple[str, ...]
    low: float
    high: float
    step: float
    sd: float
    log: bool

    def likelihood(self, seen: float, simulated: Array, sign: str = "") -> Array:
        """Log likelihood of a rating, up to a constant, for instrument scores of any shape.

        sign `<` or `>`: the probability that the rating lies below or above `seen`.
        """
        from scipy.special import log_ndtr

        if sign:
            edge = self.step / 2 if sign == ">" else -self.step / 2  # the last rating that does not count
            z = np.log(seen) - np.log(np.maximum(simulated, 1e-6)) if self.log else seen + edge - simulated
            return np.asarray(log_ndtr(z / self.sd if sign == "<" else -z / self.sd))
        if self.log:
            z = (np.log(seen) - np.log(np.maximum(simulated, 1e-6))) / self.sd
            return -0.5 * z * z
        if not self.step:
            z = (seen - simulated) / self.sd
            return -0.5 * z * z
        above = (seen + 0.5 * self.step - simulated) / self.sd
        if seen <= self.low + 1e-9:
            return np.asarray(log_ndtr(above))
        below = (seen - 0.5 * self.step - simulated) / self.sd
        flip = below > 0  # the upper tail is the lower one mirrored: no difference of two ones
        upper, lower = log_ndtr(np.where(flip, -below, above)), log_ndtr(np.where(flip, -above, below))
        return np.asarray(upper + np.log1p(-np.exp(np.minimum(lower - upper, -1e-12))))

    def rated(self, simulated: Array, normal: Array) -> Array:
        """Ratings of instrument scores, with standard normal errors of the same shape."""
        if self.log:
            return np.asarray(simulated * np.exp(self.sd * normal))
        value = simulated + self.sd * normal
        if not self.step:
            return np.asarray(value)
        return np.maximum(np.round(value / self.step) * self.step, self.low)


def scores(disease: str) -> dict[str, Score]:
    """Scores that a file of this disease may hold, by name."""
    known = instrument(disease).units
    out = {}
    for r in library.read_table(TABLE):
        if r["disease"] == disease:
            low, high, step, sd = (float(r[k]) for k in ("low", "high", "step", "sd"))
            names = tuple(a for a in r["aliases"].split("|") if a)
            score = Score(
                measure=r["measure"],
                unit=known[r["measure"]],
                aliases=names,
                low=low,
                high=high,
                step=step,
                sd=sd,
                log=r["scale"] == "log",
            )
            out[score.measure] = score
    return out


def find(name: str, disease: str) -> Score | None:
    """A score by name or alias, None when the disease has none of that name."""
    for s in scores(disease).values():
        if name.casefold() in {s.measure.casefold(), *(a.casefold() for a in s.aliases)}:
            return s
    return None


def diseases_of(name: str) -> list[str]:
    """Diseases whose files may hold a score of this name (to say so when it stands in another's)."""
    codes = dict.fromkeys(r["disease"] for r in library.read_table(TABLE))
    return [d for d in codes if find(name, d)]


def checked(score: Score, typed: tuple[float, str], where: str, sign: str = "") -> float:
    """A value and unit as the value in the score's own unit. Raises InvalidValue for another unit or an impossible value."""
    value, unit = typed
    factor = 1.0
    if unit.casefold() != score.unit.casefold():
        try:
            factor = units.factor(unit, score.unit)
        except InvalidValue:
            allowed = f"{score.unit}, or a unit that converts to it"
            raise InvalidValue(f"{where}, unit of {score.measure}", unit, allowed) from None
    own = value * factor
    if not score.low <= own <= score.high or (sign == "<" and own <= score.low and not score.log):
        span = f"a possible value, {score.low:g} to {score.high:g} {score.unit}"
        limits = possible.Range(score.measure, score.unit, score.low, score.high)
        raise InvalidValue(where, f"{sign}{value:g} {unit}", span, possible.check_unit(value, unit, limits))
    if score.step and abs(own / score.step - round(own / score.step)) > 1e-6:
        raise InvalidValue(where, f"{value:g}", f"whole steps of {score.step:g}")
    return own


def main(disease: str) -> Score:
    """The score that the disease's courses are told in."""
    row = next(r for r in library.read_table("strategies/targets") if r["disease"] == disease)
    found = find(row["measure"], disease)
    if found is None:
        raise UnknownName(f"score of {disease}", row["measure"], scores(disease))
    return found
