"""Units: one registry, checking and conversion at the border. Inner loops run on bare floats."""

from __future__ import annotations

import hashlib
import math
import re
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from baxis.core.errors import InvalidValue
from baxis.core.storing import store

_DEFINITIONS = (
    "cell = [cell_count] = cells",
    "international_unit = [biological_activity] = IU",
    "score_point = [score] = score_points",
    "percent_ = 0.01 = pct",
    "x_healthy = []",
    "arbitrary_unit = [arbitrary] = AU",
)

# Counts as laboratories write them: 10^9/L and 10^3/uL are one a nanolitre.
_COUNTS = re.compile(
    r"[x×*]?\s*(?:10\s*[\^*]{1,2}\s*|10[eE]|1[eE]|10(?=[⁹⁶³]))([369⁹⁶³])\s*(?:cells?)?\s*/\s*(L|uL|mm3|mm\^3)"
)
_PER = {("9", "L"): "cell/nL", ("6", "L"): "cell/uL", ("3", "uL"): "cell/nL", ("3", "mm3"): "cell/nL"}


_GRAMS = {"g": 1.0, "mg": 1e-3, "ug": 1e-6, "ng": 1e-9}


@lru_cache(maxsize=1)
def registry() -> Any:
    """The pint registry (built on first use: that and the import of pint take a second)."""
    import pint

    ureg: Any = pint.UnitRegistry(autoconvert_offset_to_baseunit=True, cache_folder=None)
    ureg.define("body_surface_area = 1 * meter ** 2")
    for line in _DEFINITIONS:
        ureg.define(line)
    return ureg


def normal_form(unit: str) -> str:
    """The unit as pint reads it: `1`, `x healthy`, `%`, `cells/uL`, `mg/m2` and the like are accepted."""
    text = unit.strip()
    if text in {"", "1", "-", "fraction", "dimensionless", "x healthy"}:
        return "dimensionless"
    if text.casefold() in {"point", "points", "pt", "pts"}:  # pint's own point is a printer's, a length
        return "score_point"
    text = text.replace("%", "percent").replace("µ", "u").replace("μ", "u")
    count = _COUNTS.fullmatch(text)
    if count:
        key = count[1].translate(str.maketrans("⁹⁶³", "963")), count[2].replace("^", "")
        return _PER.get(key, text)
    if text.casefold() in {"/ul", "/mm3", "/mm^3", "/ml", "/l"}:
        text = "cell" + text
    text = re.sub(r"\bmm\^?3\b", "uL", re.sub(r"\bmcg\b", "ug", text))
    return text.replace("m2", "m**2") if text.endswith("/m2") else text


@lru_cache(maxsize=1024)
def parse(unit: str) -> Any:
    """Pint unit of a text. Raises InvalidValue for an unknown unit."""
    try:
        if set(unit) & set(";,!?&|="):  # pint passes over some of them
            raise ValueError(unit)
        return registry().parse_units(normal_form(unit))
    except Exception:  # pint raises several unrelated types, tokenizer errors among them
        raise InvalidValue("unit", unit, "a unit such as mg, mg/kg, ng/mL, 1/day, L/day, cells/uL, IU/mL, 1") from None


@lru_cache(maxsize=1024)
def factor(source: str, target: str) -> float:
    """Number that turns a value in `source` into one in `target`; InvalidValue when the dimensions differ."""
    if source in _GRAMS and target in _GRAMS:  # most doses; pint takes half a second to import
        return _GRAMS[source] / _GRAMS[target]
    name = _kept(source, target)
    number = (store.load_record(name) or {}).get("factor")
    if not isinstance(number, float) or not math.isfinite(number):
        number = _converted(source, target)
        store.store_record(name, {"factor": number})
    return number


def _converted(source: str, target: str) -> float:
    a, b = parse(source), parse(target)
    if a.dimensionality != b.dimensionality:
        raise InvalidValue("unit", source, f"a unit of the dimension of {target!r}")
    return float(registry().Quantity(1.0, a).to(b).magnitude)


def _kept(source: str, target: str) -> str:
    """Name of a factor in the cache: by all that it depends on, so that most starts need no registry."""
    return hashlib.sha256(repr((_made_of(), source, target)).encode()).hexdigest()


@lru_cache(maxsize=1)
def _made_of() -> tuple[str, str]:
    return version("pint"), hashlib.sha256(Path(__file__).read_bytes()).hexdigest()


def factor_at(where: str, source: str, target: str) -> float:
    """`factor` for a unit that a user wrote; InvalidValue names the place (a column, a field) that holds it."""
    try:
        return factor(source, target)
    except InvalidValue as e:
        raise InvalidValue(where, e.got, e.allowed) from None


def convert(value: float, source: str, target: str) -> float:
    """`value` in `source` expressed in `target` (multiplicative units only)."""
    return value * factor(source, target)
