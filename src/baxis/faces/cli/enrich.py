"""`baxis enrich`: what a trial gains by a marker's cut-off."""

from __future__ import annotations

import json as text_json
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ...insight.enrich import Enrichment


def enrich(
    drug: Annotated[str, typer.Argument(help="International name of a drug.")],
    disease: Annotated[str, typer.Option(help="Disease code, such as SLE.")],
    marker: Annotated[
        str, typer.Option(help="Marker, such as ifn, baff or aas (`baxis biomarkers --json` names them).")
    ],
    cutoff: Annotated[float, typer.Option(help="Quantile of the population, between 0 and 1.")] = 0.5,
    below: Annotated[bool, typer.Option("--below", help="Take the patients below the cut-off.")] = False,
    dose: Annotated[str | None, typer.Option(help="'AMOUNT UNIT [ROUTE SCHEDULE]' in place of a trial's dose.")] = None,
    endpoint: Annotated[str | None, typer.Option(help="NAME or NAME@WEEK (default: the trial's primary).")] = None,
    patients: Annotated[int, typer.Option(help="Virtual patients.")] = 2000,
    seed: Annotated[int, typer.Option(help="Seed of every random stream.")] = 1,
    threads: Annotated[int | None, typer.Option(help="Threads (default: all cores).")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print plain data as JSON.")] = False,
) -> None:
    """Compare a trial of all comers with one enriched or stratified by a marker."""
    from ...clinic.settings import Settings
    from ...insight.enrich import Cutoff
    from ...insight.enrich import enrich as run
    from .insight import bar

    with bar() as tell:
        settings = Settings(patients=patients, seed=seed, threads=threads, progress=tell)
        result = run(drug, disease, Cutoff(marker, cutoff, below), dose=dose, endpoint=endpoint, settings=settings)
    if json:
        typer.echo(text_json.dumps(result.to_dict(), indent=2, ensure_ascii=False))
        return
    for line in lines(result):
        typer.echo(line)


def lines(result: Enrichment) -> list[str]:
    """The designs as text."""
    from .layout import table

    s, c, recipe = result.scenario, result.cutoff, result.recipe
    factor, unit = (100, "pp") if recipe["unit"] == "share" else (1, "points")
    rows = [
        (
            r["design"],
            f"{factor * r['effect']:+.1f}",
            f"{factor * r['ci_low']:.1f} to {factor * r['ci_high']:.1f}",
            f"{100 * r['screened_out']:.0f}",
            *("-" if r[k] != r[k] else f"{r[k]:.0f}" for k in ("n_arm_80", "n_arm_90", "screened_90")),
            f"{100 * r['assurance']:.0f}",
        )
        for r in result.table.to_dict("records")
    ]
    size = int(result.table["arm_size"].iloc[0])
    head = (
        "design",
        f"effect, {unit}",
        "90 % CI",
        "excluded %",
        "n/arm 80 %",
        "n/arm 90 %",
        "screened 90 %",
        "assurance %",
    )
    return [
        f"{s.regimen} in {s.design.disease} ({s.origin}); {s.endpoint.name} at week {s.endpoint.week:g}",
        f"{c.marker} {'below' if c.below else 'at or above'} quantile {c.quantile:g}; assurance with {size} an arm",
        *table(head, rows),
        "",
        f"{recipe['patients']} patients, {recipe['failures']} failures.",
        recipe["notice"],
    ]
