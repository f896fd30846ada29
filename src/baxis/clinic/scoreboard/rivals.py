"""The rivals: no effect, the grand mean, a shrunken class-by-disease mean, and random-effects meta-regression.

All are fitted to calibration trials only, by `baxis.evidence.rival`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from baxis.clinic.scoreboard.prediction import Prediction, Predictor, normal
from baxis.core.errors import BaxisError, Unsupported

if TYPE_CHECKING:
    from baxis.evidence import Evidence
    from baxis.evidence.rival import Rival
    from baxis.evidence.rival.plain import Plain

NO_EFFECT = "no_effect"
META = "meta_regression"


@dataclass(frozen=True)
class PlainRival:
    """One of the plain predictors of `evidence.rival.plain`, with the moments that they share."""

    name: str
    moments: Plain

    def predict(self, row: dict[str, Any]) -> Prediction:
        """Normal prediction from the class, disease, scale and sizes of the row."""
        found = self.moments.predict(self.name, row)
        return normal(found.mean, found.sd)

    def sampling_sd(self, row: dict[str, Any]) -> float:
        """Standard error of a contrast that its design alone gives (sizes, and the endpoint's usual spread)."""
        return float(self.moments.predict(NO_EFFECT, row).sd)


@dataclass(frozen=True)
class MetaRegression:
    """The shipped random-effects meta-regression on drug class and disease."""

    rival: Rival
    trials: dict[str, Any]
    drugs: dict[tuple[str, str], str]
    name: str = META

    def predict(self, row: dict[str, Any]) -> Prediction:
        """Predictive draws for the row's design. BaxisError when the rival has no prediction on the row's scale."""
        from baxis.evidence.meta.classes import drug_class
        from baxis.evidence.rival.score import design_of

        control = drug_class(self.drugs.get((row["trial_id"], row["versus"]), "placebo"))
        found = self.rival.predict(design_of(row, self.trials[row["trial_id"]], control))
        if found["scale"] != row["scale"]:
            raise Unsupported(f"no standard deviation of {row['endpoint']} in the calibration trials")
        return Prediction(float(found["mean"]), found["draws"])


def rivals(evidence: Evidence, leave_out: str = "", refit: Any = None) -> tuple[list[Predictor], str]:
    """Every rival, no effect first, and a sentence when the meta-regression is not shipped ('' when it is).

    The plain rivals learn from the shipped calibration trials, whatever folder is scored. leave_out: a trial to learn
    without; refit: the meta-regression fitted without it.
    """
    from baxis import evidence as ev
    from baxis.evidence import rival
    from baxis.evidence.rival.plain import PREDICTORS, learn

    moments = learn(ev.load(), (leave_out,) if leave_out else ())
    out: list[Predictor] = [PlainRival(name, moments) for name in PREDICTORS]
    try:
        fitted = refit or rival.load()
    except BaxisError as e:
        return out, f"meta-regression not available: {e}"
    trials = {t.trial_id: t for t in evidence.frames["trials"].itertuples()}
    drugs = {(a.trial_id, a.arm_id): a.drug for a in evidence.frames["arms"].itertuples()}
    return [*out, MetaRegression(fitted, trials, drugs)], ""
