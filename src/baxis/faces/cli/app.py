"""The application: every command's name here, its code in a file that is imported only when the command is used."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated, Any

import typer

from baxis.core.errors import UnknownName
from baxis.faces.cli.words.examples import example
from baxis.faces.cli.words.output import say
from baxis.faces.cli.words.typed import numbers_read

# what a user wants -> command -> (module, attribute); a Typer object is a group of its own
PANELS: dict[str, dict[str, tuple[str, str]]] = {
    "Trials": {
        "trial": ("trial", "trial"),
        "power": ("planning", "power"),
        "calendar": ("planning", "calendar"),
        "plot": ("plot", "plot"),
        "scoreboard": ("scoreboard", "scoreboard"),
    },
    "Drugs": {
        "explain": ("explain", "explain"),
        "biomarkers": ("biomarkers", "biomarkers"),
        "enrich": ("enrich", "enrich"),
        "sensitivity": ("sensitivity", "sensitivity"),
        "combine": ("combine", "combine"),
        "combine-search": ("combine_search", "combine_search"),
        "strategies": ("strategies", "strategies"),
        "limits": ("limits", "limits"),
        "stimulate": ("axis", "stimulate"),
    },
    "Patients": {
        "patient": ("patient", "patient"),
        "omics": ("omics", "omics"),
        "repertoire": ("repertoire", "repertoire"),
    },
    "Evidence": {
        "list": ("listing", "listing"),
        "show": ("show", "show"),
        "evidence": ("evidence", "app"),
        "map": ("evidence_meta", "map_command"),
        "check": ("axis", "check"),
        "compare-diseases": ("axis", "compare_diseases"),
    },
    "Own models": {
        "simulate": ("user_model", "simulate"),
        "conformance": ("user_model", "conformance"),
        "export": ("export", "export"),
    },
    "Reports": {
        "report": ("report", "report"),
        "review": ("review", "review"),
        "credibility": ("credibility", "credibility"),
    },
    "This program": {
        "serve": ("web", "serve"),
        "doctor": ("doctor", "doctor"),
    },
}
COMMANDS = {name: place for commands in PANELS.values() for name, place in commands.items()}


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
    for panel, commands in PANELS.items():
        for name, (module, attribute) in commands.items():
            if name in ([asked] if asked else wanted):
                _add(app, name, panel, getattr(import_module(f"{__package__}.commands.{module}"), attribute))
    return app


def _add(app: typer.Typer, name: str, panel: str, command: Any) -> None:
    """A command, or a group of them, in the part of the help where it is looked for, with an example below its own."""
    if not isinstance(command, typer.Typer):
        app.command(name, rich_help_panel=panel, epilog=example(name))(numbers_read(command))
        return
    for below in command.registered_commands:
        numbers_read(below.callback)
        below.epilog = example(f"{name} {below.name or getattr(below.callback, '__name__', '')}")
    app.add_typer(command, name=name, rich_help_panel=panel)


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
