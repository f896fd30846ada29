"""What an address or a form asks for: names as people write them, and what no field of the page can hold."""

from __future__ import annotations

import html as text_html
import math
import re
from collections.abc import Iterable, Mapping

from baxis import axis
from baxis.core import names
from baxis.core.errors import BaxisError, Faults, UnknownName, nearest
from baxis.core.reading import disease_names

DRUG_FIELDS = re.compile(r"drug|first|second|[ab]\d_drug")
SHOWN = 80


def read(query: Mapping[str, str]) -> dict[str, str]:
    """The address with diseases and drugs in the library's spelling; what is not known stays as it is."""
    out = {k: v[:2000] for k, v in query.items()}
    for name, value in out.items():
        try:
            if name == "disease" and value:
                out[name] = disease_names.code(value)
            elif DRUG_FIELDS.fullmatch(name) and (file := axis.drug_file(value)):
                out[name] = str(axis.drug_sheet(file).get("inn", file))
        except BaxisError:
            continue
    return out


def chosen(value: str, options: Mapping[str, str]) -> str:
    """The option that a value means, by its value or its words; the value itself where it means none."""
    if value in options:
        return value
    try:
        return names.known("choice", value, options, {text: v for v, text in options.items()})
    except UnknownName:
        return value


def strange(query: Mapping[str, str], form: str) -> list[str]:
    """One sentence for each part of an address that the page's form (as HTML) has no field for, or cannot show."""
    fields = set(re.findall(r'\bname="([^"]+)"', form))
    out = []
    for name in query:
        if name not in fields:
            near = nearest(name, fields)
            hint = f" Did you mean {near!r}?" if near else ""
            out.append(
                f"The address names {cut(name)!r}, which this page does not have: it changes nothing here.{hint}"
            )
    for tag in re.findall(r"<input\b[^>]*\btype=\"range\"[^>]*>", form):
        at = {k: text_html.unescape(v) for k, v in re.findall(r'([\w-]+)="([^"]*)"', tag)}
        value = query.get(at.get("name", ""))
        if value is not None and not _between(value, at["min"], at["max"]):
            out.append(
                f"The address asks for {at['name']} {cut(value)!r}; allowed: {at['min']} to {at['max']}. Another value is shown."
            )
    return out


def _between(text: str, low: str, high: str) -> bool:
    number = decimal(text)
    return number is not None and float(low) <= number <= float(high)


def cut(text: str) -> str:
    """A text that is not too long to show."""
    return text if len(text) <= SHOWN else f"{text[:SHOWN]} ..."


def whole(text: str, digits: int = 9) -> int | None:
    """A whole number in plain digits; None for any other text."""
    return int(text) if re.fullmatch(rf"[0-9]{{1,{digits}}}", text.strip()) else None


def decimal(text: str) -> float | None:
    """A number in plain digits, with a point or a comma; None for any other text (`1_000`, `٥`), and beyond all numbers."""
    plain = text.strip().replace(",", ".")
    if not re.fullmatch(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,2})?", plain):
        return None
    return float(plain) if math.isfinite(float(plain)) else None


def told(error: BaxisError) -> str:
    """An error in the words of a page: several faults a line each, without the spaces of a terminal."""
    return "\n".join(line.strip() for line in error.lines()) if isinstance(error, Faults) else str(error)


def place(error: BaxisError, fields: Iterable[str], other: str) -> str:
    """The field that an error is about: the one that its unknown name is of (`disease`, `drug`), else `other`."""
    kind = error.kind.split()[0] if isinstance(error, UnknownName) else ""
    return kind if kind in set(fields) else other
