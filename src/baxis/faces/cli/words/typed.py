"""Numbers of options: read whole or not at all (`1_0`, other digits and `1,5` are refused with what to type)."""

from __future__ import annotations

import math
import re
from typing import Any

import typer

from baxis.core.errors import InvalidValue
from baxis.core.reading import numbers


def real(where: str, text: str, allowed: str = "a number") -> float:
    """A number; infinity and NaN too where they are spelled out, for the caller to say what it allows."""
    bare = text.strip().lstrip("+-").casefold()
    if bare in ("inf", "infinity", "nan"):
        return float(text)
    return numbers.number(where, text, allowed)


def number_option(*names: str, help: str) -> Any:
    """A typer option for a real number."""

    def parse(text: str | float) -> float:
        return text if isinstance(text, float) else real(names[0], str(text))

    return typer.Option(*names, help=help, parser=parse, metavar="NUMBER")


def whole_option(*names: str, help: str) -> Any:
    """A typer option for a whole number."""

    def parse(text: str | int) -> int:
        if isinstance(text, int):
            return text
        value = real(names[0], text, "a whole number") if not _broken(text) else math.nan
        if not math.isfinite(value) or value != int(value):
            raise InvalidValue(names[0], text, "a whole number")
        return int(value)

    return typer.Option(*names, help=help, parser=parse, metavar="WHOLE NUMBER")


def _broken(text: str) -> bool:
    """Whether a text is a number with a decimal comma and something behind it: a point instead would not be taken."""
    told = numbers.plain(numbers.with_point(text))
    return told is not None and told != int(told)


def parts(option: str, text: str, form: str, *marks: str) -> list[str]:
    """A text in its parts between the marks, in their order, none of them empty; else what the form is."""
    found, rest = [], text
    for mark in marks:
        part, met, rest = rest.partition(mark)
        if not met:
            raise InvalidValue(option, text, form, f"{mark!r} is missing")
        found.append(part.strip())
    found.append(rest.strip())
    words = re.findall(r"[A-Z]+", form)
    for word, part in zip(words, found, strict=False):
        if not part:
            raise InvalidValue(option, text, form, f"{word} is missing")
    return found


def once(command: Any) -> Any:
    """The command, with every command below it: an option that takes one value is refused when it is given twice."""
    for below in getattr(command, "commands", {}).values():
        once(below)
    if not hasattr(command, "commands"):
        read = command.parse_args

        def parse(context: Any, words: list[str]) -> Any:
            _, _, given = command.make_parser(context).parse_args(list(words))
            for option in given:
                single = option.param_type_name == "option" and not option.multiple and not option.is_flag
                if single and sum(g is option for g in given) > 1:
                    raise InvalidValue(option.opts[0], "more than one value", "one value; leave the others out")
            return read(context, words)

        command.parse_args = parse
    return command
