"""`baxis combine-search`: pairs of drugs by benefit against harms and IgG lost."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from baxis.core.plain import to_json
from baxis.faces.cli.words import options
from baxis.faces.cli.words.options import AsJson, Seed, Threads
from baxis.faces.cli.words.output import say

if TYPE_CHECKING:
    from baxis.insight.combine.combination import Search

MOST = 15  # rows of the front on the terminal


def combine_search(
    disease: Annotated[str, typer.Option(help="Disease code.")],
    all_pairs: Annotated[bool, typer.Option("--all-pairs", help="Every drug, not one of each class.")] = False,
    patients: Annotated[int, options.patients("Virtual patients.")] = 60,
    seed: Seed = 1,
    threads: Threads = None,
    json: AsJson = False,
    out: Annotated[Path | None, options.out("New folder for the result and a figure.", "DIR")] = None,
) -> None:
    """Pairs of drugs (one of each class) by inflammation taken off, serious harms and IgG lost: the Pareto front."""
    from baxis.clinic.conduct.settings import Settings, settle
    from baxis.core.storing.folders import check_folder
    from baxis.faces.cli.words.progress import bar
    from baxis.insight.combine.search import combine_search as search

    if out:
        check_folder(out, "baxis combine-search")
    with bar("arms") as progress:
        chosen = settle(Settings(patients=patients, seed=seed, threads=threads, progress=progress), {})
        result = search(disease, all_pairs, chosen)
    if out:
        result.save(out)
    say(to_json(result.to_dict(), 1) if json else "\n".join(lines(result)))


def lines(result: Search) -> list[str]:
    """What the terminal shows."""
    from baxis.faces.cli.commands.combine import _percent
    from baxis.faces.cli.words.layout import table, told, width, wrapped

    r = result.recipe
    front = result.table[result.table["on the front"]]
    rows = []
    for row in front.head(MOST).to_dict("records"):
        spans = [_percent(row, n) for n in ("effect", "IgG loss", "serious harms")]
        rows.append([row["drugs"], *spans, row["class harms"], f"{row['front']:.2f}"])
    said = f"{result.disease}, week {r['weeks']:g}, setting of {r['setting']}; {r['budget']}, {r['patients']} patients each"
    out = wrapped(f"{said}, seed {r['seed']}", width())
    out += told(r)
    more = f"; the first {MOST} of {len(front)}" if len(front) > MOST else ""
    out += ["", f"Pareto front: % (90 % interval); last, share of replicates on the front{more}"]
    head = ["drugs", "inflammation taken off", "IgG lost", "serious harms in 100", "class harms among them", "on front"]
    out += table(head, rows)
    out += wrapped(
        "Serious harms: infections, and class harms above control. None held for: "
        + ", ".join(r["no_class_harms_held"]),
        width(),
    )
    for text in r["caveats"]:
        out += wrapped(text, width())
    if result.left_out:
        out += wrapped("Left out: " + ", ".join(result.left_out) + " (reasons with --json)", width())
    return [*out, r["notice"]]
