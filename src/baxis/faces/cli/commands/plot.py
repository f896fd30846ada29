"""`baxis plot`: tables and figures of a saved result, without a run."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from baxis.core.storing import files
from baxis.faces.cli.words import options
from baxis.faces.cli.words.options import AsJson
from baxis.faces.cli.words.output import say, say_json

if TYPE_CHECKING:
    from baxis.clinic.face import TrialResult

PICTURES = (".png", ".svg", ".pdf")


def plot(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that `baxis trial --out` wrote.")],
    name: Annotated[
        list[str] | None, typer.Option(help="Observable or measure to draw over time, as igg or DAS28; repeat.")
    ] = None,
    therapy: Annotated[bool, typer.Option("--therapy", help="Draw who takes which drug over time instead.")] = False,
    out: Annotated[Path | None, options.out("Write the figure: .png, .svg or .pdf.", "FILE")] = None,
    json: AsJson = False,
) -> None:
    """Print a saved result again, simulated against published with ratios, and draw its figures. Research use only."""
    from baxis.clinic.reload import load_result
    from baxis.core.errors import InvalidValue

    if out is not None:
        files.check_file(out, PICTURES)
    elif name or therapy:
        raise InvalidValue("--name" if name else "--therapy", name or "no --out", "with --out FILE: it draws a figure")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        result = load_result(folder)
    for line in told:
        say(f"baxis: {line.message}", err=True)
    if out is not None:  # first of all: a reader of the table may close it early
        with files.aside(out) as part:
            _figure(result, name or [], therapy).savefig(part, dpi=150)
        say(f"Written to {out}", err=True)
    if json:
        say_json(result.against_published().to_dict("records"), 1)
    else:
        _print(result)


def _figure(result: TrialResult, names: list[str], therapy: bool) -> Any:
    """What was asked for: shares on each drug, else observables, else the overview."""
    from baxis.clinic.result.on_drug import figure
    from baxis.core.errors import InvalidValue

    if therapy and names:
        raise InvalidValue("plot", "--therapy and --name", "one of them")
    return figure(result) if therapy else result.plot(*names)


def _print(result: TrialResult) -> None:
    """The tables of the run, then simulated against published."""
    from baxis.faces.cli.commands.trial import print_result
    from baxis.faces.cli.words.trial_tables import against_published

    print_result(result)
    say(*against_published(result))
