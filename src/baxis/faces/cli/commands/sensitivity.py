"""`baxis sensitivity`: which differences between patients drive a drug's effect."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from baxis.faces.cli.words import options
from baxis.faces.cli.words.options import AsJson, DrugDose, Endpoint, Seed, Threads
from baxis.faces.cli.words.output import say, say_json

if TYPE_CHECKING:
    from baxis.insight.sensitivity import Sensitivity


def sensitivity(
    drug: Annotated[str, typer.Argument(help="International name of a drug.")],
    disease: Annotated[str, typer.Option(help="Disease code, such as SLE.")],
    dose: DrugDose = None,
    endpoint: Endpoint = None,
    patients: Annotated[int, options.patients("Patients for the rank correlation.")] = 1000,
    trajectories: Annotated[int, typer.Option(help="Morris trajectories.")] = 10,
    base: Annotated[int, typer.Option(help="Sobol base sample, a power of 2.")] = 128,
    seed: Seed = 1,
    threads: Threads = None,
    out: Annotated[Path | None, options.out("Folder for JSON, tables, figure.", "DIR")] = None,
    json: AsJson = False,
) -> None:
    """Why patients differ: Morris, Sobol and partial rank correlation of the effect over patient parameters."""
    from baxis.clinic.conduct.settings import Settings
    from baxis.core.storing.folders import check_folder
    from baxis.faces.cli.words.progress import bar
    from baxis.insight.sensitivity import sensitivity as run
    from baxis.insight.sensitivity.varying import Size

    if out:
        check_folder(out, "baxis sensitivity")
    size = Size(trajectories=trajectories, base=base)
    with bar("simulations") as tell:
        settings = Settings(patients=patients, seed=seed, threads=threads, progress=tell)
        result = run(drug, disease, dose=dose, endpoint=endpoint, size=size, settings=settings)
    if out:
        result.save(out)
    if json:
        say_json(result.to_dict(), 2)
        return
    for line in lines(result):
        say(line)
    if out:
        say(f"Written to {out}")


def lines(result: Sensitivity) -> list[str]:
    """The leading inputs as text."""
    from baxis.faces.cli.words.layout import table, told

    s = result.scenario
    out = [
        f"{s.regimen} in {s.design.disease} ({s.origin}), week {s.endpoint.week:g}",
        *told(result.recipe),
    ]
    for output in ("benefit", "inflammation"):
        rows = [
            (r["input"], f"{r['first']:.2f} ± {r['first_conf']:.2f}", f"{r['total']:.2f} ± {r['total_conf']:.2f}")
            for r in result.drivers(output).to_dict("records")
        ]
        out += ["", f"Sobol shares of the variance of {output} (90 % bootstrap)"]
        out += table(("input", "first order", "total"), rows)
    for output in ("endpoint", "endpoint difference"):
        rows = [
            (r["input"], f"{r['prcc']:+.2f}", f"{r['ci_low']:+.2f} to {r['ci_high']:+.2f}")
            for r in result.correlations(output).head(8).to_dict("records")
        ]
        out += [
            "",
            f"Partial rank correlation with {s.endpoint.name}: {output} (beyond the largest of permuted outcomes)",
        ]
        out += table(("input", "PRCC", "90 % CI"), rows) if rows else ["none"]
    recipe = result.recipe
    return [*out, "", f"{recipe['simulated']} patients simulated, {recipe['failures']} failures.", recipe["notice"]]
