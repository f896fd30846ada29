"""The one loader of `library/`: data files reached by kind and name, with user folders laid over the shipped ones."""

from __future__ import annotations

import csv
import hashlib
import re
import tomllib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from baxis.core.errors import InvalidValue, UnknownName
from baxis.core.storing.text_files import utf8

MOST_BYTES, MOST_DEEP = 1_000_000, 32
# a dotted key of too many parts (tomllib is quadratic there), looked for outside strings and from the start of a word
_DEEP = re.compile(rf"(?<![\w-])(?:[\w-]++[ \t]*+\.[ \t]*+){{{MOST_DEEP},}}")
_STRINGS = (
    re.compile(  # comments too; one that is not closed goes on to its end, so that each character is looked at once
        r"""\"{3}(?:\\.|[^\\"]|"{1,2}(?!"))*+(?:\"{3})?|'{3}(?:[^']|'{1,2}(?!'))*+(?:'{3})?"""
        r"""|"(?:\\.|[^"\\\n])*+"?|'[^'\n]*+'?|\#[^\n]*+""",
        re.DOTALL,
    )
)
SHIPPED = Path(__file__).resolve().parent.parent / "library"
_overlays: list[Path] = []
_listeners: list[Callable[[], None]] = []


def overlay(folder: str | Path) -> None:
    """Lay a user's folder (same layout as `library/`) over the shipped data; later folders win. Clears caches."""
    path = Path(folder)
    if not path.is_dir():
        raise InvalidValue(
            "--library", str(folder), "a folder laid out like the shipped library (drugs/, diseases/, ...)"
        )
    held = {p.name: f"{p.name}/" if p.is_dir() else p.name for p in SHIPPED.iterdir() if p.name[0] not in "_."}
    if not any((path / name).exists() for name in held):
        inside = f"give the folder above {path.name}/" if path.name in held else "nothing in it would be read"
        allowed = f"a folder that holds at least one of {', '.join(v for v in sorted(held.values()) if v[-1] == '/')}"
        raise InvalidValue("--library", str(folder), allowed, inside)
    _overlays.append(path.resolve())
    clear()


def roots() -> tuple[Path, ...]:
    """Folders searched, first hit wins: user overlays (latest first), then the shipped library."""
    return (*reversed(_overlays), SHIPPED)


def on_change(forget: Callable[[], None]) -> None:
    """Register what must be forgotten when the overlays change (a cache built from library files)."""
    _listeners.append(forget)


def clear() -> None:
    """Forget everything read from the library, here and by those who registered with `on_change`."""
    for forget in (read_toml.cache_clear, _read_table.cache_clear, digest.cache_clear, *_listeners):
        forget()


def reset() -> None:
    """Drop every overlay."""
    _overlays.clear()
    clear()


def path(relative: str) -> Path:
    """Existing file of the library, e.g. `path("evidence/trials.csv")`."""
    for root in roots():
        if (root / relative).is_file():
            return root / relative
    folder = Path(relative).parent
    have = {f"{folder}/{p.name}" for root in roots() for p in (root / folder).glob("*") if p.is_file()}
    raise UnknownName("library file", relative, have)


def names(kind: str, suffix: str = ".toml") -> tuple[str, ...]:
    """Sorted names of one kind ("drugs", "diseases", "designs"), overlays included."""
    return tuple(sorted({p.stem for root in roots() for p in (root / kind).glob(f"*{suffix}")}))


@lru_cache(maxsize=512)
def read_toml(kind: str, name: str) -> dict[str, Any]:
    """Parsed TOML of one entry. Raises UnknownName with the nearest entry, InvalidValue when malformed."""
    known = names(kind)
    if name not in known:
        raise UnknownName(kind.removesuffix("s"), name, known)
    return parse_toml(path(f"{kind}/{name}.toml"))


def parse_toml(file: str | Path) -> dict[str, Any]:
    """Parsed TOML file; a syntax error names file, line and what was expected. At most MOST_BYTES, keys MOST_DEEP deep."""
    try:
        size = Path(file).stat().st_size
        if size > MOST_BYTES:
            raise InvalidValue(str(file), f"{size} bytes", f"a TOML file of at most {MOST_BYTES} bytes")
        text = utf8(Path(file), "valid TOML in UTF-8")
        if _DEEP.search(_STRINGS.sub("s", text)):
            raise InvalidValue(str(file), f"a key of more than {MOST_DEEP} parts", f"keys of at most {MOST_DEEP} parts")
        return tomllib.loads(text)
    except OSError as e:
        raise InvalidValue(str(file), (e.strerror or str(e)).lower(), "a TOML file that can be read") from None
    except (ValueError, RecursionError) as e:  # syntax, encoding, a whole number of thousands of digits, a deep nest
        raise InvalidValue(str(file), _short(str(e)), "valid TOML in UTF-8", "mend the line named") from None


def _short(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:200]} ..."


def read_table(name: str) -> list[dict[str, str]]:
    """Rows of a CSV table as strings, e.g. `read_table("evidence/trials")`; an empty cell means unknown."""
    return [dict(r) for r in _read_table(name)]


@lru_cache(maxsize=64)
def _read_table(name: str) -> tuple[dict[str, str], ...]:
    file = path(f"{name}.csv")
    try:
        with file.open(encoding="utf-8-sig", newline="") as f:
            rows = tuple(csv.DictReader(f, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as e:
        raise InvalidValue(str(file), str(e), "a CSV file in UTF-8 with its quotes closed") from None
    for i, row in enumerate(rows, start=2):
        if None in row or None in row.values():
            raise InvalidValue(f"{name}.csv row {i}", len(row), "as many cells as the header has columns")
    return rows


@lru_cache(maxsize=1)
def digest() -> str:
    """SHA-256 (first 16 hex) over every library file, overlays included: part of each result's recipe."""
    h = hashlib.sha256()
    for root in roots():
        for file in sorted(root.rglob("*")):
            if file.is_file():
                h.update(str(file.relative_to(root)).encode())
                h.update(file.read_bytes())
    return h.hexdigest()[:16]
