"""`baxis review`: the living review, rebuilt from the evidence and the model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from baxis.faces.cli.words import options
from baxis.faces.cli.words.output import say


def review(
    out: Annotated[Path, options.out("Folder for review.html and the runs of the model.", "DIR")],
    pdf: Annotated[bool, typer.Option("--pdf", help="Write review.pdf too, by the system's Chromium.")] = False,
    patients: Annotated[int, options.patients("Virtual patients in each run of the model.")] = 100,
) -> None:
    """Rebuild the living review: chapters tied to claims, trials and runs of the model. Research use only.

    Runs of the model are kept in DIR/runs and reused until the library or the model changes.
    """
    from baxis.clinic.conduct.settings import MOST_PATIENTS
    from baxis.core.errors import InvalidValue
    from baxis.faces.cli.words.progress import bar
    from baxis.faces.review import write

    if not 1 <= patients <= MOST_PATIENTS:
        raise InvalidValue("--patients", patients, f"a whole number of at least 1 and at most {MOST_PATIENTS}")
    with bar("runs of the model") as progress:
        made = write(out, patients, pdf, progress)
    for file in made:
        say(f"Written to {file}")
