"""The application: every command's name here, its code in a file that is imported only when the command is used."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated, Any

import typer

from baxis.core.errors import UnknownName
from baxis.faces.cli.words.output import say

# command -> (module, attribute); a Typer object is a group of its own
COMMANDS: dict[str, tuple[str, str]] = {
    "trial": ("trial", "trial"),
    "power": ("planning", "power"),
    "plot": ("plot", "plot"),
    "calendar": ("planning", "calendar"),
    "export": ("export", "export"),
    "report": ("report", "report"),
    "review": ("review", "review"),
    "credibility": ("credibility", "credibility"),
    "doctor": ("doctor", "doctor"),
    "list": ("listing", "listing"),
    "show": ("show", "show"),
    "scoreboard": ("scoreboard", "scoreboard"),
    "check": ("axis", "check"),
    "stimulate": ("axis", "stimulate"),
    "compare-diseases": ("axis", "compare_diseases"),
    "explain": ("explain", "explain"),
    "biomarkers": ("biomarkers", "biomarkers"),
    "enrich": ("enrich", "enrich"),
    "sensitivity": ("sensitivity", "sensitivity"),
    "simulate": ("user_model", "simulate"),
    "conformance": ("user_model", "conformance"),
    "evidence": ("evidence", "app"),
    "map": ("evidence_meta", "map_command"),
    "combine": ("combine", "combine"),
    "combine-search": ("combine_search", "combine_search"),
    "patient": ("patient", "patient"),
    "strategies": ("strategies", "strategies"),
    "limits": ("limits", "limits"),
    "omics": ("omics", "omics"),
    "repertoire": ("repertoire", "repertoire"),
    "serve": ("web", "serve"),
}


def build(argv: list[str]) -> Any:
    """The Typer application with the asked command loaded (all of them for help and completion)."""
    app = typer.Typer(
        name="baxis",
        help="The B-cell axis, in silico. Research use only.",
        no_args_is_help=True,
        add_completion=True,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
        callback=_options,
    )
    asked = next((a for a in argv if not a.startswith("-")), None)
    if asked is not None and asked not in COMMANDS:
        raise UnknownName("command", asked, COMMANDS)
    wanted = [] if asked is None and "--version" in argv else list(COMMANDS)
    for name in [asked] if asked in COMMANDS else wanted:
        module, attribute = COMMANDS[name]
        command = getattr(import_module(f"{__package__}.commands.{module}"), attribute)
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name)
        else:
            app.command(name)(command)
    return app


def _version(asked: bool) -> None:
    if asked:
        from baxis._version import __version__

        say(f"baxis {__version__}")
        raise typer.Exit


def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and stop.", callback=_version, is_eager=True)
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show where in the program an error arose (or set BAXIS_DEBUG).")
    ] = False,  # taken from the words by `main`, wherever it stands
) -> None:
    """The B-cell axis, in silico. Research use only."""
