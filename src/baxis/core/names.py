"""One way to read a name that a person typed: case, accents, blanks and dashes do not matter, aliases do."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping

from baxis.core.errors import UnknownName, letters


def bare(text: str) -> str:
    """Letters and digits of a text alone, without accents and case: `Sjögren's disease` and `sjogrensdisease` are one."""
    return letters(text)


def known(kind: str, got: str, allowed: Iterable[str], aliases: Mapping[str, str] | None = None, hint: str = "") -> str:
    """The allowed name that `got` means; UnknownName where it means none, or more than one.

    aliases: other spellings -> allowed name; one of them never hides a name itself.
    """
    names = [str(a) for a in allowed]
    text = str(got).strip()
    if text in names:
        return text
    folded = [n for n in names if n.casefold() == text.casefold()]
    if len(folded) == 1:
        return folded[0]
    said = bare(text)
    alike = [n for n in names if said and bare(n) == said]
    found = alike or sorted({n for a, n in (aliases or {}).items() if said and bare(a) == said and n in names})
    if len(found) == 1:
        return found[0]
    raise UnknownName(kind, got, found or names, hint)


def reading(got: str, meant: str) -> str:
    """How a name was read, in words; empty where only case and blanks differ."""
    return "" if bare(got) == bare(meant) else f"read {got!r} as {meant}"


def newer(module: str, old: str, renamed: Mapping[str, str]) -> str:
    """The name that `old` of a Python module bears now; warns where it is another. Old names go on working for one release."""
    if old in renamed:
        text = f"{module}.{old} is now {module}.{renamed[old]}; the old name goes with the next release"
        warnings.warn(text, DeprecationWarning, stacklevel=3)
    return renamed.get(old, old)
