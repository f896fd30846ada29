"""`baxis patient`: one patient's posterior and predicted courses."""

from __future__ import annotations

import json as encoder
from pathlib import Path
from typing import Annotated

import typer


def patient(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="Visits: day, measure, value, unit.")],
    disease: Annotated[str, typer.Option(help="Disease code.")],
    candidates: Annotated[str, typer.Option(help="Drugs, with commas between.")] = "rituximab,belimumab",
    seed: Annotated[int, typer.Option(help="Seed of every random stream.")] = 1,
    threads: Annotated[int | None, typer.Option(help="Threads (default: all cores).")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Weigh virtual patients by one patient's laboratory values; predict each candidate drug. Research only."""
    from ...clinic.settings import Settings
    from ...insight.patient import patient as run
    from .progress import bar

    names = tuple(c.strip() for c in candidates.split(",") if c.strip())
    with bar("virtual patients") as progress:
        result = run(file, disease, names, Settings(seed=seed, threads=threads, progress=progress))
    typer.echo(encoder.dumps(result.to_dict(), indent=1) if json else "\n".join(lines(result)))


def lines(result: object) -> list[str]:
    """What the terminal shows."""
    from ...insight.patient import PatientResult
    from .layout import table, width, wrapped

    assert isinstance(result, PatientResult)
    r = result.recipe
    out = [r["notice"], f"{result.disease}: {r['effective']:.0f} effective of {r['population']} virtual patients"]
    for warning in result.warnings:
        out += wrapped("WARNING: " + warning, width())
    rows = [
        [e["endotype"], f"{e['population']:.2f}", f"{e['patient']:.2f}"] for e in result.endotypes.to_dict("records")
    ]
    out += ["", *table(["endotype", "population", "patient"], rows), ""]
    cells = []
    for s in result.state.to_dict("records"):
        seen = "" if s["seen"] is None or s["seen"] != s["seen"] else f"{s['seen']:.3g}"
        cells.append([s["measure"], s["unit"], seen, f"{s['posterior']:.3g} ({s['low']:.3g} to {s['high']:.3g})"])
    out += table(["measure", "unit", "seen", "posterior (90 %)"], cells)
    out += ["", "Inflammation at the last week, multiple of now (90 %)"]
    end = result.courses[result.courses["week"] == result.courses["week"].max()]
    given = [
        [c["drug"], f"{c['inflammation']:.2f} ({c['low']:.2f} to {c['high']:.2f})"] for c in end.to_dict("records")
    ]
    out += [
        *table(["drug", "inflammation"], given),
        "",
        "Further measurement: share of that variance removed (by chance)",
    ]
    best = result.next_measurement.head(4).to_dict("records")
    out += table(["measure", "share"], [[b["measure"], f"{b['variance removed']:.2f} ({b['null']:.2f})"] for b in best])
    return [*out, r["notice"]]
