"""`baxis power` and `baxis calendar`: a planned trial's chances, and its doses over time."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from baxis.core.errors import InvalidValue
from baxis.core.showing import sheets
from baxis.core.storing import files
from baxis.faces.cli.words import options
from baxis.faces.cli.words.options import AsJson, DesignOf, Seed
from baxis.faces.cli.words.output import say, say_json
from baxis.faces.cli.words.typed import whole

TABLES = (".csv", ".parquet")
PICTURES = (".png", ".svg", ".pdf")


def power(
    design: DesignOf,
    n: Annotated[str, typer.Option(help="Patients in each arm, as 50,100,200. Default: the published sizes.")] = "",
    replicates: Annotated[int, typer.Option(help="Independent trials at each size.")] = 2000,
    alpha: Annotated[float, typer.Option(help="Two-sided level of the test.")] = 0.05,
    endpoint: Annotated[str | None, typer.Option(help="Endpoint of the design. Default: the primary one.")] = None,
    week: Annotated[float | None, typer.Option(help="Its week.")] = None,
    patients: Annotated[int, options.patients("Patients simulated in each arm, from whom replicates draw.")] = 1000,
    seed: Seed = 1,
    out: Annotated[Path | None, options.out("Write every replicate: .csv or .parquet.")] = None,
    json: AsJson = False,
) -> None:
    """Replicate a trial at given sizes: spread of its estimate, power, and assurance. Research use only."""
    from baxis.clinic.questions.replicates import Replication, replicate_trials
    from baxis.faces.cli.words.progress import bar

    if out is not None:
        files.check_file(out, TABLES)
    plan = Replication(replicates, _sizes(n), alpha, endpoint, week)
    with bar("patients") as progress:
        found = replicate_trials(design, plan, patients=patients, seed=seed, progress=progress)
    if out is not None:
        sheets.write_table(found.trials, out)
    if json:
        say_json(found.to_dict(), 1)
        return
    _print(found, out)


def _sizes(text: str) -> tuple[int, ...]:
    """Sizes with commas between them; none for an empty text."""
    form = "whole numbers with commas between them, as 50,100,200"
    sizes = tuple(whole("--n", part, form) for part in text.split(",") if part.strip())
    if text.strip() and not sizes:
        raise InvalidValue("--n", text, form)
    return sizes


def _print(found: Any, out: Path | None) -> None:
    from baxis.faces.cli.words.layout import table, told

    percent = found.table["scale"].iloc[0] == "risk_difference"

    def show(v: float) -> str:
        return f"{100 * v:+.1f}" if percent else f"{v:+.2f}"

    rows = []
    for r in found.table.to_dict("records"):
        spread = f"{show(r['pi90'][0])}..{show(r['pi90'][1])}"
        sizes = f"{r['n_active']}/{r['n_control']}"
        rows.append((r["arm_id"], sizes, show(r["predicted"]), spread, f"{100 * r['power']:.0f} %",
                     f"{100 * r['assurance']:.0f} %", f"{100 * r['opposite']:.1f} %"))  # fmt: skip
    unit = "percentage points" if percent else "points"
    say(f"{found.design.trial_id}: {found.endpoint.name} at week {found.endpoint.week:g}, in {unit}")
    columns = ["arm", "n active/control", "predicted", "90 % of trials", "power", "assurance", "wrong direction"]
    say("\n".join(table(columns, rows)))
    say(
        f"{found.plan.replicates} replicates each, two-sided {found.plan.alpha:g}. Power takes the prediction as true; assurance "
        "lets it vary with the posterior draws. Neither holds the model's own error (see the scoreboard)."
    )
    if out:
        say(f"Written to {out}")
    say(*told(found.recipe))
    say(found.recipe["notice"])


def calendar(
    design: DesignOf,
    out: Annotated[Path | None, options.out("Write the figure: .png, .svg or .pdf.")] = None,
    json: AsJson = False,
) -> None:
    """Doses of every arm over the weeks, with background, taper, visits and endpoints."""
    from baxis.clinic.design.calendar import calendar as draw
    from baxis.clinic.design.calendar import rows
    from baxis.clinic.design.prescribed import never, remarks
    from baxis.clinic.design.read import read_design
    from baxis.faces.cli.words.layout import noted, table

    if out is not None:
        files.check_file(out, PICTURES)
    chosen = read_design(design)
    found = rows(chosen)
    if out is not None:
        with files.aside(out) as part:
            draw(chosen).savefig(part, dpi=150)
    if json:
        say_json(found, 1)
        return
    shown = [(r["arm_id"], r["drug"], r["dose"], r["schedule"], r["doses"]) for r in found]
    say(*table(["arm", "drug", "dose", "schedule", "doses"], shown))
    say(*noted([*never(chosen), *remarks(chosen)]))
    if out:
        say(f"Written to {out}")
