"""The rival: a plain statistical predictor of trial results that a mechanistic model has to beat.

Random-effects meta-regression on drug class and disease, fitted to calibration trials only.
"""

from __future__ import annotations

from typing import Any

from baxis.evidence.rival.predict import Design, Rival, load

__all__ = ["Design", "Rival", "load", "predict"]


def predict(
    disease: str, endpoint: str, week: float, drug_class: str, n_active: int, n_control: int, **more: Any
) -> dict[str, Any]:
    """What the shipped rival predicts for a design; `more`: background, population, year, drug, versus.

    Returns mean, pi50, pi90, draws (1000,), scale, benefit_sign, expected (see `Rival.predict`).
    """
    return load().predict(Design(disease, endpoint, week, drug_class, n_active, n_control, **more))
