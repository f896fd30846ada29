"""`baxis scoreboard`: every primary contrast of the evidence, predicted by the mechanism and by plain rivals."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from baxis.faces.cli.words import options
from baxis.faces.cli.words.options import AsJson, OwnEvidence, Quiet, Seed, Threads
from baxis.faces.cli.words.output import say, say_json

if TYPE_CHECKING:
    from baxis.clinic.scoreboard import Board


def scoreboard(
    role: Annotated[
        str | None, typer.Option(help="calibration, validation (default), context or all.", metavar="ROLE")
    ] = None,
    evidence: OwnEvidence = None,
    json: AsJson = False,
    out: Annotated[
        Path | None,
        options.out("Folder for scoreboard.json, scoreboard.md and figures.", "DIR"),
    ] = None,
    patients: Annotated[int, options.patients("Virtual patients in each arm.")] = 400,
    seed: Seed = 1,
    threads: Threads = None,
    log: Annotated[Path | None, typer.Option(help="CSV file to which this look is appended.", metavar="FILE")] = None,
    leave_one_out: Annotated[
        bool, typer.Option("--leave-one-out", help="Predict each calibration trial from the others.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Score the model and plain statistical rivals on published trials.

    With --evidence and no --role, only the folder's trials are scored (as external); with both, they are scored beside
    the trials of that role.
    """
    from baxis.clinic.scoreboard import looks
    from baxis.clinic.scoreboard.shown.files import NAMES
    from baxis.core.storing.folders import add_check

    if out:
        add_check(out, NAMES)
    if log:
        looks.check(log)
    board = _run(
        role,
        evidence or [],
        quiet or json,
        {"patients": patients, "seed": seed, "threads": threads, "leave_one_out": leave_one_out},
    )
    if log:
        import datetime

        looks.record(board, log, datetime.date.today().isoformat())
    if out:
        from baxis.clinic.scoreboard.shown.files import save

        save(board, out)
    if json:
        say_json(board.to_dict(), 1)
    elif not quiet:
        print_board(board)
        if out:
            say(f"Written to {out}")


def _run(role: str | None, folders: list[Path], quiet: bool, settings: dict[str, Any]) -> Board:
    """Run with a progress bar on stderr: contrasts done and time left."""
    from baxis.clinic.scoreboard import scoreboard as run
    from baxis.faces.cli.words.progress import bar

    with bar("contrasts", quiet) as tell:
        return run(role, folders, tell=tell, **settings)


def print_board(board: Board) -> None:
    """Scores by role and scale, then the worst misses, what was not simulated, and research use."""
    from baxis.clinic.result.recipe import INTERVALS, NOTICE
    from baxis.clinic.scoreboard.shown.page import SCALE, UNIT
    from baxis.faces.cli.words.layout import width, wrapped

    summary = board.summary()
    for role, scales in summary["by_role"].items():
        for scale, found in scales.items():
            say(f"{role}: {SCALE[scale]}", *_scores(found, UNIT.get(scale, 1.0)), "")
    say("Worst misses of the mechanism", *_worst(board), "")
    lines = [
        f"{summary['simulated']} of {summary['contrasts']} contrasts of {summary['trials']} trials simulated; the rest "
        f"counts as no effect. Solver failures: {board.recipe['failures']}."
    ]
    own = {r.row["trial_id"] for r in board.rows if r.row["role"] == "external"}
    lines += [f"{trial}: " + "; ".join(board.notes[trial]) + "." for trial in sorted(own & set(board.notes))]
    lines += [*board.recipe["absent"], f"Intervals of the mechanism: {INTERVALS}."]
    say(*(part for line in lines for part in wrapped(line, width())))
    say(NOTICE, strong=True)


SHORT = {
    "mechanism_discrepancy": "mech. + discrepancy",
    "shrunken_mean": "class by disease",
    "meta_regression": "meta-regression",
}


def _scores(found: dict[str, Any], unit: float) -> list[str]:
    from baxis.clinic.scoreboard.shown.page import number
    from baxis.faces.cli.words.layout import table

    rows = []
    for name, m in found["predictors"].items():
        s = found["skill"].get(name)
        gain = f"{s['skill']:.2f} ({s['low']:.2f}..{s['high']:.2f})" if s else ""
        rows.append([
            SHORT.get(name, name.replace("_", " ")), str(m["contrasts"]), number(m["mae"], 1, unit),
            number(m["bias"], 1, unit), number(m["coverage90"], 0, 100), number(m["crps"], 1, unit), gain,
        ])  # fmt: skip
    return table(["predictor", "n", "MAE", "bias", "in 90", "CRPS", "skill against it"], rows)


def _worst(board: Board) -> list[str]:
    from baxis.clinic.scoreboard.scored import FIRST, miss
    from baxis.clinic.scoreboard.shown.page import UNIT, number
    from baxis.faces.cli.words.layout import table

    rows = []
    for r in board.worst(8):
        unit = UNIT.get(r.row["scale"], 1.0)
        rows.append([
            r.row["trial_id"], r.row["arm_id"], r.row["endpoint"], number(r.predictions[FIRST].mean, 1, unit),
            number(r.value, 1, unit), number(miss(r), 1),
        ])  # fmt: skip
    return table(["trial", "arm", "endpoint", "model", "seen", "SE"], rows)
