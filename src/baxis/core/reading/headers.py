"""Names of columns with their unit: `weight_kg [lb]`, `CL [mL/h]`, `IgG (g/L)`."""

from __future__ import annotations

import re

from baxis.core import units
from baxis.core.errors import InvalidValue

_BRACKETS = re.compile(r"(?P<name>[^\[\]]*?)\s*\[(?P<unit>[^\[\]]*)\]", re.S)
_PARENTHESES = re.compile(r"(?P<name>.*\S)\s*\((?P<unit>[^()]*)\)", re.S)


def split(header: str) -> tuple[str, str | None]:
    """(name, unit) of a header; unit None where none is given. Parentheses count when a unit stands in them."""
    text = " ".join(header.split())
    match = _BRACKETS.fullmatch(text)
    if match:
        return match["name"].strip(), match["unit"].strip()
    match = _PARENTHESES.fullmatch(text)
    if match and is_unit(match["unit"]):
        return match["name"].strip(), match["unit"].strip()
    if "[" in text or "]" in text:
        raise InvalidValue("column", header, "a name, or a name and its unit, as 'C3 [g/L]'")
    return text, None


def is_unit(text: str) -> bool:
    """Whether a text can be read as a unit."""
    try:
        units.parse(text)
    except InvalidValue:
        return False
    return True
