"""`baxis scoreboard`: every primary contrast of the evidence, predicted by the mechanism and by plain rivals."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...core.plain import to_json

if TYPE_CHECKING:
    from ...clinic.scoreboard import Board


def scoreboard(
    role: Annotated[
        str | None, typer.Option(help="calibration, validation (default), context or all.", metavar="ROLE")
    ] = None,
    evidence: Annotated[
        list[Path] | None,
        typer.Option(help="Folder of own evidence tables; its trials are scored too.", metavar="DIR"),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the whole board as JSON.")] = False,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for scoreboard.json, scoreboard.md and figures.", metavar="DIR"),
    ] = None,
    patients: Annotated[int, typer.Option(help="Virtual patients in each arm.")] = 400,
    seed: Annotated[int, typer.Option(help="Seed of every random stream.")] = 1,
    threads: Annotated[int | None, typer.Option(help="Threads (default: all cores).")] = None,
    log: Annotated[Path | None, typer.Option(help="CSV file to which this look is appended.", metavar="FILE")] = None,
    leave_one_out: Annotated[
        bool, typer.Option("--leave-one-out", help="Predict each calibration trial from the others.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No table and no progress bar.")] = False,
) -> None:
    """Score the model and plain statistical rivals on published trials.

    With --evidence and no --role, only the folder's trials are scored (as external); with both, they are scored beside
    the trials of that role.
    """
    from ...clinic.scoreboard import looks

    check_out(out)
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
        from ...clinic.scoreboard.files import save

        save(board, out)
    if json:
        sys.stdout.write(to_json(board.to_dict(), 1) + "\n")
    elif not quiet:
        print_board(board)
        if out:
            typer.echo(f"Written to {out}")


def check_out(out: Path | None) -> None:
    """The folder must be makeable, so that a long run does not end in an error."""
    from ...core.errors import InvalidValue

    if out and (out.is_file() or not out.absolute().parent.is_dir()):
        raise InvalidValue("--out", str(out), "a folder, or a new one in an existing folder")


def _run(role: str | None, folders: list[Path], quiet: bool, settings: dict[str, Any]) -> Board:
    """Run with a progress bar on stderr: contrasts done and time left."""
    from ...clinic.scoreboard import scoreboard as run

    if quiet or not sys.stderr.isatty():
        return run(role, folders, **settings)
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("contrasts"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("contrasts", total=None)
        return run(role, folders, tell=lambda k, n: bar.update(task, completed=k, total=n), **settings)


def print_board(board: Board) -> None:
    """Scores by role and scale, then the worst misses, what was not simulated, and research use."""
    from rich.console import Console

    from ...clinic.recipe import INTERVALS, NOTICE
    from ...clinic.scoreboard.page import SCALE, UNIT

    console = Console()
    summary = board.summary()
    for role, scales in summary["by_role"].items():
        for scale, found in scales.items():
            console.print(_scores(f"{role}: {SCALE[scale]}", found, UNIT.get(scale, 1.0)))
    console.print(_worst(board))
    console.print(
        f"{summary['simulated']} of {summary['contrasts']} contrasts of {summary['trials']} trials simulated; the rest "
        f"counts as no effect. Solver failures: {board.recipe['failures']}.",
        highlight=False,
    )
    own = {r.row["trial_id"] for r in board.rows if r.row["role"] == "external"}
    for trial in sorted(own & set(board.notes)):
        console.print(f"{trial}: " + "; ".join(board.notes[trial]) + ".", highlight=False)
    for sentence in board.recipe["absent"]:
        console.print(sentence, highlight=False)
    console.print(f"Intervals of the mechanism: {INTERVALS}.", highlight=False)
    console.print(f"[bold]{NOTICE}[/bold]")


SHORT = {
    "mechanism_discrepancy": "mech. + discrepancy",
    "shrunken_mean": "class by disease",
    "meta_regression": "meta-regression",
}


def _table(title: str, columns: tuple[str, ...], left: int) -> Any:
    from rich import box
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=box.SIMPLE, pad_edge=False)
    for k, name in enumerate(columns):
        table.add_column(name, justify="left" if k < left else "right", no_wrap=True)
    return table


def _scores(title: str, found: dict[str, Any], unit: float) -> Any:
    from ...clinic.scoreboard.page import number

    table = _table(title, ("predictor", "n", "MAE", "bias", "in 90", "CRPS", "skill against it"), 1)
    for name, m in found["predictors"].items():
        s = found["skill"].get(name)
        gain = f"{s['skill']:.2f} ({s['low']:.2f}..{s['high']:.2f})" if s else ""
        table.add_row(
            SHORT.get(name, name.replace("_", " ")), str(m["contrasts"]), number(m["mae"], 1, unit),
            number(m["bias"], 1, unit), number(m["coverage90"], 0, 100), number(m["crps"], 1, unit), gain,
        )  # fmt: skip
    return table


def _worst(board: Board) -> Any:
    from ...clinic.scoreboard.board import FIRST, miss
    from ...clinic.scoreboard.page import UNIT, number

    table = _table("Worst misses of the mechanism", ("trial", "arm", "endpoint", "model", "seen", "SE"), 3)
    for r in board.worst(8):
        unit = UNIT.get(r.row["scale"], 1.0)
        table.add_row(
            r.row["trial_id"], r.row["arm_id"], r.row["endpoint"], number(r.predictions[FIRST].mean, 1, unit),
            number(r.value, 1, unit), number(miss(r), 1),
        )  # fmt: skip
    return table
