"""`baxis export`: the axis, a virtual trial, its population and its trajectories for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from baxis.faces.cli.words import options
from baxis.faces.cli.words.output import say
from baxis.faces.exporting import CALIBRATION, KINDS, SAVED, TRIAL, TYPICAL, check_target


def export(
    kind: Annotated[str, options.chosen("export format", KINDS, "Format.")],
    out: Annotated[Path, options.out("File to write (zarr, petab: a folder).")],
    disease: Annotated[str | None, typer.Option(help="Disease code; its typical patient at rest.")] = None,
    treatment: Annotated[
        list[str] | None, typer.Option(help="As 'rituximab 1000 mg iv days 1,15' or 'prednisone 10 mg/day'; repeat.")
    ] = None,
    weeks: Annotated[float, typer.Option(max=520, help="Weeks of doses, and of the SED-ML time course.")] = 52.0,
    trial: Annotated[
        str | None, typer.Option(help="A trial id or design file, simulated in place of --disease.", metavar="ID|FILE")
    ] = None,
    result: Annotated[
        Path | None, typer.Option(help="netcdf, zarr: a folder that `baxis trial --out` wrote.", metavar="DIR")
    ] = None,
    patients: Annotated[int, options.patients("With --trial: patients simulated in each arm.")] = 200,
    seed: Annotated[int, typer.Option(help="With --trial: seed of every random stream.")] = 1,
    patient: Annotated[
        int | None, typer.Option(help="With --trial: number of the patient whose model is written. Default: the first.")
    ] = None,
    arm: Annotated[str | None, typer.Option(help="sbml with --trial: the arm. Default: the first active one.")] = None,
) -> None:
    """Write a typical patient, or a virtual trial with its patients, for other programs. Research use only."""
    from baxis.core.errors import InvalidValue

    check_target(kind, out)
    _check_who(kind, trial, patient, arm)
    if kind == CALIBRATION:
        from baxis.axis.exchange.petab import export_petab

        if trial is not None or result is not None or treatment:
            raise InvalidValue("export petab", "--trial, --result or --treatment", "--disease or nothing")
        wanted = (f"pharmacodynamics-{disease}",) if disease else ()
        say("\n".join(f"Written to {m}" for m in export_petab(out, wanted)))
        return
    sources = [n for n, v in (("--disease", disease), ("--trial", trial), ("--result", result)) if v is not None]
    if len(sources) > 1:
        raise InvalidValue("export", " and ".join(sources), "one of --disease, --trial and --result")
    _check_kind(kind, sources[0] if sources else "--disease")
    if result is not None:
        from baxis.clinic.files.arrays import write_arrays
        from baxis.clinic.reload import load_result

        made = write_arrays(load_result(result), kind, out)
    elif trial is not None:
        made = _trial(kind, out, trial, (patient, arm), {"patients": patients, "seed": seed})
    else:
        from baxis.axis.exchange.archive import export as write

        made = write(disease or "healthy", kind, out, tuple(treatment or ()), weeks)
    say(f"Written to {made}" + ("" if sources else "; without --disease it is the healthy subject"))


def _check_who(kind: str, trial: str | None, patient: int | None, arm: str | None) -> None:
    """A patient and an arm only where one is written. Raises InvalidValue."""
    from baxis.core.errors import InvalidValue

    for name, value, kinds in (("--patient", patient, ("sbml", "omex")), ("--arm", arm, ("sbml",))):
        if value is not None and (trial is None or kind not in kinds):
            raise InvalidValue(name, value, f"only with {' or '.join(kinds)} and --trial")


def _check_kind(kind: str, source: str) -> None:
    """A format that the source has. Raises UnknownName or InvalidValue."""
    from baxis.core.errors import InvalidValue, UnknownName

    if kind not in KINDS:
        raise UnknownName("export format", kind, KINDS)
    allowed = {"--disease": TYPICAL, "--trial": TRIAL, "--result": SAVED}[source]
    if kind not in allowed:
        holds = [n for n, kinds in (("--disease", TYPICAL), ("--trial", TRIAL), ("--result", SAVED)) if kind in kinds]
        raise InvalidValue(f"export {kind}", source, " or ".join(holds), f"with {source}: {', '.join(allowed)}")


def _trial(kind: str, out: Path, trial: str, who: tuple[int | None, str | None], settings: dict[str, Any]) -> Path:
    """Simulate a trial and write what was asked of it."""
    from baxis.clinic.design.read import read_design
    from baxis.faces.cli.words.progress import bar
    from baxis.faces.exporting import Whose
    from baxis.faces.exporting import export as write

    with bar("patients") as progress:
        return write(read_design(trial), kind, out, whose=Whose(who[1], who[0]), progress=progress, **settings)
