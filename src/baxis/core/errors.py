"""One error shape for the whole library: what was got, what is allowed, the nearest match, what to do."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Sequence


class BaxisError(Exception):
    """Base of every error that baxis raises on purpose; its text is one line fit to show a user."""


class BaxisWarning(UserWarning):
    """What baxis tells beside a result: one line fit to show a user."""


class UnknownName(BaxisError):
    """A name that the library, a model or a table does not have."""

    def __init__(self, kind: str, got: object, allowed: Iterable[str], hint: str = "") -> None:
        names = sorted(str(a) for a in allowed)
        self.kind, self.got, self.allowed = kind, str(got), names
        super().__init__(unknown_text(kind, str(got), names, hint))


class InvalidValue(BaxisError):
    """A value of the wrong kind, unit or size. `where` names the item (file, row, field)."""

    def __init__(self, where: str, got: object, allowed: str, hint: str = "") -> None:
        self.where, self.got, self.allowed, self.hint = where, got, allowed, hint
        super().__init__(f"{where}: got {_python(got)!r}; allowed: {allowed}" + (f"; {hint}" if hint else ""))


def _python(got: object) -> object:
    """A value as Python writes it: numpy's numbers, alone or in a list, would read `np.float64(1.0)`."""
    if isinstance(got, list | tuple | set | frozenset):
        return type(got)(_python(v) for v in got) if not hasattr(got, "_fields") else got
    if isinstance(got, dict):
        return {_python(k): _python(v) for k, v in got.items()}
    return got.tolist() if hasattr(got, "tolist") and hasattr(got, "dtype") else got


class Unsupported(BaxisError):
    """Input that is understood and refused: it is named, never ignored."""


class Stopped(BaxisError):
    """Stopped by the user in work that keeps what is finished; the text says where it is."""


MOST_FAULTS = 20  # that are shown
LEAST_BEGINNING = 4  # letters from which on a name that begins with them is the nearest


class Faults(BaxisError):
    """Several faults found in one pass over the input, each a full sentence."""

    def __init__(self, where: str, faults: Sequence[str], hint: str = "") -> None:
        self.where, self.faults, self.hint = where, list(faults), hint
        more = len(self.faults) - MOST_FAULTS
        self._head = f"{where}: {len(self.faults)} fault{'s' if len(self.faults) != 1 else ''}:"
        self._shown = [
            *self.faults[:MOST_FAULTS],
            *([f"and {more} more"] if more > 0 else []),
            *([hint] if hint else []),
        ]
        alone = len(self.faults) == 1
        begin = "" if alone and self.faults[0].startswith(where) else f"{where}: " if alone else f"{self._head} "
        super().__init__(begin + "; ".join(self._shown))

    def lines(self) -> list[str]:
        """A line for each fault under one that counts them; a single fault is one line."""
        if len(self.faults) == 1:
            return [str(self)]
        return [self._head, *(f"  {line}" for line in self._shown)]


def letters(text: str) -> str:
    """Letters and digits of a text alone, without accents and case."""
    plain = unicodedata.normalize("NFKD", str(text)).casefold()
    return "".join(c for c in plain if c.isalnum())


def nearest(got: str, allowed: Iterable[str]) -> str | None:
    """Closest allowed name, case-insensitive, or None when nothing is close.

    A name of the same letters comes first (dashes and blanks aside), then the shortest that begins with them.
    """
    by_fold = {str(a).casefold(): str(a) for a in allowed}
    said, bare = letters(got), {letters(a): a for a in by_fold.values()}
    longer = sorted((b for b in bare if len(said) >= LEAST_BEGINNING and b.startswith(said)), key=len)
    if longer:
        return bare[longer[0]]
    hit = difflib.get_close_matches(str(got).casefold(), by_fold, n=1, cutoff=0.55)
    return by_fold[hit[0]] if hit else None


def unknown_text(kind: str, got: str, names: Sequence[str], hint: str = "") -> str:
    """Sentence for an unknown name: nearest match first, then up to twelve allowed names."""
    near = nearest(got, names)
    text = f"unknown {kind} {got!r}"
    text += f"; did you mean {near!r}?" if near else ""
    listed = ", ".join(names[:12]) + (f", ... ({len(names)} in all)" if len(names) > 12 else "")
    text += f"; allowed: {listed}" if names else "; none are available"
    return text + (f"; {hint}" if hint else "")
