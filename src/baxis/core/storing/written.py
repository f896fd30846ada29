"""Numbers as text: a number that is not zero is never written as zero, and none is cut."""

from __future__ import annotations

import math
import re

UNKNOWN = "-"
MORE = 2  # decimals beyond those asked for that a small number may take before it is written with an exponent


def fixed(value: float | None, digits: int, sign: str = "") -> str:
    """A number with fixed decimals; one too small for them in its first digit ("0.0003", "3e-08"), unknown as a dash.

    sign: "+" to write it before positive numbers.
    """
    if value is None or not math.isfinite(value):
        return UNKNOWN
    text = f"{value:{sign}.{digits}f}"
    if float(text):
        return text
    if not value:
        return f"{0:{sign}.{digits}f}"
    short = f"{value:{sign}.0e}"
    places = -int(short.partition("e")[2])
    return f"{value:{sign}.{places}f}" if places <= digits + MORE else short


def p_value(p: float | None, digits: int = 4) -> str:
    """A probability of chance: below the last decimal it is said to be below it, never 0; unknown as a dash."""
    least = 10.0**-digits
    if p is not None and 0 <= p < least:
        return f"<{least:.{digits}f}"
    return fixed(p, digits)


def share(value: float | None, digits: int = 1) -> str:
    """A share (0 to 1) in per cent; one that is not 0 is never written as 0, one below 1 never as 100."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    text = f"{100 * value:.{digits}f}"
    step = 10.0**-digits
    if value > 0 and not float(text):
        return f"<{step:.{digits}f} %"
    if value < 1 and float(text) == 100:
        return f">{100 - step:.{digits}f} %"
    return f"{text} %"


def none_of(n: int) -> str:
    """What a count of 0 in n says: the count, and the share that it leaves open (95 %, one-sided, exact)."""
    if n < 1:
        return UNKNOWN
    return f"0 of {n} (below {100 * (1 - 0.05 ** (1 / n)):.2g} %)"


# Control characters (all but tab and line end), and marks that turn the direction of text: a file from elsewhere could
# retitle, hide or forge what a terminal shows.
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def visible(text: str) -> str:
    """Text with every control character written out (`\\x1b`), as it may go to a terminal, a page or a figure."""
    return UNSEEN.sub(lambda m: f"\\x{ord(m[0]):02x}" if ord(m[0]) < 256 else f"\\u{ord(m[0]):04x}", text)
