"""`baxis report`: a self-contained page of a trial, a drug, a disease or the scoreboard."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from baxis.core.storing import files
from baxis.faces.cli.words import options
from baxis.faces.cli.words.options import Seed, Threads
from baxis.faces.cli.words.output import say


def report(
    name: Annotated[
        str,
        typer.Argument(metavar="NAME|DESIGN.toml", help="A trial, drug or disease, a design file, or `scoreboard`."),
    ],
    out: Annotated[Path, options.out("HTML file to write.", "FILE.html")],
    pdf: Annotated[bool, typer.Option("--pdf", help="Write a PDF beside it, by the system's Chromium.")] = False,
    board: Annotated[
        Path | None, typer.Option(help="For `scoreboard`: a folder written by `baxis scoreboard --out`.", metavar="DIR")
    ] = None,
    patients: Annotated[int | None, options.patients("Patients simulated (default: trial 1000, drug 100).")] = None,
    seed: Seed = 1,
    threads: Threads = None,
) -> None:
    """Write a report: what was asked, numbers with sources, results, figures, credibility. Research use only."""
    from baxis.core.errors import InvalidValue
    from baxis.faces import report as reports
    from baxis.faces.cli.words.progress import bar
    from baxis.faces.report import pdf as printer

    files.check_file(out, (".html", ".htm"))
    if pdf:
        files.check_file(out.with_suffix(".pdf"), option="--pdf")
    if pdf:
        printer.browser()
    kind = reports.kind_of(name)
    if board is not None and kind != "scoreboard":
        raise InvalidValue("--board", str(board), "given with `scoreboard` only")
    size = patients if patients is not None else 1000 if kind == "trial" else 100
    with bar("patients") as progress:
        text = reports.report(name, board=board, progress=progress, patients=size, seed=seed, threads=threads)
    say(f"Written to {reports.write(text, out)}")
    if pdf:
        say(f"Written to {printer.write_pdf(out)}")
