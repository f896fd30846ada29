"""Names of diseases: code, name, identifier and what people call them, read as the library's code."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from baxis.core import library, names
from baxis.core.errors import BaxisError


def code(text: str, allowed: Iterable[str] | None = None, kind: str = "disease") -> str:
    """Code of a disease by code, name, MONDO identifier or alias, in any case; UnknownName with the nearest.

    allowed: the codes that will do (default: every disease of the library).
    """
    codes = list(library.names("diseases") if allowed is None else allowed)
    return names.known(kind, text, codes, _aliases(library.roots()))


@lru_cache(maxsize=8)
def _aliases(roots: tuple[Path, ...]) -> dict[str, str]:
    """Other names of each disease -> code, from its own file and the evidence's table."""
    out: dict[str, str] = {}
    for file in library.names("diseases"):
        try:
            raw = library.read_toml("diseases", file)
        except BaxisError:  # told when that disease is asked for
            continue
        out |= {str(alias): file for alias in (raw.get("name", file), *raw.get("aliases", ()))}
    for row in library.read_table("evidence/diseases"):
        out |= {row[k]: row["disease"] for k in ("name", "mondo") if row[k]}
    return out
