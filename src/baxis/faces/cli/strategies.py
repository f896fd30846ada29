"""`baxis strategies`: when to give the next course, compared over two years."""

from __future__ import annotations

import json as encoder
from typing import Annotated

import typer


def strategies(
    disease: Annotated[str, typer.Option(help="Disease code.")],
    drug: Annotated[str, typer.Option(help="Drug given in courses, or 'DRUG 500 mg iv once'.")] = "rituximab",
    patients: Annotated[int, typer.Option(help="Virtual patients.")] = 200,
    seed: Annotated[int, typer.Option(help="Seed of every random stream.")] = 1,
    threads: Annotated[int | None, typer.Option(help="Threads (default: all cores).")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Retreatment rules of a B-cell-depleting drug over two years: inflammation, courses, B cells, IgG."""
    from ...clinic.settings import Settings, settle
    from ...insight.strategies import strategies as run
    from .layout import table, width, wrapped
    from .progress import bar

    with bar("rules") as progress:
        settings = settle(Settings(patients=patients, seed=seed, threads=threads, progress=progress), {})
        result = run(disease, drug, settings)
    if json:
        typer.echo(encoder.dumps(result.to_dict(), indent=1))
        return
    names = [c for c in result.table.columns if f"{c} 90 %" in result.table.columns]
    rows = []
    for row in result.table.to_dict("records"):
        spans = [f"{row[n]:.2f} ({row[f'{n} 90 %'][0]:.2f} to {row[f'{n} 90 %'][1]:.2f})" for n in names]
        rows.append([row["rule"], *spans])
    text = [f"{result.drug} in {result.disease}, two years, setting of {result.recipe['setting']}"]
    text += wrapped(f"One course: {result.recipe['course']}; {result.recipe['patients']} patients", width())
    for part in (names[:3], names[3:]):
        some = [[r[0], *(r[1 + names.index(n)] for n in part)] for r in rows]
        text += ["", *table(["rule", *part], some)]
    typer.echo("\n".join([*text, result.recipe["notice"]]))
