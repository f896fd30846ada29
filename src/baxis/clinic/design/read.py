"""Designs from TOML files, the library, or the evidence rows of a trial."""

from __future__ import annotations

from pathlib import Path

from baxis.clinic.design.design import Design, build
from baxis.core import library
from baxis.core.errors import InvalidValue


def read_design(name: str | Path, folders: tuple[Path, ...] = ()) -> Design:
    """Design of a TOML file (a name that ends in .toml or holds a path separator), or of a trial id.

    A trial without a design file gets the default one, read off its evidence rows (`notes` says what was assumed);
    folders: own evidence tables laid over the shipped ones. Raises UnknownName, InvalidValue, Unsupported or Faults.
    """
    text = str(name)
    if text.endswith(".toml") or "/" in text or "\\" in text:
        file = Path(text)
        if not file.is_file():
            raise InvalidValue("design file", text, "the path of an existing TOML file, or a trial id")
        return build(library.parse_toml(file), str(file))
    if text in library.names("designs"):
        return build(library.read_toml("designs", text), f"design {text}")
    from baxis import evidence
    from baxis.clinic.design.from_evidence import default_design

    tables = evidence.load(*folders)
    trial_id = evidence.trial_id(tables, text, library.names("designs"), "or give the path of a design.toml")
    if trial_id in library.names("designs"):
        return build(library.read_toml("designs", trial_id), f"design {trial_id}")
    return default_design(trial_id, tables)
