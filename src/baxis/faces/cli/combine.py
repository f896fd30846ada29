"""`baxis combine`: two or three drugs together, against named nulls."""

from __future__ import annotations

import json as encoder
from pathlib import Path
from typing import Annotated

import typer


def combine(
    drugs: Annotated[list[str], typer.Argument(metavar="DRUG DRUG [DRUG]", help="Names, or 'DRUG 100 mg po qd'.")],
    disease: Annotated[str, typer.Option(help="Disease code.")],
    endpoint: Annotated[str, typer.Option(help="inflammation, or a responder endpoint.")] = "inflammation",
    weeks: Annotated[float, typer.Option(help="Week at which it is judged.")] = 24.0,
    gap_weeks: Annotated[float, typer.Option(help="Each drug begins this many weeks after the one before.")] = 0.0,
    patients: Annotated[int, typer.Option(help="Virtual patients.")] = 200,
    seed: Annotated[int, typer.Option(help="Seed of every random stream.")] = 1,
    threads: Annotated[int | None, typer.Option(help="Threads (default: all cores).")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    out: Annotated[Path | None, typer.Option(help="New folder for result.json and a figure.", metavar="DIR")] = None,
) -> None:
    """Dose surfaces of benefit and harm of a combination, and its synergy by HSA, Bliss, Loewe and ZIP."""
    from ...clinic.export import check_folder
    from ...clinic.settings import Settings
    from ...insight.combine import combine as run
    from .progress import bar

    if out:
        check_folder(out)
    with bar("arm") as progress:
        settings = Settings(patients=patients, seed=seed, threads=threads, progress=progress)
        result = run(drugs, disease, endpoint, weeks, gap_weeks, settings)
    text = encoder.dumps(result.to_dict(), indent=1)
    if out:
        out.mkdir(parents=True, exist_ok=True)
        (out / "result.json").write_text(text, encoding="utf-8")
        result.plot().savefig(out / "combination.png", dpi=150)
    typer.echo(text if json else "\n".join(lines(result)))


def lines(result: object) -> list[str]:
    """What the terminal shows."""
    from ...insight.combine import Combination
    from .layout import table, width, wrapped

    assert isinstance(result, Combination)
    k, r = len(result.drugs), result.recipe
    out = [f"{' + '.join(result.drugs)} in {result.disease}, {result.endpoint} at week {r['weeks']:g}"]
    out += wrapped(f"Setting of {r['setting']}; {'; '.join(r['regimens'])}; {r['patients']} patients", width())
    full = result.surface[result.surface["doses"].map(lambda d: set(d) <= {0.0, 1.0})]
    rows = []
    for row in full.to_dict("records"):
        cells = [
            " + ".join(n for n, d in zip(result.drugs, row["doses"], strict=True) if d) or "none",
            row["structure"],
        ]
        for name in ("effect", "IgG loss", "B-cell depletion"):
            low, high = row[f"{name} 90 %"]
            cells.append(f"{100 * row[name]:.1f} ({100 * low:.1f} to {100 * high:.1f})")
        rows.append(cells)
    out += ["", "Usual doses, % (90 % interval)"]
    out += table(["given", "arms", "effect", "IgG loss", "B-cell depletion"], rows)
    out += ["", "Excess over the null, points of effect (90 % interval)"]
    rows = []
    for row in result.synergy[result.synergy["doses"].map(lambda d: d == (1.0,) * k)].to_dict("records"):
        parts = [
            f"{100 * row[s]:+.1f} ({100 * row[f'{s} 90 %'][0]:+.1f} to {100 * row[f'{s} 90 %'][1]:+.1f})"
            for s in ("additive", "product")
        ]
        rows.append([row["null"], *parts, row["verdict"]])
    out += table(["null", "arms add", "arms multiply", "under both"], rows)
    for flag in result.flags:
        out += wrapped(flag, width())
    return [*out, r["notice"]]
