"""`baxis biomarkers`: baseline markers ranked by how well they tell who benefits."""

from __future__ import annotations

import json as text_json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ...insight.biomarkers import Biomarkers


def biomarkers(
    drug: Annotated[str, typer.Argument(help="International name of a drug.")],
    disease: Annotated[str, typer.Option(help="Disease code, such as SLE.")],
    dose: Annotated[str | None, typer.Option(help="'AMOUNT UNIT [ROUTE SCHEDULE]' in place of a trial's dose.")] = None,
    endpoint: Annotated[str | None, typer.Option(help="NAME or NAME@WEEK (default: the trial's primary).")] = None,
    trial: Annotated[str | None, typer.Option(help="Trial to take setting and regimen from.")] = None,
    patients: Annotated[int, typer.Option(help="Virtual patients.")] = 1000,
    seed: Annotated[int, typer.Option(help="Seed of every random stream.")] = 1,
    threads: Annotated[int | None, typer.Option(help="Threads (default: all cores).")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for JSON, table, figure.", metavar="DIR")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print plain data as JSON.")] = False,
) -> None:
    """Rank baseline markers by how well they tell who benefits from a drug (not merely who does well)."""
    from ...clinic.export import check_folder
    from ...clinic.settings import Settings
    from ...insight.biomarkers import biomarkers as run
    from .insight import bar

    if out:
        check_folder(out)
    with bar() as tell:
        settings = Settings(patients=patients, seed=seed, threads=threads, progress=tell)
        result = run(drug, disease, dose=dose, endpoint=endpoint, trial=trial, settings=settings)
    if out:
        result.save(out)
    if json:
        typer.echo(text_json.dumps(result.to_dict(), indent=2, ensure_ascii=False))
        return
    for line in lines(result):
        typer.echo(line)
    if out:
        typer.echo(f"Written to {out}")


def lines(result: Biomarkers) -> list[str]:
    """The ranking as text."""
    from ...insight.biomarkers import power
    from .layout import table

    s, recipe = result.scenario, result.recipe
    factor, unit = (100, "pp") if recipe["unit"] == "share" else (1, "points")
    seen = power(result.table, recipe["arm_size"])
    rows = [
        (
            r["label"],
            f"{r['with_benefit']:+.2f}",
            f"{r['q']:.3f}",
            f"{r['with_outcome']:+.2f}",
            f"{factor * r['gain_high']:+.1f}",
            f"{factor * r['gain_low']:+.1f}",
            f"{100 * p:.0f}",
        )
        for r, p in zip(result.table.to_dict("records"), seen, strict=True)
    ]
    head = ("marker", "benefit", "FDR", "outcome", f"high, {unit}", f"low, {unit}", "power %")
    return [
        f"{s.regimen} in {s.design.disease} ({s.origin}); {s.endpoint.name} at week {s.endpoint.week:g}",
        "Rank correlation with benefit (relative fall of inflammation) and with inflammation without the drug;",
        "endpoint, drug minus no drug, above and below the marker's median;",
        f"power: a parallel trial of {recipe['arm_size']} an arm sees that interaction",
        *table(head, rows),
        "",
        f"All markers together, cross-validated: {result.composite:+.2f} (permuted benefit: {result.composite_null:+.2f})",
        f"{recipe['patients']} patients, {recipe['failures']} failures. {recipe['assumed_assays']} assay variations assumed.",
        recipe["notice"],
    ]
