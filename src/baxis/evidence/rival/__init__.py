"""The rival: a plain statistical predictor of trial results that a mechanistic model has to beat.

Random-effects meta-regression on drug class and disease, fitted to calibration trials only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from baxis.core import library
from baxis.core.errors import InvalidValue, UnknownName
from baxis.evidence.rival.data import classes_of, features
from baxis.evidence.rival.predict import Rival, TwoArms, load

__all__ = ["Rival", "TwoArms", "lines", "load", "plain_data", "predict", "recognised"]


def predict(
    disease: str, endpoint: str, week: float, drug_class: str, n_active: int, n_control: int, **more: Any
) -> dict[str, Any]:
    """What the shipped rival predicts for a design; `more`: background, population, year, drug, versus. Raises UnknownName for a class or drug that no
    table holds.

    Returns mean, pi50, pi90, draws (1000,), scale, benefit_sign, expected (see `Rival.predict`).
    """
    if "placebo" in drug_class.casefold().split("+"):
        raise InvalidValue(
            "drug class", drug_class, "the class of a drug", "placebo is the control unless versus says another"
        )
    rows = library.read_table("evidence/agents")
    classes = {"placebo"} | {c for r in rows for name in (r["class"], *classes_of(r["class"])) for c in name.split("+")}
    more["versus"] = _classes(more.get("versus", "placebo"), classes)
    if more.get("drug"):
        more["drug"] = _same("drug", more["drug"], {r["agent"] for r in rows})
    design = TwoArms(disease, endpoint, week, _classes(drug_class, classes), n_active, n_control, **more)
    _refuse_another_class(design, rows)
    return load().predict(design)


def recognised(population: str, background: str) -> list[str]:
    """What the rival reads off a trial's words (see `data.features`); empty where they change nothing."""
    found = features(population, background, float("nan"))
    return [name.replace("_", " ") for name, value in found.items() if value]


def _refuse_another_class(design: TwoArms, rows: Sequence[Mapping[str, str]]) -> None:
    """Raises InvalidValue for a drug of which no table says that it is of the class asked for."""
    own = {c for r in rows if r["agent"] == design.drug for c in classes_of(r["class"])}
    if own and not own & set(classes_of(design.drug_class)):
        raise InvalidValue(
            "drug", f"{design.drug}, of the class {', '.join(sorted(own))}", f"one of {design.drug_class}"
        )


def _classes(text: str, allowed: set[str]) -> str:
    """Classes joined by '+', each by its name. Raises UnknownName: a class nobody knows would be drawn from all of them."""
    return "+".join(_same("drug class", part.strip(), allowed) for part in text.split("+"))


def _same(kind: str, text: str, allowed: set[str]) -> str:
    """The allowed name that differs from the text in case only."""
    found = [n for n in allowed if n.casefold() == text.casefold()]
    if not found:
        raise UnknownName(kind, text, allowed)
    return text if text in found else min(found)


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
