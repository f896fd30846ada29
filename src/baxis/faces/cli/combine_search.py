"""`baxis combine-search`: pairs of drugs by benefit against IgG lost."""

from __future__ import annotations

import json as encoder
from typing import Annotated

import typer


def combine_search(
    disease: Annotated[str, typer.Option(help="Disease code.")],
    all_pairs: Annotated[bool, typer.Option("--all-pairs", help="Every drug, not one of each class.")] = False,
    patients: Annotated[int, typer.Option(help="Virtual patients.")] = 60,
    seed: Annotated[int, typer.Option(help="Seed of every random stream.")] = 1,
    threads: Annotated[int | None, typer.Option(help="Threads (default: all cores).")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print every pair as JSON.")] = False,
) -> None:
    """Pairs of drugs (one of each class) by inflammation taken off against IgG lost: the Pareto front."""
    from ...clinic.settings import Settings, settle
    from ...insight.combine.search import search
    from .layout import table, width, wrapped
    from .progress import bar

    with bar("arms") as progress:
        chosen = settle(Settings(patients=patients, seed=seed, threads=threads, progress=progress), {})
        result = search(disease, all_pairs, chosen)
    if json:
        typer.echo(encoder.dumps(result.to_dict(), indent=1))
        return
    rows = []
    for row in result.table[result.table["on the front"]].to_dict("records"):
        spans = [
            f"{100 * row[n]:.1f} ({100 * row[f'{n} 90 %'][0]:.1f} to {100 * row[f'{n} 90 %'][1]:.1f})"
            for n in ("effect", "IgG loss")
        ]
        rows.append([row["drugs"], *spans, f"{row['front']:.2f}"])
    r = result.recipe
    out = wrapped(
        f"{result.disease}, week {r['weeks']:g}, setting of {r['setting']}; {r['budget']}, {r['patients']} patients each",
        width(),
    )
    out += ["", "Pareto front: % (90 % interval); last, share of replicates on the front"]
    out += table(["drugs", "inflammation taken off", "IgG lost", "on front"], rows)
    if result.left_out:
        out += wrapped("Left out: " + ", ".join(result.left_out) + " (reasons with --json)", width())
    typer.echo("\n".join([*out, r["notice"]]))
