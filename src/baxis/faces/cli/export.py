"""`baxis export`: the axis for other simulators."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def export(
    kind: Annotated[str, typer.Argument(metavar="sbml|antimony|omex", help="Format.")],
    out: Annotated[Path, typer.Option(help="File to write.")],
    disease: Annotated[str, typer.Option(help="Disease code; its typical patient at rest.")] = "healthy",
    treatment: Annotated[
        list[str] | None, typer.Option(help="As 'rituximab 1000 mg iv days 1,15' or 'prednisone 10 mg/day'; repeat.")
    ] = None,
    weeks: Annotated[float, typer.Option(help="Weeks of doses, and of the SED-ML time course.")] = 52.0,
) -> None:
    """Write the typical patient of a disease, with doses as events, for other simulators. Research use only."""
    from ...axis.archive import export as write
    from ...core.errors import InvalidValue

    if not out.absolute().parent.is_dir():
        raise InvalidValue("--out", str(out), "a file in an existing folder")
    typer.echo(f"Written to {write(disease, kind, out, tuple(treatment or ()), weeks)}")
