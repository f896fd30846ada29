"""`baxis trial`: simulate a published trial or an own design, and print it beside what was published."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from baxis.core.storing import files
from baxis.faces.cli.words import options
from baxis.faces.cli.words.options import DesignOf, Library, OwnEvidence, Quiet, Seed, Threads
from baxis.faces.cli.words.output import say

if TYPE_CHECKING:
    from baxis.clinic.design.design import Design
    from baxis.clinic.face import TrialResult

DOSING = ("auto", "averaged", "resolved")


def trial(
    design: DesignOf,
    patients: Annotated[int, options.patients("Patients simulated in each arm.")] = 1000,
    seed: Seed = 1,
    out: Annotated[Path | None, options.out("Folder for result.json, Parquet tables and figures.", "DIR")] = None,
    json: Annotated[
        str | None, typer.Option("--json", "-j", help="Write result.json to a file, or - for stdout.", metavar="FILE|-")
    ] = None,
    threads: Threads = None,
    dosing: Annotated[
        str,
        options.choice("dosing", DOSING, "--dosing", help="Daily oral drugs: auto, averaged or resolved dose by dose."),
    ] = "auto",
    library: Library = None,
    evidence: OwnEvidence = None,
    population: Annotated[
        Path | None,
        typer.Option(help="Own means, SDs, correlations (TOML) or patients (CSV, Parquet).", metavar="FILE"),
    ] = None,
    population_of: Annotated[
        str | None, typer.Option(help="Transport: entry criteria and prior treatment of this trial.", metavar="ID")
    ] = None,
    background_of: Annotated[
        str | None, typer.Option(help="Transport: background therapy of this trial.", metavar="ID")
    ] = None,
    steroid_rule_of: Annotated[
        str | None, typer.Option(help="Transport: glucocorticoid taper of this trial.", metavar="ID")
    ] = None,
    endpoint: Annotated[str | None, typer.Option(help="Transport: another endpoint, such as SRI-4.")] = None,
    week: Annotated[float | None, typer.Option(help="Transport: another week of the endpoint.")] = None,
    exposure: Annotated[
        list[str] | None,
        typer.Option(
            help="All patients: fed, ppi, cyp3a_inhibitor, cyp3a_inducer, ada (shares), adherence, fcgr3a=FF, crcl_ml_min.",
            metavar="NAME=VALUE",
        ),
    ] = None,
    hold: Annotated[
        list[str] | None,
        typer.Option(
            help="One arm more: a virtual inhibitor, e.g. btk=0.7 for 70 % occupancy.", metavar="TARGET=OCCUPANCY"
        ),
    ] = None,
    stream: Annotated[
        bool,
        typer.Option(
            "--stream", help="Block by block into --out, bounded memory, resumable (from 100000 patients on)."
        ),
    ] = False,
    block: Annotated[int | None, typer.Option(help="With --stream: candidates in a block (4096).")] = None,
    scheduler: Annotated[
        str | None, typer.Option(help="With --stream: compute on this Dask cluster.", metavar="ADDRESS")
    ] = None,
    match: Annotated[
        bool, typer.Option("--match", help="Choose patients to fit the trial's published baseline.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Simulate a trial and print it, arm by arm, beside what was published.

    With a transport option the same arms are run as designed, with each element swapped alone, and with all of them.
    """
    from baxis.clinic.files.save import FIGURES, KIND
    from baxis.clinic.questions.transport import Swap
    from baxis.core import library as shipped
    from baxis.core.errors import InvalidValue
    from baxis.core.storing.folders import check_folder
    from baxis.faces.cli.commands import large, transport

    for folder in library or []:
        shipped.overlay(folder)
    streamed = stream or bool(scheduler) or patients >= large.AUTOMATIC
    if block is not None and not streamed:
        raise InvalidValue("--block", f"{block}, without --stream", "only with --stream")
    if out and not streamed:
        check_folder(out, KIND, FIGURES)
    if json and json != "-":
        files.check_file(json, option="--json")
    settings: dict[str, Any] = {"patients": patients, "seed": seed, "threads": threads, "dosing": dosing}
    settings |= {"evidence": tuple(evidence or ()), "population": population, "match": match}
    trial_design = _changed(design, exposure, hold, settings["evidence"])
    swap = Swap(population_of, background_of, steroid_rule_of, endpoint, week)
    if swap.asked():
        if out:
            raise InvalidValue("--out", str(out), "--json FILE with a transport option: it writes no tables")
        return transport.run(trial_design, swap, json, quiet, settings)
    if streamed:
        return large.run(trial_design, out, json, quiet, (4096 if block is None else block, scheduler), settings)
    result = _run(trial_design, quiet, settings)
    if out:
        result.save(out)
    if json:
        write_json(result, json)
    if not quiet and json != "-":
        print_result(result)
        if out:
            say(f"Written to {out}")


def _changed(
    design: str, exposure: list[str] | None, hold: list[str] | None, folders: tuple[Path, ...]
) -> str | Design:
    """The design's name, or the design with what `--exposure` sets for its patients and the arm of `--hold`."""
    if not (exposure or hold):
        return design
    from baxis.clinic.design.exposure import parse
    from baxis.clinic.design.read import read_design
    from baxis.clinic.design.virtual_arm import with_held

    found = read_design(design, folders)
    if hold:
        found = with_held(found, hold)
    return found.replace(exposure={**found.exposure.model_dump(), **parse(exposure)}) if exposure else found


def _run(design: str | Design, quiet: bool, settings: dict[str, Any]) -> TrialResult:
    """Run with a progress bar on stderr: patients done and time left."""
    from baxis.clinic.trial import run_trial
    from baxis.faces.cli.words.progress import bar

    with bar("patients", quiet) as progress:
        return run_trial(design, progress=progress, **settings)


def write_json(result: TrialResult, target: str) -> None:
    """result.json to stdout or, whole or not at all, to a file."""
    from baxis.clinic.files.save import dumps

    text = dumps(result)
    if target == "-":
        say(text.removesuffix("\n"))
        return
    files.write_text(target, text)


def print_result(result: TrialResult) -> None:
    """Tables of arms and contrasts, then what a reader must know: failures, doubtful numbers, research use."""
    from baxis.faces.cli.words.output import say
    from baxis.faces.cli.words.trial_tables import result_lines

    say(*result_lines(result))
    say(result.recipe["notice"], strong=True)
