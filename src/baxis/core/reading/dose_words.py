"""Words that people use for routes and units of a dose, read as the ones that a design holds."""

from __future__ import annotations

import re
import unicodedata

from baxis.core.errors import InvalidValue

ROUTES = ("po", "iv", "sc")
UNITS = ("mg", "g", "ug", "mg/kg", "mg/m2")
_ROUTE_WORDS = {
    "po": ("oral", "orally", "oral route", "by mouth", "per os", "per oral", "peroral", "tablet", "tablets", "capsule", "capsules"),
    "iv": ("intravenous", "intravenously", "infusion", "iv infusion", "intravenous infusion", "infused", "i v"),
    "sc": ("subcutaneous", "subcutaneously", "subcut", "subq", "sub q", "sq", "s c", "subcutaneous injection", "sc injection"),
}  # fmt: skip
_UNIT_WORDS = {"mg": ("milligram", "milligrams"), "g": ("gram", "grams", "gr", "gm"),
               "ug": ("mcg", "microgram", "micrograms"), "mg/kg": ("mg per kg", "milligram/kg", "mg/kg body weight"),
               "mg/m2": ("mg/m^2", "mg/m**2", "mg/sqm", "mg per m2")}  # fmt: skip
_ROUTE_OF = {bare: route for route, words in _ROUTE_WORDS.items() for bare in words}
_UNIT_OF = {bare: unit for unit, words in _UNIT_WORDS.items() for bare in words}
# what else may stand after an amount, and what it measures
_KINDS = {
    "a volume": ("ml", "l", "ul", "dl"), "an activity": ("iu", "u", "miu", "kiu"), "a count of cells": ("cells", "cells/kg"),
    "a concentration": ("mg/l", "mg/ml", "ug/ml", "ng/ml", "g/l", "mg/dl", "nm", "um", "mm"),
    "an amount of substance": ("mol", "mmol", "umol", "nmol"), "a dose a day: the schedule says how often": ("mg/day", "mg/d", "g/day", "mg/week"),
    "a share": ("%", "percent"), "a time": ("h", "day", "days", "week", "weeks", "min"),
}  # fmt: skip


def route(text: str) -> str:
    """Route of a design (po, iv, sc) that a word means; InvalidValue for any other."""
    said = " ".join(re.sub(r"[._-]", " ", str(text)).casefold().split())
    for word in (said.replace(" ", ""), said):
        if word in ROUTES:
            return word
        if word in _ROUTE_OF:
            return _ROUTE_OF[word]
    raise InvalidValue("route", text, "po (by mouth), iv (intravenous), sc (subcutaneous)")


def unit(text: str) -> str:
    """Unit of a dose that a word means; InvalidValue that says what it measures where it is no dose."""
    plain = unicodedata.normalize("NFKC", str(text)).casefold().replace("μ", "u").replace("µ", "u")
    said = " ".join(plain.split())
    for word in (said.replace(" ", ""), said):
        if word in UNITS:
            return word
        if word in _UNIT_OF:
            return _UNIT_OF[word]
    kind = next((k for k, units in _KINDS.items() if said.replace(" ", "") in units), "")
    raise InvalidValue("dose unit", text, ", ".join(UNITS), f"{text} is {kind}" if kind else "")
