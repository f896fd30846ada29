"""What a check of fields found, in our own words: no sentence of the checking library reaches a user."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SHOWN = 80
_KINDS = {"float": "a number", "int": "a whole number", "string": "text", "bool": "true or false", "tuple": "a list", "list": "a list",
          "dict": "a table of fields", "model": "a table of fields", "model_attributes": "a table of fields", "mapping": "a table of fields",
          "finite_number": "a finite number", "path": "a path", "dataclass": "a table of fields"}  # fmt: skip
_BOUNDS = {"greater_than": "greater than {gt}", "greater_than_equal": "greater than or equal to {ge}", "less_than": "less than {lt}",
           "less_than_equal": "less than or equal to {le}"}  # fmt: skip


def said(fault: Mapping[str, Any]) -> str:
    """One fault without its place: `missing; it is required`, or `got 'abc'; allowed: a number`."""
    kind, context = str(fault["type"]), fault.get("ctx") or {}
    if kind == "missing":
        return "missing; it is required"
    if kind in ("value_error", "assertion_error"):
        text = str(fault["msg"]).removeprefix("Value error, ").removeprefix("Assertion failed, ")
        shown = got(fault.get("input"))
        return f"{text} (got {shown})" if shown and shown not in text and "got " not in text else text
    shown = got(fault.get("input"))
    return (f"got {shown}; " if shown else "") + f"allowed: {_allowed(kind, context)}"


def _allowed(kind: str, context: Mapping[str, Any]) -> str:
    if kind in _BOUNDS:
        return _BOUNDS[kind].format(**{k: _plain(v) for k, v in context.items()})
    if kind in ("literal_error", "enum"):
        return str(context["expected"]).replace("'", "").replace(" or ", ", ")
    if kind in ("too_long", "too_short", "string_too_long", "string_too_short"):
        most = "max_length" in context
        bound = context["max_length" if most else "min_length"]
        what = " characters" if kind.startswith("string") else ""
        return f"{'at most' if most else 'at least'} {bound}{what}"
    if kind == "string_pattern_mismatch":
        return f"a name of the pattern {context['pattern']}"
    for suffix in ("_parsing_size", "_parsing", "_from_float", "_type", "_attributes_type"):
        stem = kind.removesuffix(suffix)
        if stem in _KINDS:
            return _KINDS[stem]
    return _KINDS.get(kind, "another value")


def got(value: Any) -> str:
    """A value as the user typed it, cut where it is long; empty for what is no plain value."""
    if isinstance(value, tuple | list):
        return f"{len(value)} of them"
    if not isinstance(value, str | int | float | bool):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and abs(value) >= 10**SHOWN:
        return "a number of more than 80 digits"
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]} ...'"


def _plain(value: Any) -> Any:
    return f"{value:g}" if isinstance(value, float) else value
