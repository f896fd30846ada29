"""`baxis patient`: one patient's posterior and predicted courses."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from baxis.faces.cli.words import options
from baxis.faces.cli.words.options import AsJson, Seed, Threads
from baxis.faces.cli.words.output import say, say_json

if TYPE_CHECKING:
    import pandas as pd

    from baxis.insight.patient import PatientResult


def patient(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE.csv", help="Visits and treatments: day, measure, value, unit [, route, schedule]."
        ),
    ],
    disease: Annotated[str, typer.Option(help="Disease code.")],
    candidates: Annotated[str, typer.Option(help="Drugs, with commas between.")] = "rituximab,belimumab",
    seed: Seed = 1,
    threads: Threads = None,
    out: Annotated[Path | None, options.out("Folder for patient.json and patient.png.", "DIR")] = None,
    json: AsJson = False,
) -> None:
    """Posterior of one patient from values, scores and treatments; what each drug is predicted to do. Research only."""
    from baxis.clinic.conduct.settings import Settings
    from baxis.core.errors import InvalidValue
    from baxis.core.storing.folders import check_folder
    from baxis.faces.cli.words.progress import bar
    from baxis.insight.patient import patient as run

    if out:
        check_folder(out, "baxis patient")
    names = tuple(c.strip() for c in candidates.split(";" if ";" in candidates else ",") if c.strip())
    if len(set(names)) < len(names):
        raise InvalidValue("--candidates", candidates, "each drug once")
    if not names:
        raise InvalidValue("--candidates", candidates, "drugs with commas between them, as rituximab,belimumab")
    with bar("virtual patients") as progress:
        result = run(file, disease, names, Settings(seed=seed, threads=threads, progress=progress))
    if out:
        result.save(out)
    if json:
        say_json(result.to_dict(), 1)
        return
    notice = result.recipe["notice"]
    say(notice, strong=True)
    say(*lines(result))
    say(notice, strong=True)


def lines(result: PatientResult) -> list[str]:
    """What the terminal shows, between the notices."""
    from baxis.clinic.people.labs import written
    from baxis.faces.cli.words.layout import table, told, width, wrapped
    from baxis.insight.patient.beside import when

    r, moves = result.recipe, result.recipe["refinement"]
    drawn = f"{r['effective']:.0f} effective of {r['population']} virtual patients"
    if moves:
        drawn = (
            f"{r['population']} virtual patients held {moves['population_effective']:.0f} effective ones; refined in "
            f"{moves['steps']:.0f} steps and {moves['moves']:.0f} moves ({100 * moves['accepted']:.0f} % accepted) to "
            f"{r['effective']:.0f} effective of {moves['particles']:.0f}, from {moves['ancestors']:.0f} ancestors"
        )
    out = wrapped(f"{result.disease}: {drawn}", width())
    for warning in result.warnings:
        out += wrapped("WARNING: " + warning, width())
    for note in r["read"]:
        out += wrapped("read: " + note, width())
    out += told(r)
    if len(result.endotypes):
        kinds = result.endotypes.to_dict("records")
        rows = [[e["endotype"], f"{e['population']:.2f}", f"{e['patient']:.2f}"] for e in kinds]
        out += ["", *table(["endotype", "population", "patient"], rows)]
    cells = []
    for s in result.past.to_dict("records"):
        span = f"{s['posterior']:.3g} ({s['low']:.3g} to {s['high']:.3g})"
        cells.append([when(s), written(s["measure"]), s["unit"], f"{s['sign']}{s['seen']:.3g}", span])
    out += ["", *table(["day", "measure", "unit", "seen", "posterior (90 %)"], cells)]
    return [*out, *_state(result.state), *_predicted(result)]


def _state(state: pd.DataFrame) -> list[str]:
    """Laboratory measures that were not seen."""
    from baxis.clinic.people.labs import written
    from baxis.faces.cli.words.layout import table

    hidden = [s for s in state.to_dict("records") if s["seen"] is None or s["seen"] != s["seen"]]
    rows = [
        [written(s["measure"]), s["unit"], f"{s['posterior']:.3g} ({s['low']:.3g} to {s['high']:.3g})"] for s in hidden
    ]
    return ["", *table(["not measured", "unit", "posterior (90 %)"], rows)] if rows else []


def _predicted(result: PatientResult) -> list[str]:
    """The end of each course, and what to measure next."""
    from baxis.clinic.people.labs import written
    from baxis.faces.cli.words.layout import table, width, wrapped
    from baxis.insight.patient.predict import LEAST_REMOVED, NONE_REMOVES

    end = result.courses[result.courses["week"] == result.courses["week"].max()].to_dict("records")
    rows = [
        [
            c["drug"],
            f"{c['inflammation']:.2f} ({c['low']:.2f} to {c['high']:.2f})",
            f"{c['score']:.1f} ({c['score_low']:.1f} to {c['score_high']:.1f})",
        ]
        for c in end
    ]
    head = ["drug", "inflammation, of now", result.recipe["score"]]
    out = ["", f"Predicted at week {end[0]['week']:g} (90 %)", *table(head, rows)]
    best = result.next_measurement.head(5).to_dict("records")
    if best and not any(b["variance removed"] >= LEAST_REMOVED for b in best):
        out += ["", *wrapped(f"Further measurement: {NONE_REMOVES}", width())]
    elif best:
        out += ["", "Further measurement: share of the variance of that inflammation removed (by chance)"]
        shares = [[written(b["measure"]), f"{b['variance removed']:.2f} ({b['null']:.2f})"] for b in best]
        out += table(["measure", "share"], shares)
    return out
