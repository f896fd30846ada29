"""Options that several commands share: declared once, with one name, one short flag and one way to read a value."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from baxis.core import names

AsJson = Annotated[bool, typer.Option("--json", "-j", help="Print plain data as JSON.")]
OwnEvidence = Annotated[
    list[Path] | None, typer.Option("--evidence", help="Folder of own evidence tables.", metavar="DIR")
]
Library = Annotated[list[Path] | None, typer.Option("--library", help="Folder laid over the library.", metavar="DIR")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No table and no progress bar.")]
Seed = Annotated[int, typer.Option("--seed", help="Seed of every random stream.")]
Threads = Annotated[int | None, typer.Option("--threads", help="Threads (default: all cores).")]
DrugDose = Annotated[
    str | None, typer.Option("--dose", help="'AMOUNT UNIT [ROUTE SCHEDULE]' in place of a trial's dose.")
]
Endpoint = Annotated[str | None, typer.Option("--endpoint", help="NAME or NAME@WEEK (default: the trial's primary).")]
SettingOf = Annotated[str | None, typer.Option("--trial", help="Trial to take setting and regimen from.")]
DesignOf = Annotated[str, typer.Argument(metavar="ID|DESIGN.toml", help="A trial id, or the path of a design file.")]


def patients(help: str) -> Any:
    """The option for the number of patients: what they are is told by each command."""
    return typer.Option("--patients", "-n", help=help)


def out(help: str, metavar: str | None = None) -> Any:
    """The option for what is written: a file or a folder, as each command says."""
    return typer.Option("--out", "-o", help=help, metavar=metavar)


def choice(kind: str, allowed: Sequence[str], *flags: str, help: str) -> Any:
    """An option for one of a few words: read in any case, completed, and refused at once with the nearest of them."""
    return typer.Option(*flags, help=help, **_one_of(kind, allowed))


def chosen(kind: str, allowed: Sequence[str], help: str) -> Any:
    """An argument for one of a few words, read as `choice` reads an option."""
    return typer.Argument(help=help, **_one_of(kind, allowed))


def _one_of(kind: str, allowed: Sequence[str]) -> dict[str, Any]:
    def parse(text: str) -> str:
        return names.known(kind, text, allowed)

    def complete(begun: str) -> list[str]:
        return [word for word in allowed if word.startswith(begun.casefold())]

    return {"parser": parse, "autocompletion": complete, "metavar": "|".join(allowed)}
