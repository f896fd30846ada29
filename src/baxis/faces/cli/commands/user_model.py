"""`baxis simulate` and `baxis conformance`: a user's own SBML, and the SBML semantic test suite."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from baxis.core.plain import to_json
from baxis.core.showing.sheets import write_table
from baxis.core.storing import files
from baxis.faces.cli.words import options
from baxis.faces.cli.words.options import AsJson
from baxis.faces.cli.words.output import say, say_json
from baxis.faces.cli.words.typed import parts, real

if TYPE_CHECKING:
    from baxis.engine.reading.units import UnitReport
    from baxis.engine.tables.scale_out import Study
    from baxis.engine.tables.user_model import Simulated

SAVED = (".csv", ".parquet", ".png", ".svg")
MOST_POINTS = 1_000_000
ZARR = ".zarr"  # a folder, written block by block (see engine.tables.scale_out)


def simulate(
    context: typer.Context,
    model: Annotated[
        Path,
        typer.Argument(
            metavar="MODEL", help=".xml, .sbml, .ant, .txt (Antimony), .omex, .zip; or a PEtab problem, .yaml."
        ),
    ],
    until: Annotated[float, typer.Option(help="Last time, in the model's unit.")] = 100.0,
    points: Annotated[int, typer.Option(help="Output times, from 0 to the last.")] = 101,
    output: Annotated[
        list[str] | None, typer.Option(help="State or rule to give; repeat. Default: every state.")
    ] = None,
    set: Annotated[list[str] | None, typer.Option(help="NAME=NUMBER for a parameter or a state; repeat.")] = None,
    table: Annotated[Path | None, typer.Option(help="CSV: one row a patient, one column a parameter or state.")] = None,
    dose: Annotated[
        list[str] | None,
        typer.Option(
            help="STATE=AMOUNT@TIME,TIME,...; repeat. An amount: a concentration rises by AMOUNT / size of its compartment. "
            "At one moment doses add up, after the model's own events; outputs are read after both."
        ),
    ] = None,
    rtol: Annotated[float, typer.Option(help="Relative tolerance.")] = 1e-6,
    atol: Annotated[
        float | None,
        typer.Option(
            help="Absolute tolerance, in the unit of each symbol. Default: rtol/1000 of each state's own size.",
        ),
    ] = None,
    device: Annotated[str, typer.Option(help="cpu, or gpu (experimental).")] = "cpu",
    out: Annotated[
        Path | None,
        options.out("Write .csv, .parquet, .png, .svg or .zarr; with --block or --scheduler a folder."),
    ] = None,
    block: Annotated[
        int | None,
        typer.Option(help="Rows at a time: Parquet files in the folder --out, or its group if named .zarr; resumable."),
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(help="Address of a Dask scheduler: blocks run there (extra cluster).")
    ] = None,
    strict_units: Annotated[
        bool, typer.Option("--strict-units", help="Stop where units clash, before anything is simulated.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Time courses of your own model, once or for a table of parameters; chi2 and log-likelihood of a PEtab problem."""
    from baxis.faces.cli.commands.petab import SUFFIXES, simulate_problem

    if model.suffix.lower() in SUFFIXES:
        return simulate_problem(context, model, out, json)
    import numpy as np

    from baxis.engine.reading.model_file import read_model
    from baxis.engine.reading.units import unit_report
    from baxis.engine.run.options import Options
    from baxis.engine.tables.user_model import simulate_model

    _check_times(until, points)
    folder = block is not None or scheduler is not None or (out is not None and out.suffix == ZARR)
    if folder:
        _refuse_for_a_folder(out, device)
    elif out is not None:
        files.check_file(out, (*SAVED, ZARR))
    text, options = read_model(model), Options(rtol=rtol, atol=atol)
    values = _values(table, set or [], text)
    doses = [d for words in dose or () for d in _doses(words)]
    times = np.linspace(0.0, until, points)
    units = unit_report(text)
    _warn_of_units(units, strict_units)
    if folder:
        from baxis.engine.tables.scale_out import BLOCK, Study

        wanted = tuple(output) if output else None
        study = Study(text, tuple(times.tolist()), tuple(doses), wanted, rtol, atol)
        return _to_folder(study, values, out, (BLOCK if block is None else block, scheduler), json)
    found = simulate_model(text, times, values=values, doses=doses, outputs=output, options=options, device=device)
    if out is not None:
        _save(found, out)
    say_json(_record(found, units), None) if json else say(*_lines(found, out, bool(doses), units))
    if len(found.failures) == len(found.values):
        say(f"baxis: no row finished: {found.failures[0]}", err=True)
        raise typer.Exit(1)


def _refuse_for_a_folder(out: Path | None, device: str) -> None:
    from baxis.core.errors import InvalidValue

    if out is None or out.suffix in SAVED:
        raise InvalidValue(
            "--out", str(out) if out else None, "a folder (or .zarr) for the blocks, as --block and --scheduler need"
        )
    if device != "cpu":
        raise InvalidValue("--device", device, "cpu, with --block, --scheduler or a .zarr")


def _to_folder(study: Study, values: dict[str, Any], out: Path | None, how: tuple[int, str | None], json: bool) -> None:
    """Block by block into a folder. how: (rows in a block, scheduler)."""
    from baxis.core.errors import Stopped
    from baxis.engine.tables.scale_out import simulate_to_folder
    from baxis.faces.cli.words.progress import bar

    assert out is not None
    notes = _notes_of(study)
    try:
        with bar("rows") as progress:
            done = simulate_to_folder(study, values, out, block=how[0], client=how[1], progress=progress)
    except KeyboardInterrupt:
        raise Stopped(f"stopped. Finished blocks are in {out}; the same command goes on from them.") from None
    said = {
        "notes": notes,
        "rows": done.rows,
        "made": done.made,
        "found": done.found,
        "again": done.again,
        "folder": str(out),
    }
    failures = {str(k): v for k, v in done.failures.items()}
    if json:
        say_json(said | {"files": [f.name for f in done.files], "failures": failures}, None)
        return
    say(f"{done.rows} rows in {done.made + done.found} blocks: {done.made} made, {done.found} found, in {out}")
    for name in done.again:
        say(f"damaged and made anew: {name}")
    for k, why in list(failures.items())[:10]:
        say(f"row {k} did not finish: {why}")
    for note in notes:
        say(note)
    if len(failures) == done.rows:
        say(f"baxis: no row finished: {failures['0']}", err=True)
        raise typer.Exit(1)


def _notes_of(study: Study) -> list[str]:
    """Doses after the end, and columns that bear another name."""
    from baxis.engine.tables.columns import renamed
    from baxis.engine.tables.dosing import refuse_or_tell_late

    return [n for n in (refuse_or_tell_late(study.doses, study.times[-1]), renamed(study.outputs or ())) if n]


def _warn_of_units(units: UnitReport, strict: bool) -> None:
    from baxis.core.errors import Faults, InvalidValue

    if strict and units.clashes:
        raise Faults("units", units.clashes)
    if strict and len(units.bare) == units.of:
        allowed = "a model in which quantities have units: there is nothing to check"
        raise InvalidValue("--strict-units", f"{units.of} quantities without a unit", allowed)
    for sentence in units.clashes[:3]:
        say(f"units: {sentence}", err=True)
    if units.clashes:
        n = len(units.clashes)
        more = f"{n} clashes of units in all" if n > 3 else "the units clash"
        say(
            f"units: {more}; numbers are used as they stand: check the model before you trust the result "
            "(--strict-units stops here)",
            err=True,
        )


def _check_times(until: float, points: int) -> None:
    from baxis.core.errors import InvalidValue

    if not 0 < until < float("inf"):
        raise InvalidValue("--until", until, "a finite time above 0, in the model's unit")
    if not 2 <= points <= MOST_POINTS:
        raise InvalidValue("--points", points, f"a whole number of at least 2 and at most {MOST_POINTS}")


def _setting(text: str) -> tuple[str, float]:
    name, value = parts("--set", text, "NAME=NUMBER", "=")
    return name, real(f"--set {text!r} (NAME=NUMBER)", value)


def _values(table: Path | None, settings: list[str], model: str) -> dict[str, Any]:
    """Columns of the table and settings by name; one name given twice is refused, never overwritten."""
    from baxis.core.errors import InvalidValue

    values = _table(table, model)
    for text in settings:
        name, value = _setting(text)
        if name in values:
            raise InvalidValue(f"--set {text!r}", name, "a name that neither --table nor another --set gives")
        values[name] = value
    return values


def _doses(text: str) -> list[tuple[str, float, float]]:
    form = "STATE=AMOUNT@TIME,TIME,..."
    name, amount, when = parts("--dose", text, form, "=", "@")
    where = f"--dose {text!r} ({form})"
    size = real(where, amount)
    if not 0 < size < float("inf"):
        from baxis.core.errors import InvalidValue

        hint = (
            "what is lost is a reaction of the model" if size < 0 else "leave a dose of nothing out" if not size else ""
        )
        raise InvalidValue(where, amount, "a finite amount above 0", hint)
    return [(name, real(where, t), size) for t in when.split(",")]


def _table(path: Path | None, model: str) -> dict[str, Any]:
    """Columns of the table; how it was read is said where that is not a matter of course."""
    if path is None:
        return {}
    from baxis.engine.tables.value_table import read_values

    values, notes = read_values(path, model)
    for note in notes:
        say(f"{path.name}: {note}", err=True)
    return dict(values)


def _save(found: Simulated, out: Path) -> None:
    if out.suffix in (".csv", ".parquet"):
        return write_table(found.to_frame(), out)
    with files.aside(out) as part:
        _plot(found, part)


def _plot(found: Simulated, path: Path) -> None:
    """Median of the rows, with the middle 90 % as a band when there are several; at most 12 outputs."""
    from baxis.core.showing.drawing import Drawing, label

    shown = found.outputs[:12]
    columns = min(3, len(shown))
    rows = -(-len(shown) // columns)
    figure = Drawing(figsize=(3.4 * columns, 2.5 * rows), layout="constrained")
    for k, name in enumerate(shown):
        axes = figure.add_subplot(rows, columns, k + 1)
        low, middle, high = _bands(found.values[:, :, k])
        axes.plot(found.times, middle, color="#0072B2")
        if len(found.values) > 1:
            axes.fill_between(found.times, low, high, color="#0072B2", alpha=0.2, linewidth=0)
        axes.set_title(label(name), fontsize=9)
        axes.set_xlabel("time", fontsize=8)
        axes.tick_params(labelsize=8)
    figure.savefig(path, dpi=150)


def _bands(values: Any) -> Any:
    """5, 50 and 95 % of the rows (n, T) that got so far; NaN where none did."""
    import numpy as np

    out = np.full((3, values.shape[1]), np.nan)
    some = ~np.isnan(values).all(axis=0)
    if some.any():
        out[:, some] = np.nanpercentile(values[:, some], [5, 50, 95], axis=0)
    return out


def _record(found: Simulated, units: UnitReport) -> dict[str, Any]:
    columns = {n: found.values[:, :, k] for k, n in enumerate(found.outputs)}
    failures = {str(k): v for k, v in found.failures.items()}
    return {
        "path": found.path,
        "why": found.why,
        "times": found.times.tolist(),
        "values": columns,
        "failures": failures,
        "others": list(found.others),
        "notes": list(found.notes),
        "units": {"without": list(units.bare), "of": units.of, "clashes": list(units.clashes)},
        "cost": found.cost,
    }


def _lines(found: Simulated, out: Path | None, dosed: bool, units: UnitReport) -> list[str]:
    import numpy as np

    from baxis.faces.cli.words.layout import table

    rows = []
    for k, name in enumerate(found.outputs):
        first, last = found.values[:, 0, k], found.values[:, -1, k]
        if np.isnan(last).all():
            rows.append((name, f"{np.median(first):.6g}", "", ""))
            continue
        low, middle, high = np.nanpercentile(last, [5, 50, 95])
        rows.append(
            (name, f"{np.median(first):.6g}", f"{middle:.6g}", f"{low:.6g}..{high:.6g}" if len(last) > 1 else "")
        )
    n = len(found.values)
    head = f"{n} row{'s' if n != 1 else ''} by the {found.path} path" + (f": {found.why}" if found.why else "")
    lines = [head, *table(["output", "first", f"at time {found.times[-1]:g}", "5 to 95 % of rows"], rows)]
    lines.append(_cost(found))
    if dosed:
        lines.append("At the very time of a dose the values are those after it.")
    lines += _said(found, out, units)
    lines += [f"row {k} did not finish: {why}" for k, why in list(found.failures.items())[:10]]
    return [*lines, f"written: {out}"] if out else lines


def _said(found: Simulated, out: Path | None, units: UnitReport) -> list[str]:
    """What a user should know beside the numbers, a line each."""
    from baxis.engine.tables.columns import renamed

    lines = [*found.notes, units.sentence]
    if found.others:
        some = ", ".join(found.others[:8]) + (f", ... ({len(found.others)} in all)" if len(found.others) > 8 else "")
        lines.append(f"Not shown, for --output NAME: {some}")
    if out is not None and out.suffix in (".csv", ".parquet"):
        lines.append(renamed(found.outputs))
    return [line for line in lines if line]


def _cost(found: Simulated) -> str:
    """Seconds by stage and peak memory, one line."""
    parts = [f"{k[:-2]} {v:.2f} s" if k.endswith(" s") else f"{k} {v:.0f}" for k, v in found.cost.items()]
    return ", ".join([*parts, *([found.code] if found.code else [])])


def conformance(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of SBML semantic test cases.")],
    json: Annotated[Path | None, typer.Option("--json", help="Write the outcome of every case to FILE.")] = None,
    page: Annotated[Path | None, typer.Option(help="Write a page of the counts; runs the compiled path too.")] = None,
    compiled: Annotated[bool, typer.Option("--compiled", help="Run the compiled ensemble path instead.")] = False,
    processes: Annotated[int, typer.Option(help="Processes.")] = 2,
) -> None:
    """Run SBML semantic test cases: right, wrong or refused, by tag."""
    from baxis.engine.conformance import by_tag, run_folder, summary
    from baxis.engine.conformance import page as page_text
    from baxis.faces.cli.words.layout import table
    from baxis.faces.cli.words.progress import bar

    with bar("cases") as progress:
        found = run_folder(folder, processes=processes, compiled=compiled, progress=progress)
    report = summary(found)
    if json is not None:
        files.write_text(json, to_json(report) + "\n")
    if page is not None:
        with bar("cases, compiled") as progress:
            other = run_folder(folder, processes=processes, compiled=True, progress=progress)
        files.write_text(page, page_text(found, other))
    rows = [(tag, str(r), str(w), str(n)) for tag, r, w, n in by_tag(found)]
    if rows:
        say("\n".join(table(["tag", "right", "wrong", "refused"], rows)))
    for o in found:
        if o.status == "wrong":
            say(f"wrong: {o.case}: {o.why}")
    say(", ".join(f"{n} {status}" for status, n in report["summary"].items()))
