"""`baxis enrich`: what a trial gains by a marker's cut-off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from baxis.faces.cli.words import options
from baxis.faces.cli.words.options import AsJson, DrugDose, Endpoint, Seed, Threads
from baxis.faces.cli.words.output import say, say_json

if TYPE_CHECKING:
    from baxis.insight.biomarkers.enrich import Enrichment


def enrich(
    drug: Annotated[str, typer.Argument(help="International name of a drug.")],
    disease: Annotated[str, typer.Option(help="Disease code, such as SLE.")],
    marker: Annotated[
        str, typer.Option(help="Marker, such as ifn, baff or aas (`baxis biomarkers --json` names them).")
    ],
    cutoff: Annotated[float, typer.Option(help="Quantile of the population, between 0 and 1.")] = 0.5,
    below: Annotated[bool, typer.Option("--below", help="Take the patients below the cut-off.")] = False,
    dose: DrugDose = None,
    endpoint: Endpoint = None,
    patients: Annotated[int, options.patients("Virtual patients.")] = 2000,
    seed: Seed = 1,
    threads: Threads = None,
    json: AsJson = False,
) -> None:
    """Compare a trial of all comers with one enriched or stratified by a marker."""
    from baxis.clinic.conduct.settings import Settings
    from baxis.faces.cli.words.progress import bar
    from baxis.insight.biomarkers.enrich import Cutoff
    from baxis.insight.biomarkers.enrich import enrich as run

    with bar("simulations") as tell:
        settings = Settings(patients=patients, seed=seed, threads=threads, progress=tell)
        result = run(drug, disease, Cutoff(marker, cutoff, below), dose=dose, endpoint=endpoint, settings=settings)
    if json:
        say_json(result.to_dict(), 2)
        return
    for line in lines(result):
        say(line)


def lines(result: Enrichment) -> list[str]:
    """The designs as text."""
    from baxis.faces.cli.words.layout import table, told

    s, c, recipe = result.scenario, result.cutoff, result.recipe
    factor, unit = (100, "pp") if recipe["unit"] == "share" else (1, "points")
    rows = []
    for r in result.table.to_dict("records"):
        sizes = [
            _size(r[k]) for k in ("n_arm_80", "n_arm_90", "assured_80", "assured_90", "screened_80", "screened_90")
        ]
        span = f"{factor * r['effect']:+.1f} ({factor * r['ci_low']:.1f} to {factor * r['ci_high']:.1f})"
        rows.append((r["design"], span, f"{100 * r['screened_out']:.0f}", *sizes, f"{100 * r['assurance']:.0f}"))
    size = int(result.table["arm_size"].iloc[0])
    head = (
        "design",
        f"effect, {unit} (90 %)",
        "excluded %",
        "n 80",
        "n 90",
        "sure 80",
        "sure 90",
        "screen 80",
        "screen 90",
        "assurance",
    )
    return [
        f"{s.regimen} in {s.design.disease} ({s.origin}); {s.endpoint.name} at week {s.endpoint.week:g}",
        *told(recipe),
        f"{c.marker} {'below' if c.below else 'at or above'} quantile {c.quantile:g}",
        "n: patients an arm for 80 and 90 % power at the expected effect; sure: for 80 and 90 % assurance over its uncertainty;",
        f"screen: patients to test for the marker; assurance: %, with the {size} an arm of the setting",
        *table(head, rows),
        "",
        *_errors(result),
        f"{recipe['patients']} patients, {recipe['failures']} failures.",
        recipe["notice"],
    ]


def _size(n: float) -> str:
    return "-" if n != n else f"{n:.0f}"


def _errors(result: Enrichment) -> list[str]:
    """What false positives cost."""
    from baxis.faces.cli.words.layout import width, wrapped

    e = result.errors
    enriched = result.table.set_index("design").loc["enriched"]
    text = (
        f"Assay error: {100 * e['false_positive']:.0f} % of those enrolled belong on the other side of the cut-off, "
        f"{100 * e['missed']:.0f} % of those who belong are excluded. Patients an arm for 80 and 90 % power: "
        f"{_size(enriched['n_arm_80'])} and {_size(enriched['n_arm_90'])} as measured, {_size(e['n_arm_80'])} and "
        f"{_size(e['n_arm_90'])} with a perfect assay."
    )
    return wrapped(text, width())
