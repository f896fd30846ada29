"""Designs from TOML files, the library, or the evidence rows of a trial."""

from __future__ import annotations

from pathlib import Path

from baxis.clinic.design.design import Design, build
from baxis.core import library
from baxis.core.errors import InvalidValue, UnknownName

MODELS = (".ant", ".xml", ".sbml", ".omex", ".yaml", ".yml")  # that `simulate` takes


def read_design(name: str | Path, folders: tuple[Path, ...] = ()) -> Design:
    """Design of a TOML file (a name that ends in .toml or holds a path separator), or of a trial id.

    A trial without a design file gets the default one, read off its evidence rows (`notes` says what was assumed);
    folders: own evidence tables laid over the shipped ones. Raises UnknownName, InvalidValue, Unsupported or Faults.
    """
    text = str(name)
    if text.endswith(".toml") or "/" in text or "\\" in text:
        file = Path(text)
        if not file.is_file() or file.suffix != ".toml":
            raise _no_design(file)
        return build(library.parse_toml(file), str(file))
    if text in library.names("designs"):
        return build(library.read_toml("designs", text), f"design {text}")
    from baxis import evidence
    from baxis.clinic.design.from_evidence import default_design

    tables = evidence.load(*folders)
    try:
        trial_id = evidence.trial_id(tables, text, library.names("designs"), "or give the path of a design.toml")
    except UnknownName:
        if Path(text).exists():
            raise _no_design(Path(text)) from None
        raise
    if trial_id in library.names("designs"):
        return build(library.read_toml("designs", trial_id), f"design {trial_id}")
    return default_design(trial_id, tables)


def _no_design(place: Path) -> InvalidValue:
    """What is wrong with a path that is no design file, and which command takes what stands there."""
    hint, got = "", str(place)
    if place.is_dir():
        saved = (place / "result.json").is_file()
        got, hint = f"{place}, a folder", f"`baxis plot {place}` shows the result saved in it" if saved else ""
    elif place.suffix.lower() in MODELS:
        got, hint = f"{place}, a model", f"`baxis simulate {place}` runs a model of your own"
    elif place.is_file():
        got = f"{place}, a file of another kind"
    return InvalidValue("design file", got, "the path of an existing TOML file, or a trial id", hint)
