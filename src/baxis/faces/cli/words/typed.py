"""Numbers of options: read whole or not at all (`1_0`, other digits and `1,5` are refused with what to type)."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any, get_args, get_type_hints

from typer.models import OptionInfo

from baxis.core.errors import InvalidValue
from baxis.core.reading import numbers

LARGEST, SHOWN = 10**18, 40


def real(where: str, text: str, allowed: str = "a number") -> float:
    """A number; infinity and NaN too where they are spelled out, for the caller to say what it allows."""
    bare = text.strip().lstrip("+-").casefold()
    if bare in ("inf", "infinity", "nan"):
        return float(text)
    return numbers.number(where, text, allowed)


def numbers_read(command: Any) -> Any:
    """The command, with every option for a number read by `real` and `whole`, whatever its author forgot."""
    hints = get_type_hints(command, include_extras=True)
    for name, hint in hints.items():
        kinds = {getattr(hint, "__origin__", None), *get_args(getattr(hint, "__origin__", None))}
        for info in getattr(hint, "__metadata__", ()):
            if isinstance(info, OptionInfo) and info.parser is None and kinds & {int, float}:
                said = [str(n) for n in (info.default, *(info.param_decls or ())) if str(n).startswith("-")]
                option = said[0] if said else "--" + name.replace("_", "-")
                info.parser = _reader(option, float in kinds, (info.min, info.max))
                info.metavar = info.metavar or ("NUMBER" if float in kinds else "WHOLE NUMBER")
    command.__annotations__ = hints  # as values: read from their text again they would be other objects
    return command


def _reader(option: str, broken: bool, ends: tuple[float | None, float | None]) -> Callable[[Any], float]:
    """Reader of an option's text; a default that is a number already passes. broken: whether 2.5 is taken too."""
    least, most = ends
    sides = [f"{word} {end:.15g}" for word, end in (("at least", least), ("at most", most)) if end is not None]
    allowed = f"a {'' if broken else 'whole '}number of {' and '.join(sides)}"

    def parse(text: Any) -> float:
        value = text if isinstance(text, int | float) else (real if broken else whole)(option, str(text))
        if (least is not None and not value >= least) or (most is not None and not value <= most):
            raise InvalidValue(option, value, allowed)
        return value

    return parse


def whole(where: str, text: str, allowed: str = "a whole number") -> int:
    """A whole number of at most 18 digits, `1e3` and `20.0` among them."""
    bare = text.strip()
    digits = re.fullmatch(r"[+-]?\d+", bare, re.ASCII)
    value = math.nan if _broken(bare) else real(where, bare, allowed)
    if not math.isfinite(value) or value != int(value):
        raise InvalidValue(where, text, allowed)
    if abs(value) >= LARGEST:
        raise InvalidValue(
            where, text if len(text) <= SHOWN else f"{len(text)} digits", f"{allowed} of at most 18 digits"
        )
    return int(bare) if digits else int(value)


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
