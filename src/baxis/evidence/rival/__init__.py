"""The rival: a plain statistical predictor of trial results that a mechanistic model has to beat.

Random-effects meta-regression on drug class and disease, fitted to calibration trials only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from baxis.evidence.rival.predict import Design, Rival, load

__all__ = ["Design", "Rival", "lines", "load", "plain_data", "predict"]


def predict(
    disease: str, endpoint: str, week: float, drug_class: str, n_active: int, n_control: int, **more: Any
) -> dict[str, Any]:
    """What the shipped rival predicts for a design; `more`: background, population, year, drug, versus.

    Returns mean, pi50, pi90, draws (1000,), scale, benefit_sign, expected (see `Rival.predict`).
    """
    return load().predict(Design(disease, endpoint, week, drug_class, n_active, n_control, **more))


def plain_data(prediction: Mapping[str, Any]) -> dict[str, Any]:
    """A prediction without its draws, as plain numbers; expected rates as mean and 90 % interval."""
    import numpy as np

    out: dict[str, Any] = {}
    for key, value in prediction.items():
        if key == "draws":
            continue
        if isinstance(value, np.ndarray):
            low, high = np.quantile(value, [0.05, 0.95])
            out[key] = {"mean": float(value.mean()), "low": float(low), "high": float(high)}
        else:
            out[key] = list(value) if isinstance(value, tuple) else value
    return out


def lines(plain: Mapping[str, Any]) -> Iterator[str]:
    """The prediction in lines of text."""
    better = "more is better" if plain["benefit_sign"] > 0 else "less is better"
    yield f"{plain['scale'].replace('_', ' ')} (active minus control, {better}): {plain['mean']:+.3f}"
    for key, text in (("pi50", "50 %"), ("pi90", "90 %")):
        low, high = plain[key]
        yield f"  a trial of this size would report, {text}: {low:+.3f} to {high:+.3f}"
    for key, text in (("expected", "true difference"), ("control", "control rate"), ("active", "active rate")):
        if key in plain:
            e = plain[key]
            yield f"  {text}: {e['mean']:.3f} (90 % {e['low']:.3f} to {e['high']:.3f})"
