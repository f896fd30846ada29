"""`baxis simulate PROBLEM.yaml`: a PEtab problem at its nominal parameters, printed and written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import typer

    from baxis.engine.petab.problem import PetabResult

SUFFIXES = (".yaml", ".yml")
SAVED = (".csv", ".tsv", ".parquet")
TAKEN = ("model", "out", "json")  # parameters of the command that mean something for a PEtab problem


def simulate_problem(context: typer.Context, problem: Path, out: Path | None, json: bool) -> None:
    """Simulate, print and write. Options that the problem's own tables decide are refused by name."""
    from baxis.core.plain import to_json
    from baxis.core.showing.sheets import write_table
    from baxis.engine.petab.problem import simulate_petab
    from baxis.faces.cli.words.output import say

    _refuse_ignored(context)
    if out is not None:
        _check_target(out, problem)
    found = simulate_petab(problem)
    if out is not None:
        write_table(found.simulations, out)
    if json:
        say(to_json(found.to_dict() | {"simulations": _rows(found)}, None))
        return
    say(*_lines(found), *([f"Written to {out}"] if out is not None else []))


def _refuse_ignored(context: typer.Context) -> None:
    """Raises InvalidValue for options that were given and would do nothing."""
    from baxis.core.errors import InvalidValue

    options = [p for p in context.command.params if p.name and p.name not in TAKEN]
    sources = {p.name: context.get_parameter_source(str(p.name)) for p in options}
    given = [max(p.opts, key=len) for p in options if getattr(sources[p.name], "name", "") == "COMMANDLINE"]
    if given:
        allowed = "--out and --json: times, values, doses and tolerances come from the problem"
        raise InvalidValue("options with a PEtab problem", " ".join(given), allowed, "change the problem's tables")


def _check_target(out: Path, problem: Path) -> None:
    """Raises what is wrong with the file to write before anything runs."""
    from baxis.core.errors import InvalidValue, UnknownName
    from baxis.engine.petab.files import read_problem

    if out.suffix.lower() not in SAVED:
        raise UnknownName("kind of output file of a PEtab problem", out.suffix or str(out), SAVED)
    if not out.parent.is_dir():
        raise InvalidValue("--out", str(out), f"a file in a folder that exists; {out.parent} does not")
    if out.is_dir():
        raise InvalidValue("--out", str(out), "a file; this is a folder")
    if out.exists() and problem.is_file():
        own = [problem, *(problem.parent / name for name in read_problem(problem).texts)]
        if any(out.samefile(file) for file in own):
            raise InvalidValue("--out", str(out), "another file: this one belongs to the problem")


def _rows(found: PetabResult) -> list[dict[str, Any]]:
    """Simulation table with measurement, noise and residual beside; a steady state's time is "inf", as PEtab writes it."""
    from baxis.core.plain import records

    extra = found.compared[["measurement", "noise", "residual"]]
    frame = found.simulations.join(extra)
    rows = records(frame)
    for row, time in zip(rows, found.compared["time"], strict=True):
        row["time"] = "inf" if time == float("inf") else row["time"]
    return rows


def _lines(found: PetabResult) -> list[str]:
    from baxis.faces.cli.words.layout import table

    columns = list(found.compared.columns)
    shown = [
        [str(v) if isinstance(v, str) else f"{v:.6g}" for v in row] for row in found.compared.itertuples(index=False)
    ]
    total = f"chi2 {found.chi2:.6g}, log-likelihood {found.llh:.6g}"
    lines = [*table(columns, shown), f"PEtab {found.version}: {len(found.simulations)} measurements, {total}"]
    return [*lines, *found.notes]
