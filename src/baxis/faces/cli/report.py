"""`baxis report`: a self-contained HTML page of a simulated trial."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def report(
    design: Annotated[str, typer.Argument(metavar="ID|DESIGN.toml", help="A trial id, or the path of a design file.")],
    out: Annotated[Path, typer.Option(help="HTML file to write.", metavar="FILE.html")],
    patients: Annotated[int, typer.Option(help="Patients simulated in each arm.")] = 1000,
    seed: Annotated[int, typer.Option(help="Seed of every random stream.")] = 1,
    threads: Annotated[int | None, typer.Option(help="Threads (default: all cores).")] = None,
) -> None:
    """Simulate a trial and write its report: design, population, results, figures, credibility. Research use only."""
    from ...clinic.trial import run_trial
    from ...core.errors import InvalidValue
    from ..report import write
    from .progress import bar

    if out.suffix not in (".html", ".htm") or not out.absolute().parent.is_dir():
        raise InvalidValue("--out", str(out), "an .html file in an existing folder")
    with bar("patients") as progress:
        result = run_trial(design, patients=patients, seed=seed, threads=threads, progress=progress)
    typer.echo(f"Written to {write(result, out)}")
