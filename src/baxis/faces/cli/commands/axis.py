"""`baxis check`, `baxis stimulate`, `baxis compare-diseases`: thin over `baxis.axis`."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Any

import typer

from baxis.core.storing import files
from baxis.faces.cli.words import options
from baxis.faces.cli.words.options import AsJson, Library
from baxis.faces.cli.words.output import say, say_json, say_rows
from baxis.faces.cli.words.typed import parts, real

PICTURES = (".png", ".svg", ".pdf")
RUNGS = ("rest", "pathway", "genetics", "pharmacology", "arms", "all")
CELLS = ("naive", "memory", "age-associated", "autoreactive")
DiseaseOption = Annotated[str | None, typer.Option(help="Only this disease.", metavar="CODE")]


def check(
    rung: Annotated[str, options.chosen("rung", RUNGS, "A rung of checks, or all of them.")] = "all",
    disease: DiseaseOption = None,
    failures: Annotated[bool, typer.Option("--failures", help="Only rows that fail.")] = False,
    page: Annotated[Path | None, typer.Option(help="Also write the tables as a Markdown page.", metavar="FILE")] = None,
    library: Library = None,
    json: AsJson = False,
) -> None:
    """Compare the model with experiments, genetics and pharmacology: expected, simulated, pass or fail, source."""
    _lay(library)
    from baxis.axis import checks
    from baxis.axis.checks import report

    if page is not None:
        files.check_file(page, option="--page")
    rows = checks.check(rung, disease)
    counts = checks.summary(rows)
    if page is not None:
        files.write_text(page, report.markdown(rows))
    if json:
        data = {"rows": [r.as_dict() for r in rows], "summary": counts}
        say_json(data, 2)
        return
    shown = [r for r in rows if r.passed is False or not failures]
    _table([report.cells(r) for r in shown], f"check {rung}")
    for row in rows:
        if row.passed is False:
            say(f"{row.id} fails: {report.lacking(row) or 'what the model lacks is not explained yet'}")
    for name, count in counts.items():
        say(f"{name}: " + ", ".join(f"{v} {k.replace('_', ' ')}" for k, v in count.items()))


def stimulate(
    stimuli: Annotated[list[str] | None, typer.Argument(help="e.g. 'anti-IgM 10 ug/mL' 'CD40L 60 nM'.")] = None,
    cell: Annotated[str, options.choice("cell", CELLS, "--cell", help="Kind of B cell.")] = "naive",
    disease: Annotated[str, typer.Option(help="Whose cell: a disease code or healthy.")] = "healthy",
    knock_out: Annotated[list[str] | None, typer.Option(help="Gene to knock out.", metavar="GENE")] = None,
    gene: Annotated[list[str] | None, typer.Option(help="Activity of a gene, e.g. BTK=0.5.", metavar="GENE=X")] = None,
    inhibitor: Annotated[list[str] | None, typer.Option(help="e.g. 'fenebrutinib 100 nM'.")] = None,
    dose_response: Annotated[
        str | None,
        typer.Option(help="Agent to vary, e.g. 'fenebrutinib 0.1:1000 nM'.", metavar="'AGENT LOW:HIGH UNIT'"),
    ] = None,
    readout: Annotated[str | None, typer.Option(help="Read-out of the dose-response (NF-kB).")] = None,
    at: Annotated[float | None, typer.Option(help="Its time in minutes (60).")] = None,
    plot: Annotated[Path | None, typer.Option(help="Write a figure.", metavar="FILE.png")] = None,
    library: Library = None,
    json: AsJson = False,
) -> None:
    """Stimulate the BCR pathway of one cell, with genes changed and inhibitors at a concentration."""
    from baxis.core.errors import InvalidValue

    _lay(library)
    if plot is not None:
        files.check_file(plot, PICTURES, "--plot")
    for name, value in (("--readout", readout), ("--at", at)):
        if value is not None and not dose_response:
            raise InvalidValue(name, value, "only with --dose-response")
    genes = _genes(knock_out or [], gene or [])
    if not (stimuli or dose_response or genes or inhibitor or cell == "autoreactive"):
        raise InvalidValue("stimuli", "none", "at least one, e.g. 'anti-IgM 10 ug/mL'", "the cell would stay at rest")
    given: dict[str, Any] = {"cell": cell, "disease": disease, "genes": genes, "inhibitors": list(inhibitor or [])}
    if dose_response:
        if plot is not None:
            raise InvalidValue("--plot", str(plot), "a course: --plot draws no dose-response")
        _dose_response(
            dose_response,
            {**given, "stimuli": list(stimuli or [])},
            (readout or "NF-kB", 60.0 if at is None else at),
            json,
        )
        return
    from baxis.axis.pathway.stimulation import stimulate as run

    result = run(list(stimuli or []), **given)
    if plot is not None:
        from baxis.axis.pathway.pathway_figures import stimulation_figure

        with files.aside(plot) as made:
            stimulation_figure(result, made)
    if json:
        say_json(result.as_dict(), 2)
        return
    _table([{k: _number(v) for k, v in row.items()} for row in result.summary()], result.condition)


def compare_diseases(
    diseases: Annotated[list[str] | None, typer.Argument(help="Codes; default all.", metavar="[CODE]...")] = None,
    library: Library = None,
    json: AsJson = False,
) -> None:
    """The regulators of every disease side by side, with kind and evidence."""
    _lay(library)
    from baxis.axis.tables.comparison import compare_diseases as compare

    rows = compare(list(dict.fromkeys(diseases)) if diseases else None)
    if json:
        say_json(rows, 2)
        return
    _table(rows, "regulators (healthy = 1 unless a unit is given)")


def _lay(folders: list[Path] | None) -> None:
    """Lay the user's folders over the library."""
    from baxis.core import library

    for folder in folders or []:
        library.overlay(folder)


def _genes(knocked: list[str], changed: list[str]) -> dict[str, float]:
    """Activity of each gene. Raises InvalidValue for a gene that is given twice: one of the two would be dropped."""
    from baxis.core.errors import InvalidValue

    given = [(g, 0.0) for g in knocked] + [_gene(g) for g in changed]
    names = [g.strip().upper() for g, _ in given]
    for name in names:
        if names.count(name) > 1:
            raise InvalidValue("--knock-out, --gene", name, "each gene once")
    return dict(given)


def _gene(text: str) -> tuple[str, float]:
    name, value = parts("--gene", text, "GENE=ACTIVITY", "=")
    return name, real(f"--gene {text!r} (GENE=ACTIVITY, e.g. BTK=0.5)", value)


def _dose_response(text: str, context: dict[str, Any], what: tuple[str, float], json: bool) -> None:
    import numpy as np

    from baxis.axis.pathway.stimulation import dose_response as run
    from baxis.core.errors import InvalidValue

    form = "'AGENT LOW:HIGH UNIT', e.g. 'fenebrutinib 0.1:1000 nM'"
    words = text.rsplit(" ", 2)
    if len(words) < 3 or words[1].count(":") != 1:
        raise InvalidValue("--dose-response", text, form)
    low, high = (real(f"--dose-response {text!r}", v, f"a number in {form}") for v in words[1].split(":"))
    if not 0 < low < high < math.inf:
        raise InvalidValue("--dose-response", words[1], "two doses above 0, the lower first")
    found = run(
        words[0], [float(v) for v in np.geomspace(low, high, 33)], words[2], readout=what[0], at_min=what[1], **context
    )
    data = {"agent": found.agent, "unit": found.unit, "readout": found.readout, "ec50": found.ec50, "emax": found.emax,
            "hill": found.hill, "doses": list(map(float, found.doses)), "response": list(map(float, found.response))}  # fmt: skip
    if json:
        say_json(data, 2)
        return
    _table(
        [{"dose": f"{d:.4g}", found.readout: f"{r:.4g}"} for d, r in zip(found.doses, found.response, strict=True)],
        found.agent,
    )
    say(f"half-maximal at {found.ec50:.3g} {found.unit}, largest effect {found.emax:.3g}, Hill {found.hill:.2f}")


def _number(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _table(rows: list[dict[str, Any]], title: str) -> None:
    if rows:
        say_rows(list(rows[0]), [list(row.values()) for row in rows], title)
    else:
        say(f"{title}: no rows")
