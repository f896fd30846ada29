"""A look over SBML text before libsbml parses it: depth, numbers read whole or not at all, operators' arguments.

libsbml takes the `1` of `1,5`, the `16` of `0x10`, drops surplus arguments, and ends the process where elements nest too
deeply: all of them silent or without a message.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from xml.parsers import expat

from baxis.core.errors import Faults
from baxis.engine.formula.arity import refuse_count

DEEPEST = 3000  # elements within elements
MOST_FAULTS = 50

_INTEGER = re.compile(r"\s*[+-]?[0-9]+\s*\Z")
_REAL = re.compile(r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*\Z")
_ATTRIBUTE = re.compile(r"\s*([+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|[+-]?inf|[+-]?infinity|nan)\s*\Z", re.I)
_NUMERIC = {
    "parameter": ("value",),
    "localParameter": ("value",),
    "compartment": ("size", "volume", "spatialDimensions"),
    "species": ("initialAmount", "initialConcentration"),
    "speciesReference": ("stoichiometry", "denominator"),
    "unit": ("exponent", "scale", "multiplier", "offset"),
}
_HOLDERS = {"piece": 2, "otherwise": 1, "bvar": 1}
_QUALIFIERS = ("logbase", "degree", "bvar")
_CSYMBOLS = ("delay", "rateOf")


@dataclass
class _Element:
    """An element of a formula: its name, the operator of an apply, and its arguments so far."""

    name: str
    operator: str = ""
    count: int = 0


class _Scan:
    """Handlers of one pass. Annotations and notes are only counted in depth."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler, self.parser.EndElementHandler = self._start, self._end
        self.parser.buffer_text = True
        self.depth, self.skipped_from = 0, 0
        self.formula: list[_Element] = []
        self.number: list[str] = []
        self.kind: dict[str, str] = {}
        self.faults: list[str] = []

    def fault(self, sentence: str) -> None:
        self.faults.append(f"line {self.parser.CurrentLineNumber}: {sentence}")
        if len(self.faults) >= MOST_FAULTS:
            raise Faults("SBML", self.faults)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            self.faults = []
            self.fault(
                f"elements nest more than {DEEPEST} deep; allowed: {DEEPEST}; split formulas by assignment rules"
            )
            raise Faults("SBML", self.faults)
        if self.skipped_from:
            return
        local = name.rpartition(":")[2]
        if self.formula or local == "math":
            self._in_formula(local, attributes)
        elif local in ("annotation", "notes", "message"):
            self.skipped_from = self.depth
        elif local in _NUMERIC:
            for key in _NUMERIC[local]:
                if key in attributes and not _ATTRIBUTE.match(attributes[key]):
                    owner = attributes.get("id") or attributes.get("species") or local
                    self.fault(f"{key} of {owner!r} is {attributes[key]!r}; allowed: a number such as 1.5 or 2e-3")

    def _in_formula(self, local: str, attributes: dict[str, str]) -> None:
        holder = self.formula[-1] if self.formula else None
        if holder is not None:
            if holder.name == "cn":
                if local == "sep":
                    self.number.append("")
                else:
                    self.fault(f"a number (<cn>) holds the element <{local}>; allowed: its digits alone")
            elif holder.name in ("ci", "csymbol"):
                self.fault(f"a name (<{holder.name}>) holds the element <{local}>; allowed: the name alone")
            elif holder.name == "apply" and not holder.operator:
                url = attributes.get("definitionURL", "").rpartition("/")[2]
                holder.operator = url if local == "csymbol" and url in _CSYMBOLS else local
            elif local not in _QUALIFIERS:
                holder.count += 1
                if holder.name == "bvar" and local != "ci":  # libsbml ends the process over it
                    self.fault(
                        f"an argument of a function (<bvar>) holds the element <{local}>; allowed: a name (<ci>)"
                    )
        self.formula.append(_Element(local))
        if local in ("cn", "ci"):
            self.number, self.kind = [""], attributes
            self.parser.CharacterDataHandler = self._digits

    def _digits(self, text: str) -> None:
        self.number[-1] += text

    def _end(self, name: str) -> None:
        self.depth -= 1
        if self.skipped_from:
            if self.depth < self.skipped_from:
                self.skipped_from = 0
            return
        if not self.formula:
            return
        element = self.formula.pop()
        if element.name == "cn":
            self.parser.CharacterDataHandler = None
            self._judge_number()
        elif element.name == "ci":
            self.parser.CharacterDataHandler = None
            if not "".join(self.number).strip():
                self.fault("a name (<ci>) is empty; allowed: the id of a quantity or a function")
        elif element.name == "apply":
            if not element.operator:
                self.fault("<apply> without an operator")
            elif sentence := refuse_count(element.operator, element.count):
                self.fault(sentence)
        elif element.name in _HOLDERS and element.count != _HOLDERS[element.name]:
            self.fault(f"<{element.name}> holds {element.count} formulas; allowed: {_HOLDERS[element.name]}")

    def _judge_number(self) -> None:
        parts, kind = self.number, self.kind.get("type", "real").strip()
        forms: dict[str, tuple[re.Pattern[str], ...]] = {
            "real": (_REAL,),
            "integer": (_INTEGER,),
            "rational": (_INTEGER, _INTEGER),
            "e-notation": (_REAL, _INTEGER),
        }
        shown = "<sep/>".join(p.strip() for p in parts)
        if kind not in forms:
            self.fault(f"the number {shown!r} is of type {kind!r}; allowed: {', '.join(forms)}")
        elif self.kind.get("base", "10").strip() != "10":
            self.fault(f"the number {shown!r} is in base {self.kind['base']}; allowed: base 10")
        elif len(parts) != len(forms[kind]) or not all(f.match(p) for f, p in zip(forms[kind], parts, strict=True)):
            what = {
                "real": "a number such as 1.5 or 2e-3",
                "integer": "a whole number",
                "rational": "two whole numbers, numerator<sep/>denominator",
                "e-notation": "a number and a whole exponent, 1.5<sep/>-3",
            }[kind]
            self.fault(f"the number {shown!r} cannot be read whole; allowed: {what} (type {kind!r})")


def scan(text: str) -> None:
    """Raises Faults (one sentence each, with its line) for what libsbml would misread, or die of."""
    looker: Any = _Scan()
    try:
        looker.parser.Parse(text.encode("utf-8", "surrogatepass"), True)
    except expat.ExpatError as problem:
        reason = expat.errors.messages.get(problem.code, "an error")
        where = f"line {problem.lineno}, column {problem.offset + 1}"
        raise Faults("SBML", [f"{where}: this is not well-formed XML ({reason})"]) from None
    if looker.faults:
        raise Faults("SBML", looker.faults)
