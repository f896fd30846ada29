"""`baxis limits`: what lasts after a drug is stopped."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from baxis.core.plain import to_json
from baxis.faces.cli.words import options
from baxis.faces.cli.words.options import AsJson, DrugDose, Seed, Threads
from baxis.faces.cli.words.output import say

if TYPE_CHECKING:
    from baxis.insight.limits import Limits


def limits(
    drug: Annotated[str, typer.Argument(help="International name of a drug.")],
    disease: Annotated[str, typer.Option(help="Disease code, such as AAV.")],
    weeks_on: Annotated[float, typer.Option(help="Weeks for which the drug is given.")] = 52.0,
    follow: Annotated[float, typer.Option(help="Weeks of follow-up after that.")] = 104.0,
    dose: DrugDose = None,
    vaccine_week: Annotated[
        float | None, typer.Option(help="Week of treatment at which a vaccine is given (24, or the last).")
    ] = None,
    patients: Annotated[int, options.patients("Virtual patients, the same in every arm.")] = 300,
    seed: Seed = 1,
    threads: Threads = None,
    out: Annotated[Path | None, options.out("Folder for limits.json and limits.png.", "DIR")] = None,
    json: AsJson = False,
) -> None:
    """What lasts after a drug is stopped: B cells, IgG, benefit, remission and relapse off the drug."""
    from baxis.clinic.conduct.settings import Settings
    from baxis.core.storing.folders import check_folder
    from baxis.faces.cli.words.progress import bar
    from baxis.insight.limits import limits as run

    if out:
        check_folder(out, "baxis limits")
    with bar("patients") as tell:
        settings = Settings(patients=patients, seed=seed, threads=threads, progress=tell)
        result = run(drug, disease, (weeks_on, follow), dose=dose, vaccine_week=vaccine_week, settings=settings)
    if out:
        result.save(out)
    text = [to_json(result.to_dict(), 1)] if json else lines(result)
    say("\n".join(text))


def lines(result: Limits) -> list[str]:
    """The measures as text, one column an arm."""
    from baxis.clinic.result.asked import others
    from baxis.faces.cli.words.layout import table, told, width, wrapped

    s, recipe = result.scenario, result.recipe
    arms = ("stopped", "continued", "never")
    cells = {(r["measure"], r["arm"]): _cell(r) for r in result.table.to_dict("records")}
    units = dict(zip(result.table["measure"], result.table["unit"], strict=True))
    rows = [[f"{m}, {u}", *(cells.get((m, a), "") for a in arms)] for m, u in units.items()]
    text = wrapped(f"{s.regimen} in {s.design.disease} ({s.origin})", width()) + told(recipe)
    text += wrapped(
        f"Given for {recipe['weeks_on']:g} weeks (last dose on day {recipe['last_dose_day']:g}), followed for "
        f"{recipe['weeks_followed']:g}; beside it the same patients on it throughout, and never on it",
        width(),
    )
    text += ["", *table(["measure", *arms], rows), ""]
    text += wrapped(_defined(recipe), width())
    if len(result.published):
        shown = [
            [r["measure"], r["unit"], f"{r['published']:g}", _cell(r), r["regimen"], f"{r['source']} ({r['kind']})"]
            for r in result.published.to_dict("records")
        ]
        text += ["", f"Published{others(recipe)}, times since the first dose:"]
        text += table(
            ["measure", "unit", "published" + others(recipe), "simulated", "published regimen", "source"], shown
        )
    text += _vaccines(result)
    text += ["", f"{recipe['patients']} patients, {recipe['failures']} failures. Interval: {recipe['interval']}."]
    return [*text[:-1], *wrapped(text[-1], width()), *wrapped(recipe["scope"], width()), recipe["notice"]]


def _vaccines(result: Limits) -> list[str]:
    """Published vaccine studies of the drug beside the simulated share of responders."""
    from baxis.clinic.result.asked import others
    from baxis.faces.cli.words.layout import table, width, wrapped

    if not len(result.vaccines):
        return []
    rows = [
        [r["vaccine"], r["antigen"], f"{r['week']:g}", f"{100 * r['control']:.0f} %", f"{100 * r['published']:.0f} %",
         f"{100 * r['simulated']:.0f} %", f"{r['source']} ({r['kind']})"]
        for r in result.vaccines.to_dict("records")
    ]  # fmt: skip
    mark = others(result.recipe)
    names = ["vaccine", "taken as", "week", "control" + mark, "published" + mark, "simulated", "source"]
    said = "Vaccines while treated, share who respond; the study's control arm is taken as given:"
    return ["", *wrapped(said, width()), *table(names, rows)]


def _defined(recipe: dict[str, Any]) -> str:
    event = f"event: {recipe['event']}, since the first dose" if recipe["event"] else "event: none in this instrument"
    return (
        "Times are days since the last dose, at visits every 4 weeks; '-' is too few patients, 'never' that fewer "
        "than half got there. B cells back: 10 per uL. IgG back: 90 % of the same patient's without the drug. Benefit: "
        "inflammation at 70 % or less of that; lost when half of the fall is regained. "
        f"Remission: {recipe['remission']}; {event}."
    )


def _cell(row: Mapping[Any, Any]) -> str:
    value, low, high = (float(row[k]) for k in ("value", "low", "high"))
    if math.isnan(value):
        return "-"
    ends = [f"{x:.0f}" if math.isfinite(x) else "never" for x in (value, low, high)]
    return ends[0] if ends[0] == ends[1] == ends[2] else f"{ends[0]} ({ends[1]} to {ends[2]})"
