"""`baxis explain`: where a drug's effect is lost, and what carries the rest."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from baxis.core.storing.written import fixed
from baxis.faces.cli.words import options
from baxis.faces.cli.words.options import AsJson, DrugDose, Endpoint, Seed, SettingOf, Threads
from baxis.faces.cli.words.output import say, say_json

if TYPE_CHECKING:
    from baxis.insight.explain import Explanation


def explain(
    drug: Annotated[str, typer.Argument(help="International name of a drug.")],
    disease: Annotated[str, typer.Option(help="Disease code, such as SLE.")],
    dose: DrugDose = None,
    endpoint: Endpoint = None,
    trial: SettingOf = None,
    patients: Annotated[int, options.patients("Virtual patients, the same in every run.")] = 200,
    seed: Seed = 1,
    threads: Threads = None,
    out: Annotated[Path | None, options.out("Folder for explain.json, tables, figure.", "DIR")] = None,
    json: AsJson = False,
) -> None:
    """Explain a drug's effect in a disease: from target to endpoint, and which escapes carry what remains."""
    from baxis.core.storing.folders import check_folder
    from baxis.faces.cli.words.progress import bar
    from baxis.insight.explain import explain as run

    if out:
        check_folder(out, "baxis explain")
    asked: dict[str, Any] = {"dose": dose, "endpoint": endpoint, "trial": trial}
    with bar("simulations") as tell:
        result = run(drug, disease, **asked, patients=patients, seed=seed, threads=threads, progress=tell)
    if out:
        result.save(out)
    if json:
        say_json(result.to_dict(), 2)
        return
    for line in lines(result):
        say(line)
    if out:
        say(f"Written to {out}")


def lines(result: Explanation) -> list[str]:
    """The explanation as text."""
    from baxis.faces.cli.words.layout import told, width, wrapped

    s, e, recipe = result.scenario, result.effect, result.recipe
    asked = f"{s.regimen} in {s.design.disease} ({s.origin})"
    effect = (
        f"{s.endpoint.name} at week {s.endpoint.week:g}: drug {e['drug']:.1f}, no drug {e['no_drug']:.1f}, "
        f"difference {e['difference']:+.1f} ({e['ci_low']:.1f} to {e['ci_high']:.1f}) {e['unit']}"
    )
    held = f"Most of what remains: {result.held_by}. Zero dose against no drug: {result.null:g} (must be 0)."
    made = f"{recipe['patients']} patients, {recipe['failures']} solver failures. Intervals: {recipe['intervals']}."
    last = [part for text in (held, made, recipe["notice"]) for part in wrapped(text, width())]
    head = [*wrapped(asked, width()), *told(recipe), *wrapped(effect, width()), *wrapped(result.predicted, width())]
    return [*head, "", *_falls(result), "", *_cuts(result), "", *last]


def _falls(result: Explanation) -> list[str]:
    """The table of read-outs by stage."""
    from baxis.faces.cli.words.layout import table

    rows = [
        (
            r["stage"],
            r["read_out"],
            f"{r['fall_pct']:.0f}",
            _span(r),
            f"{r['patients_p5']:.0f} to {r['patients_p95']:.0f}",
        )
        for r in result.stages.to_dict("records")
    ]
    title = "Fall of each step under the drug, % of no drug (last four weeks; median patient)"
    return [title, *table(("stage", "read-out", "fall", "90 % CI", "5-95 % of patients"), rows)]


def _cuts(result: Explanation) -> list[str]:
    """The tables of the ladder, the escapes and the arms, in % of inflammation without the drug."""
    from baxis.faces.cli.words.layout import table

    last = f"endpoint, {result.effect['unit']}"
    steps = [(r["step"], f"{r['takes_pct']:.1f}", _span(r), _effect(r)) for r in result.ladder.to_dict("records")]
    routes = [
        (
            r["route"],
            f"{r['shapley_pct']:.1f}",
            _span(r),
            _blank(r["alone_pct"]),
            _blank(r["without_drug_pct"]),
            _effect(r),
        )
        for r in result.routes.to_dict("records")
    ]
    arms = [(r["arm"], f"{r['carries_pct']:.1f}", _span(r), _effect(r)) for r in result.arms.to_dict("records")]
    return [
        "Tissue inflammation, % of no drug: what each step takes, one upon the other",
        *table(("step", "takes", "90 % CI", last), steps),
        "",
        f"Escapes closed on top of the drug, % of inflammation without it (most: {result.main_route})",
        *table(("escape", "Shapley", "90 % CI", "alone", "without drug", last), routes),
        "",
        "Tissue arms that carry what remains under the drug, % of inflammation without it",
        *table(("arm", "carries", "90 % CI", last), arms),
    ]


def _span(row: Mapping[Any, Any]) -> str:
    return f"{row['ci_low']:.1f} to {row['ci_high']:.1f}"


def _blank(value: float) -> str:
    return "" if value != value else f"{value:.1f}"


def _effect(row: Mapping[Any, Any]) -> str:
    """Change of the endpoint, in the unit of the effect."""
    value = row["endpoint_change"]
    return "" if value != value else fixed(value, 1, "+")
