"""`baxis trial ... --stream`: a large trial block by block into a folder, here or on a cluster."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ...core.plain import to_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...clinic.design import Design
    from ...clinic.large import LargeResult

AUTOMATIC = 100_000  # patients from which a trial is streamed unasked


def run(
    design: str | Design,
    out: Path | None,
    json: str | None,
    quiet: bool,
    how: tuple[int, str | None],
    settings: dict[str, Any],
) -> None:
    """Run, print the tables, say what was found from before. how: (candidates in a block, scheduler)."""
    from ...clinic.large import run_large
    from ...core.errors import InvalidValue

    if out is None:
        raise InvalidValue("--out", None, "a folder for the blocks: a large trial is kept there and can be resumed")
    block, scheduler = how
    try:
        with _bar(quiet) as tell:
            result = run_large(design, out, block=block, client=scheduler, progress=tell, **settings)
    except KeyboardInterrupt:
        typer.echo(f"Stopped. Finished blocks are in {out}; the same command goes on from them.", err=True)
        raise typer.Exit(130) from None
    text = to_json(result.to_dict(), 2)
    (out / "large.json").write_text(text + "\n", encoding="utf-8")
    if json == "-":
        typer.echo(text)
    elif json:
        Path(json).write_text(text + "\n", encoding="utf-8")
    if not quiet and json != "-":
        show(result)


@contextmanager
def _bar(quiet: bool) -> Iterator[Callable[[int, int], None] | None]:
    """Progress on stderr while a person looks."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("patients"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("patients", total=None)
        yield lambda k, n: bar.update(task, completed=k, total=n)


def show(result: LargeResult) -> None:
    """Tables and what was made, found and made again."""
    from .trial_tables import endpoints

    lines = [
        f"{result.design.trial_id}  {result.patients} virtual patients an arm; {result.screened} screened",
        "Arms",
        *endpoints(result.arms, True),
        f"Differences from {result.design.control.arm_id}",
        *endpoints(result.contrasts, False),
        f"Blocks: {result.blocks[0]} made, {result.blocks[1]} found in {result.folder}.",
        *(f"{name} was not what was written and was made again." for name in result.again),
        f"Solver failures: {result.recipe['failures']}. Intervals: {result.recipe['intervals']}.",
        result.recipe["notice"],
    ]
    typer.echo("\n".join(lines))
